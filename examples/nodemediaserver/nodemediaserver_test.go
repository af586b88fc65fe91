package nodemediaserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// long is a timeout that no test reaches.
const long = 10 * time.Minute

func TestConfigIsJSON(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	if err := (Config{Bind: `a"b`, RTMPPort: 1935, NotifyURL: "http://h/\u2028", Data: `C:\x`}).Write(&text); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Bind string
		RTMP struct{ Port int }
	}
	if err := json.Unmarshal(text.Bytes(), &got); err != nil || got.Bind != `a"b` || got.RTMP.Port != 1935 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	s := newStation(t, 5*time.Second)
	live := s.onAir("c1")
	p := s.publish(live.RTMPPath)
	s.until("heartbeats beyond the timeout", func() bool { return s.count("heartbeat", live) >= 14 })
	if !p.running() || s.status(live) != prism.StatusOnAir || s.count("started", live) != 1 {
		t.Errorf("running %t, status %s, started %d times", p.running(), s.status(live), s.count("started", live))
	}

	// The host ends the live: the publisher is kicked, and does not get in again.
	_, err := s.store.EndLive(t.Context(), "u1", live.ID, prism.EndOptions{})
	s.must(err)
	s.must(s.control.KickPublisher(t.Context(), live))
	s.until("the end of a publisher that was kicked", func() bool { return !p.running() })
	again := s.publish(live.RTMPPath)
	s.until("the refusal", func() bool { return !again.running() })
	if p.err == nil || again.err == nil || s.count("started", live) != 1 {
		t.Errorf("kicked: %v; again: %v; started %d times", p.err, again.err, s.count("started", live))
	}
	s.noKey(live)
}

func TestPublishIsRefused(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	live, other := s.onAir("c1"), s.onAir("c2")
	victim := s.publish(live.RTMPPath)
	s.until("the first heartbeat", func() bool { return s.count("heartbeat", live) > 0 })
	for name, path := range map[string]string{
		"unknown key":         s.rtmp + "/" + prism.NewStreamKey(),
		"playback id":         s.rtmp + "/" + live.PlaybackID,
		"another application": s.rtmp + "2/" + key(t, other),
		"characters":          s.rtmp + "/a~b",
	} {
		p := s.publish(path)
		s.until(name+": the refusal", func() bool { return !p.running() })
		if p.err == nil {
			t.Errorf("%s: ffmpeg ended without an error", name)
		}
	}
	player := s.run("-i", live.RTMPPath, "-t", "120", "-f", "null", "-")
	s.until("the refusal of a player", func() bool { return !player.running() })
	beats := s.count("heartbeat", live)
	s.until("more heartbeats of the first", func() bool { return s.count("heartbeat", live) > beats })
	if !victim.running() || s.count("started", other) != 0 || s.count("ended", live) != 0 {
		t.Errorf("running %t, started %d, ended %d", victim.running(), s.count("started", other), s.count("ended", live))
	}
	s.noKey(live)
	s.noKey(other)
}

func TestRelayPlaysByKey(t *testing.T) {
	t.Parallel()
	s := newStation(t, long, netip.MustParsePrefix("127.0.0.1/32"))
	live := s.onAir("c1")
	p := s.publish(live.RTMPPath)
	s.until("the first heartbeat", func() bool { return s.count("heartbeat", live) > 0 })
	relay := s.run("-i", live.RTMPPath, "-t", "20", "-c", "copy", "-f", "flv", s.base("play")+"/"+live.PlaybackID)
	s.until("a stream under the playback name", func() bool {
		viewer := s.run("-i", s.base("play")+"/"+live.PlaybackID, "-t", "1", "-f", "null", "-")
		<-viewer.gone
		return viewer.err == nil
	})
	if !relay.running() || !p.running() {
		t.Error("the relay or the publisher was dropped")
	}
	publishers, err := s.control.Publishers(t.Context())
	if err != nil || len(publishers) != 1 {
		t.Errorf("publishers %v, %v: the relay is none", publishers, err)
	}
}

