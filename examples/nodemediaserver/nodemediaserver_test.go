package nodemediaserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/internal/ffmpeg"
	"github.com/b2bprism/b2bprism/examples/internal/station"
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
	live := s.OnAir("c1")
	p := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("heartbeats beyond the timeout", func() bool { return s.Count("heartbeat", live) >= 14 })
	if !p.Running() || s.Status(live) != prism.StatusOnAir || s.Count("started", live) != 1 {
		t.Errorf("running %t, status %s, started %d times", p.Running(), s.Status(live), s.Count("started", live))
	}

	// The host ends the live: the publisher is kicked, and does not get in again.
	s.Stop(live)
	s.Must(s.control.KickPublisher(t.Context(), live))
	s.Until("the end of a publisher that was kicked", func() bool { return !p.Running() })
	again := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the refusal", func() bool { return !again.Running() })
	if p.Err() == nil || again.Err() == nil || s.Count("started", live) != 1 {
		t.Errorf("kicked: %v; again: %v; started %d times", p.Err(), again.Err(), s.Count("started", live))
	}
	s.NoKey(live)
}

func TestPublishIsRefused(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	live, other := s.OnAir("c1"), s.OnAir("c2")
	victim := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the first heartbeat", func() bool { return s.Count("heartbeat", live) > 0 })
	for name, path := range map[string]string{
		"unknown key":         s.RTMP + "/" + prism.NewStreamKey(),
		"playback id":         s.RTMP + "/" + live.PlaybackID,
		"another application": s.RTMP + "2/" + station.Key(t, other),
		"characters":          s.RTMP + "/a~b",
	} {
		p := ffmpeg.Publish(t, path)
		s.Until(name+": the refusal", func() bool { return !p.Running() })
		if p.Err() == nil {
			t.Errorf("%s: ffmpeg ended without an error", name)
		}
	}
	player := ffmpeg.Run(t, "-i", live.RTMPPath, "-t", "120", "-f", "null", "-")
	s.Until("the refusal of a player", func() bool { return !player.Running() })
	beats := s.Count("heartbeat", live)
	s.Until("more heartbeats of the first", func() bool { return s.Count("heartbeat", live) > beats })
	if !victim.Running() || s.Count("started", other) != 0 || s.Count("ended", live) != 0 {
		t.Errorf("running %t, started %d, ended %d", victim.Running(), s.Count("started", other), s.Count("ended", live))
	}
	s.NoKey(live)
	s.NoKey(other)
}

func TestRelayPlaysByKey(t *testing.T) {
	t.Parallel()
	s := newStation(t, long, netip.MustParsePrefix("127.0.0.1/32"))
	live := s.OnAir("c1")
	p := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the first heartbeat", func() bool { return s.Count("heartbeat", live) > 0 })
	relay := ffmpeg.Run(t, "-i", live.RTMPPath, "-t", "20", "-c", "copy", "-f", "flv", s.base("play")+"/"+live.PlaybackID)
	s.Until("a stream under the playback name", func() bool {
		viewer := ffmpeg.Run(t, "-i", s.base("play")+"/"+live.PlaybackID, "-t", "1", "-f", "null", "-")
		<-viewer.Gone()
		return viewer.Err() == nil
	})
	if !relay.Running() || !p.Running() {
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
	live, victim := s.OnAir("c1"), s.OnAir("c2")
	first := ffmpeg.Publish(t, victim.RTMPPath)
	s.Until("the first heartbeat", func() bool { return s.Count("heartbeat", victim) > 0 })
	k := station.Key(t, victim)
	p := ffmpeg.Publish(t, live.RTMPPath+"?name="+k+"&action=donePublish&id=x&app=other&name="+k+"&%22,%22name%22:%22"+k)
	s.Until("heartbeats", func() bool { return s.Count("heartbeat", live) > 0 })
	if !p.Running() || !first.Running() || s.Count("started", live) != 1 || s.Count("started", victim) != 1 || s.Count("ended", victim) != 0 {
		t.Errorf("started %d and %d, ended %d", s.Count("started", live), s.Count("started", victim), s.Count("ended", victim))
	}
}

func TestReplacedLive(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	old := s.OnAir("c1")
	first := ffmpeg.Publish(t, old.RTMPPath)
	s.Until("the first heartbeat", func() bool { return s.Count("heartbeat", old) > 0 })
	live := s.OnAir("c1")
	second := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the end of the first publisher", func() bool { return !first.Running() })
	s.Until("heartbeats of the second", func() bool { return s.Count("heartbeat", live) >= 2 })
	if !second.Running() || s.Status(old) != prism.StatusEnd || s.Status(live) != prism.StatusOnAir {
		t.Errorf("running %t; old %s, new %s", second.Running(), s.Status(old), s.Status(live))
	}
}

func TestNewestPublisherOfALiveWins(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	live := s.OnAir("c1")
	first := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the first heartbeat", func() bool { return s.Count("heartbeat", live) > 0 })
	// The server refuses it, but its notification drops the first.
	second := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the end of both", func() bool { return !first.Running() && !second.Running() })
	beats := s.Count("heartbeat", live)
	third := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("heartbeats of the next attempt", func() bool { return s.Count("heartbeat", live) >= beats+2 })
	if !third.Running() || s.Status(live) != prism.StatusOnAir {
		t.Errorf("running %t, status %s", third.Running(), s.Status(live))
	}
}

func TestCrashAndReconnect(t *testing.T) {
	t.Parallel()
	s := newStation(t, 6*time.Second)
	live := s.OnAir("c1")
	first := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("heartbeats", func() bool { return s.Count("heartbeat", live) >= 2 })
	first.Kill()
	beats := s.Count("heartbeat", live)
	second := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("heartbeats after the reconnect, beyond the timeout", func() bool { return s.Count("heartbeat", live) >= beats+16 })
	if !second.Running() || s.Status(live) != prism.StatusOnAir || s.Count("started", live) != 2 {
		t.Errorf("running %t, status %s, started %d times", second.Running(), s.Status(live), s.Count("started", live))
	}
	second.Kill()
	s.Until("the end of the live", func() bool { return s.Status(live) == prism.StatusEnd })
	s.Until("the late end of the session", func() bool { return s.Count("ended", live) == 1 })
}

func TestPublishWhileTheServiceIsDown(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	running := s.OnAir("c1")
	first := ffmpeg.Publish(t, running.RTMPPath)
	s.Until("the first heartbeat", func() bool { return s.Count("heartbeat", running) > 0 })
	s.hooks.set(true)
	intruder := ffmpeg.Publish(t, s.RTMP+"/"+prism.NewStreamKey())
	s.Until("the intruder", func() bool {
		publishers, err := s.control.Publishers(t.Context())
		s.Must(err)
		return len(publishers) == 2
	})
	s.hooks.set(false)
	s.Until("the end of the intruder", func() bool { return !intruder.Running() })
	if !first.Running() {
		t.Error("the publisher from before was dropped")
	}
}

func TestWrongJWTSecret(t *testing.T) {
	t.Parallel()
	s := newStation(t, long)
	live := s.OnAir("c1")
	wrong := *s.control
	wrong.JWTSecret = "wrong"
	if err := wrong.KickPublisher(t.Context(), live); err == nil || errors.Is(err, prism.ErrNotFound) {
		t.Errorf("a token with a bad signature: %v", err)
	}
}
