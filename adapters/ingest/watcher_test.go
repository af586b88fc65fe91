package ingest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

func watch(t *testing.T, s *station, timeout time.Duration) *ingest.Watcher {
	t.Helper()
	w, err := ingest.NewWatcher(ingest.WatcherOptions{Store: s, End: s.endBroadcast, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// sleep lets the fake time of a synctest bubble pass.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestWatcherEndsALiveThatNeverGotAPublisher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		watch(t, s, 30*time.Second)
		s.start()
		sleep(29 * time.Second)
		if s.status() != prism.StatusOnAir {
			t.Fatal("ended before the timeout")
		}
		sleep(7 * time.Second)
		if s.status() != prism.StatusEnd {
			t.Error("not ended after the timeout and an interval")
		}
	})
}

func TestWatcherCountsFromTheLastPacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		watch(t, s, 30*time.Second)
		s.start()
		events := newEvents(t, s, ingest.EventsOptions{})
		p := ingest.Publish{Key: s.key, Session: "n:1"}
		s.must(events.Started(t.Context(), p))
		for range 10 {
			sleep(10 * time.Second)
			s.must(events.Heartbeat(t.Context(), p))
		}
		s.must(events.Ended(t.Context(), p))
		sleep(20 * time.Second)
		p.Session = "n:2"
		s.must(events.Started(t.Context(), p)) // the client reconnects
		sleep(29 * time.Second)
		if s.status() != prism.StatusOnAir {
			t.Fatal("ended although the client came back")
		}
		sleep(7 * time.Second)
		if s.status() != prism.StatusEnd {
			t.Error("not ended after the last packet")
		}
	})
}

func TestWatcherWaitsAfterItsOwnStartAndAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		sleep(time.Hour) // the service was down
		watch(t, s, 30*time.Second)
		sleep(20 * time.Second)
		if s.status() != prism.StatusOnAir {
			t.Fatal("ended a live right after a restart of the service")
		}
		s.outage(prism.ErrUnavailable)
		sleep(time.Minute)
		s.outage(nil)
		sleep(20 * time.Second)
		if s.status() != prism.StatusOnAir {
			t.Fatal("ended a live right after an outage of the store")
		}
		sleep(16 * time.Second)
		if s.status() != prism.StatusEnd {
			t.Error("not ended when the store was back for long enough")
		}
	})
}

// The watcher looks for idle lives and ends them in two calls, and a client may
// come back between them.
func TestHeartbeatBetweenIdleLivesAndTheEndKeepsTheLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		events := newEvents(t, s, ingest.EventsOptions{})
		p := ingest.Publish{Key: s.key, Session: "n:1"}
		cameBack := true
		var results []prism.EndResult
		w, err := ingest.NewWatcher(ingest.WatcherOptions{Store: s, Timeout: 30 * time.Second, Interval: time.Hour,
			End: func(ctx context.Context, liveID string, opt prism.EndOptions, reason prism.EndReason) (prism.EndResult, error) {
				if cameBack {
					s.must(events.Heartbeat(ctx, p))
				}
				res, err := s.endBroadcast(ctx, liveID, opt, reason)
				results = append(results, res)
				return res, err
			}})
		s.must(err)
		s.start()
		s.must(events.Started(t.Context(), p))
		sleep(31 * time.Second)
		s.must(w.Check(t.Context()))
		if len(results) != 1 || results[0].Changed || s.status() != prism.StatusOnAir {
			t.Fatalf("a live that came back at the last moment is %s after %+v", s.status(), results)
		}
		s.must(events.Heartbeat(t.Context(), p)) // its publisher is not dropped
		cameBack = false
		sleep(31 * time.Second)
		s.must(w.Check(t.Context()))
		if len(results) != 2 || !results[1].Changed || s.status() != prism.StatusEnd {
			t.Errorf("a live that did not come back is %s after %+v", s.status(), results)
		}
		s.must(w.Close())
	})
}

func TestWatcherGoesOnAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.must(s.PutChannel(t.Context(), "u1", prism.Channel{ID: "c2", Name: "Second", Enabled: true}))
		other, err := s.CreateLive(t.Context(), "u1", "c2", prism.NewLive{Title: "Other", Scope: prism.ScopePublic, ReservedAt: time.Now()})
		s.must(err)
		w, err := ingest.NewWatcher(ingest.WatcherOptions{Store: s, Timeout: 30 * time.Second, Interval: time.Hour,
			End: func(ctx context.Context, liveID string, opt prism.EndOptions, reason prism.EndReason) (prism.EndResult, error) {
				if reason != prism.EndedByIngestTimeout {
					t.Errorf("reason %q", reason)
				}
				if liveID == s.live.ID {
					return prism.EndResult{}, prism.ErrUnavailable
				}
				return s.endBroadcast(ctx, liveID, opt, reason)
			}})
		s.must(err)
		s.start()
		_, err = s.StartLive(t.Context(), "u1", other.ID)
		s.must(err)
		sleep(31 * time.Second)
		if err := w.Check(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("Check: %v, want the failure", err)
		}
		ended, err := s.Live(t.Context(), "u1", other.ID)
		s.must(err)
		if ended.Status != prism.StatusEnd || s.status() != prism.StatusOnAir {
			t.Errorf("other is %s, the one that fails %s", ended.Status, s.status())
		}
		s.must(w.Close())
		s.must(w.Close())
	})
}

func TestNewWatcherReportsEveryProblem(t *testing.T) {
	_, err := ingest.NewWatcher(ingest.WatcherOptions{Timeout: time.Millisecond, Interval: time.Nanosecond})
	for _, want := range []string{"Store", "End", "Timeout", "Interval"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}