func TestQueryCannotAddFields(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	live, victim := s.onAir("c1"), s.onAir("c2")
	first := s.publish(victim.RTMPPath)
	s.until("the first heartbeat", func() bool { return s.count("heartbeat", victim) > 0 })
	k := key(t, victim)
	p := s.publish(live.RTMPPath + "?name=" + k + "&action=donePublish&id=x&app=other&name=" + k + "&%22,%22name%22:%22" + k)
	s.until("heartbeats", func() bool { return s.count("heartbeat", live) > 0 })
	if !p.running() || !first.running() || s.count("started", live) != 1 || s.count("started", victim) != 1 || s.count("ended", victim) != 0 {
		t.Errorf("started %d and %d, ended %d", s.count("started", live), s.count("started", victim), s.count("ended", victim))
	}
}

func TestReplacedLive(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	old := s.onAir("c1")
	first := s.publish(old.RTMPPath)
	s.until("the first heartbeat", func() bool { return s.count("heartbeat", old) > 0 })
	live := s.onAir("c1")
	second := s.publish(live.RTMPPath)
	s.until("the end of the first publisher", func() bool { return !first.running() })
	s.until("heartbeats of the second", func() bool { return s.count("heartbeat", live) >= 2 })
	if !second.running() || s.status(old) != prism.StatusEnd || s.status(live) != prism.StatusOnAir {
		t.Errorf("running %t; old %s, new %s", second.running(), s.status(old), s.status(live))
	}
}

func TestNewestPublisherOfALiveWins(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	live := s.onAir("c1")
	first := s.publish(live.RTMPPath)
	s.until("the first heartbeat", func() bool { return s.count("heartbeat", live) > 0 })
	// The server refuses it, but its notification drops the first.
	second := s.publish(live.RTMPPath)
	s.until("the end of both", func() bool { return !first.running() && !second.running() })
	beats := s.count("heartbeat", live)
	third := s.publish(live.RTMPPath)
	s.until("heartbeats of the next attempt", func() bool { return s.count("heartbeat", live) >= beats+2 })
	if !third.running() || s.status(live) != prism.StatusOnAir {
		t.Errorf("running %t, status %s", third.running(), s.status(live))
	}
}

func TestCrashAndReconnect(t *testing.T) {
	t.Parallel()
	s := newStation(t, 6*time.Second)
	live := s.onAir("c1")
	first := s.publish(live.RTMPPath)
	s.until("heartbeats", func() bool { return s.count("heartbeat", live) >= 2 })
	first.kill()
	beats := s.count("heartbeat", live)
	second := s.publish(live.RTMPPath)
	s.until("heartbeats after the reconnect, beyond the timeout", func() bool { return s.count("heartbeat", live) >= beats+16 })
	if !second.running() || s.status(live) != prism.StatusOnAir || s.count("started", live) != 2 {
		t.Errorf("running %t, status %s, started %d times", second.running(), s.status(live), s.count("started", live))
	}
	second.kill()
	s.until("the end of the live", func() bool { return s.status(live) == prism.StatusEnd })
	s.until("the late end of the session", func() bool { return s.count("ended", live) == 1 })
}

func TestPublishWhileTheServiceIsDown(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	running := s.onAir("c1")
	first := s.publish(running.RTMPPath)
	s.until("the first heartbeat", func() bool { return s.count("heartbeat", running) > 0 })
	s.hooks.set(true)
	intruder := s.publish(s.rtmp + "/" + prism.NewStreamKey())
	s.until("the intruder", func() bool {
		publishers, err := s.control.Publishers(t.Context())
		s.must(err)
		return len(publishers) == 2
	})
	s.hooks.set(false)
	s.until("the end of the intruder", func() bool { return !intruder.running() })
	if !first.running() {
		t.Error("the publisher from before was dropped")
	}
}

func TestWrongJWTSecret(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	live := s.onAir("c1")
	wrong := *s.control
	wrong.JWTSecret = "wrong"
	if err := wrong.KickPublisher(t.Context(), live); err == nil || errors.Is(err, prism.ErrNotFound) {
		t.Errorf("a token with a bad signature: %v", err)
	}
}
