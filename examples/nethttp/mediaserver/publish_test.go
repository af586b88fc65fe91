package mediaserver

import (
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/examples/internal/ffmpeg"
	"github.com/b2bprism/b2bprism/examples/internal/station"
	"github.com/b2bprism/b2bprism/prism"
)

// These tests publish with ffmpeg to a real nginx.

func TestPublishAndKick(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live := s.OnAir("c1")
	first := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("HLS named by the playback id", func() bool { return s.playing(live) })
	s.Until("heartbeats", func() bool { return s.Count("heartbeat", live) >= 2 })

	// A client that reconnects before its old connection is known to be dead
	// takes its place.
	second := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the second publisher", func() bool { return s.Count("started", live) == 2 })
	s.Until("the end of the first", func() bool { return !first.Running() })
	beats := s.Count("heartbeat", live)
	s.Until("heartbeats of the second", func() bool { return s.Count("heartbeat", live) >= beats+2 })
	if !second.Running() {
		t.Fatal("the second publisher was dropped")
	}

	s.Must(s.server.Control().KickPublisher(t.Context(), live))
	s.Until("the end of a publisher that was kicked", func() bool { return !second.Running() })
	if second.Err() == nil {
		t.Error("ffmpeg ended without an error")
	}
	s.Until("the done event", func() bool { return s.Count("ended", live) == 2 })
	if s.Status(live) != prism.StatusOnAir {
		t.Error("the live ended with its publisher")
	}
	s.noKey(live)
}

func TestPublishIsRefused(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live := s.OnAir("c1")
	victim := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the first heartbeat", func() bool { return s.Count("heartbeat", live) > 0 })
	other := s.OnAir("c2")
	for name, path := range map[string]string{
		"unknown key":           s.RTMP + "/" + prism.NewStreamKey(),
		"playback id":           s.RTMP + "/" + live.PlaybackID,
		"query that says more":  other.RTMPPath + "?name=" + station.Key(t, live) + "&call=publish_done&clientid=1&addr=9.9.9.9",
		"key in the server":     live.RTMPPath + "/x",
		"the application below": s.RTMP[:len(s.RTMP)-len("live")] + "segments/" + live.PlaybackID,
	} {
		p := ffmpeg.Publish(t, path)
		s.Until(name+": the refusal", func() bool { return !p.Running() })
		if p.Err() == nil {
			t.Errorf("%s: ffmpeg ended without an error", name)
		}
	}
	player := ffmpeg.Run(t, "-i", s.RTMP+"/"+live.PlaybackID, "-t", "1", "-f", "null", "-")
	s.Until("the refusal of a player", func() bool { return !player.Running() })
	if player.Err() == nil {
		t.Error("the stream can be played by RTMP")
	}
	if !s.logged("access forbidden by rule") {
		t.Error("nginx's log does not arrive: the look for keys in it shows nothing")
	}
	if s.Count("started", other) != 0 || s.Count("ended", live) != 0 {
		t.Errorf("started %d, ended %d", s.Count("started", other), s.Count("ended", live))
	}
	beats := s.Count("heartbeat", live)
	s.Until("more heartbeats of the first", func() bool { return s.Count("heartbeat", live) > beats })
	if !victim.Running() {
		t.Error("a refused publisher ended another one")
	}
	s.noKey(live)
	s.noKey(other)
}

func TestPublishAMomentBeforeTheStart(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live := s.OnAir("c1")
	s.Stop(live)
	p := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the question for the publisher", func() bool { return s.Count("asked", live) == 1 })
	s.Start(live)
	s.Until("the first heartbeat", func() bool { return s.Count("heartbeat", live) > 0 })
	if !p.Running() {
		t.Error("ffmpeg ended")
	}
}

func TestPublishWithForgedConnectFields(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live, victim := s.OnAir("c1"), s.OnAir("c2")
	forged := "&name=" + station.Key(t, victim) + "&call=publish_done"
	p := ffmpeg.Publish(t, live.RTMPPath, "-rtmp_flashver", "x"+forged, "-rtmp_tcurl", s.RTMP+forged, "-rtmp_pageurl", "http://x/"+forged, "-rtmp_swfurl", "http://x/"+forged)
	s.Until("heartbeats", func() bool { return s.Count("heartbeat", live) > 0 || !p.Running() })
	if s.Count("started", victim)+s.Count("ended", victim)+s.Count("heartbeat", victim) != 0 {
		t.Error("the fields of the connect command reached another live")
	}
	if s.Count("started", live) != 1 {
		t.Errorf("started %d times", s.Count("started", live))
	}
}

func TestUpdateDropsThePublisherOfAnEndedLive(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	live := s.OnAir("c1")
	p := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("the first heartbeat", func() bool { return s.Count("heartbeat", live) > 0 })
	s.Stop(live)
	s.Until("the drop", func() bool { return !p.Running() })
}

func TestWatcherEndsALiveWhosePublisherWasKilled(t *testing.T) {
	t.Parallel()
	need(t, true)
	s := newStation(t)
	w, err := ingest.NewWatcher(ingest.WatcherOptions{Store: s.Store, End: s.End, Timeout: 3 * time.Second})
	s.Must(err)
	t.Cleanup(func() { s.Must(w.Close()) })
	live := s.OnAir("c1")
	p := ffmpeg.Publish(t, live.RTMPPath)
	s.Until("heartbeats beyond the timeout", func() bool { return s.Count("heartbeat", live) >= 4 })
	if s.Status(live) != prism.StatusOnAir {
		t.Fatal("ended while packets came in")
	}
	p.Kill()
	s.Until("the end of the live", func() bool { return s.Status(live) == prism.StatusEnd })
}
