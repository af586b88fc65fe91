package mediaserver

import (
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// These tests publish with ffmpeg to a real nginx.

func TestPublishAndKick(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live := s.onAir("c1")
	first := s.publish(live.RTMPPath)
	s.until("HLS named by the playback id", func() bool { return s.playing(live) })
	s.until("heartbeats", func() bool { return s.count("heartbeat", live) >= 2 })

	// A client that reconnects before its old connection is known to be dead
	// takes its place.
	second := s.publish(live.RTMPPath)
	s.until("the second publisher", func() bool { return s.count("started", live) == 2 })
	s.until("the end of the first", func() bool { return !first.running() })
	beats := s.count("heartbeat", live)
	s.until("heartbeats of the second", func() bool { return s.count("heartbeat", live) >= beats+2 })
	if !second.running() {
		t.Fatal("the second publisher was dropped")
	}

	s.must(s.server.Control().KickPublisher(t.Context(), live))
	s.until("the end of a publisher that was kicked", func() bool { return !second.running() })
	if second.err == nil {
		t.Error("ffmpeg ended without an error")
	}
	s.until("the done event", func() bool { return s.count("ended", live) == 2 })
	if s.status(live) != prism.StatusOnAir {
		t.Error("the live ended with its publisher")
	}
	s.noKey(live)
}

func TestPublishIsRefused(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live := s.onAir("c1")
	victim := s.publish(live.RTMPPath)
	s.until("the first heartbeat", func() bool { return s.count("heartbeat", live) > 0 })
	other := s.onAir("c2")
	for name, path := range map[string]string{
		"unknown key":           s.rtmp + "/" + prism.NewStreamKey(),
		"playback id":           s.rtmp + "/" + live.PlaybackID,
		"query that says more":  other.RTMPPath + "?name=" + key(t, live) + "&call=publish_done&clientid=1&addr=9.9.9.9",
		"key in the server":     live.RTMPPath + "/x",
		"the application below": s.rtmp[:len(s.rtmp)-len("live")] + "segments/" + live.PlaybackID,
	} {
		p := s.publish(path)
		s.until(name+": the refusal", func() bool { return !p.running() })
		if p.err == nil {
			t.Errorf("%s: ffmpeg ended without an error", name)
		}
	}
	player := s.run("-i", s.rtmp+"/"+live.PlaybackID, "-t", "1", "-f", "null", "-")
	s.until("the refusal of a player", func() bool { return !player.running() })
	if player.err == nil {
		t.Error("the stream can be played by RTMP")
	}
	if !s.logged("access forbidden by rule") {
		t.Error("nginx's log does not arrive: the look for keys in it shows nothing")
	}
	if s.count("started", other) != 0 || s.count("ended", live) != 0 {
		t.Errorf("started %d, ended %d", s.count("started", other), s.count("ended", live))
	}
	beats := s.count("heartbeat", live)
	s.until("more heartbeats of the first", func() bool { return s.count("heartbeat", live) > beats })
	if !victim.running() {
		t.Error("a refused publisher ended another one")
	}
	s.noKey(live)
	s.noKey(other)
}

func TestPublishAMomentBeforeTheStart(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live := s.onAir("c1")
	_, err := s.store.EndLive(t.Context(), "u1", live.ID, prism.EndOptions{})
	s.must(err)
	p := s.publish(live.RTMPPath)
	s.until("the question for the publisher", func() bool { return s.count("asked", live) == 1 })
	_, err = s.store.StartLive(t.Context(), "u1", live.ID)
	s.must(err)
	s.until("the first heartbeat", func() bool { return s.count("heartbeat", live) > 0 })
	if !p.running() {
		t.Error("ffmpeg ended")
	}
}

func TestPublishWithForgedConnectFields(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live, victim := s.onAir("c1"), s.onAir("c2")
	forged := "&name=" + key(t, victim) + "&call=publish_done"
	p := s.publish(live.RTMPPath, "-rtmp_flashver", "x"+forged, "-rtmp_tcurl", s.rtmp+forged, "-rtmp_pageurl", "http://x/"+forged, "-rtmp_swfurl", "http://x/"+forged)
	s.until("heartbeats", func() bool { return s.count("heartbeat", live) > 0 || !p.running() })
	if s.count("started", victim)+s.count("ended", victim)+s.count("heartbeat", victim) != 0 {
		t.Error("the fields of the connect command reached another live")
	}
	if s.count("started", live) != 1 {
		t.Errorf("started %d times", s.count("started", live))
	}
}

func TestUpdateDropsThePublisherOfAnEndedLive(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live := s.onAir("c1")
	p := s.publish(live.RTMPPath)
	s.until("the first heartbeat", func() bool { return s.count("heartbeat", live) > 0 })
	_, err := s.store.EndLive(t.Context(), "u1", live.ID, prism.EndOptions{})
	s.must(err)
	s.until("the drop", func() bool { return !p.running() })
}

func TestWatcherEndsALiveWhosePublisherWasKilled(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	w, err := ingest.NewWatcher(ingest.WatcherOptions{Store: s.store, End: s.end, Timeout: 3 * time.Second})
	s.must(err)
	t.Cleanup(func() { s.must(w.Close()) })
	live := s.onAir("c1")
	p := s.publish(live.RTMPPath)
	s.until("heartbeats beyond the timeout", func() bool { return s.count("heartbeat", live) >= 4 })
	if s.status(live) != prism.StatusOnAir {
		t.Fatal("ended while packets came in")
	}
	p.kill()
	s.until("the end of the live", func() bool { return s.status(live) == prism.StatusEnd })
}
