package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

func newEvents(t *testing.T, store prism.IngestStore, opt ingest.EventsOptions) ingest.Events {
	t.Helper()
	events, err := ingest.NewEvents(store, opt)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestAuthorizeOnAir(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		began := time.Now()
		d, err := newEvents(t, s, ingest.EventsOptions{}).Authorize(t.Context(), ingest.Publish{Key: s.key, Session: "n:1"})
		if err != nil {
			t.Fatal(err)
		}
		if d.Live.ID != s.live.ID || d.Playback == "" || d.Playback == s.key {
			t.Errorf("decision for live %q with playback %q, want live %q and a name other than the key", d.Live.ID, d.Playback, s.live.ID)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %s for a live on air", waited)
		}
	})
}

func TestAuthorizeRefusesUnknownKeyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		events := newEvents(t, s, ingest.EventsOptions{})
		for _, key := range []string{"", "nosuchkey", s.key + "x", strings.ToUpper(s.key), strings.Repeat("k", ingest.MaxKey+1)} {
			began := time.Now()
			_, err := events.Authorize(t.Context(), ingest.Publish{Key: key, Session: "n:1"})
			if !errors.Is(err, prism.ErrNotFound) {
				t.Errorf("key of %d bytes: %v, want ErrNotFound", len(key), err)
			}
			if key != "" && strings.Contains(err.Error(), key) {
				t.Errorf("the error has the key: %v", err)
			}
			if time.Since(began) != 0 {
				t.Errorf("an unknown key was held")
			}
		}
	})
}

func TestAuthorizeHoldsUntilStart(t *testing.T) {
	for _, ended := range []bool{false, true} {
		t.Run(fmt.Sprintf("ended=%t", ended), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStation(t)
				if ended {
					s.start()
					s.end()
				}
				time.AfterFunc(time.Second, s.start)
				began := time.Now()
				if _, err := newEvents(t, s, ingest.EventsOptions{}).Authorize(t.Context(), ingest.Publish{Key: s.key, Session: "n:1"}); err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(began); waited < time.Second || waited > time.Second+ingest.DefaultPoll {
					t.Errorf("waited %s for a start after 1s", waited)
				}
			})
		})
	}
}

func TestAuthorizeHoldIsBounded(t *testing.T) {
	for _, tc := range []struct {
		name string
		hold time.Duration
		want time.Duration
	}{{"default", 0, ingest.DefaultHold}, {"chosen", time.Second, time.Second}, {"none", -1, 0}} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStation(t)
				began := time.Now()
				_, err := newEvents(t, s, ingest.EventsOptions{Hold: tc.hold}).Authorize(t.Context(), ingest.Publish{Key: s.key, Session: "n:1"})
				if !errors.Is(err, prism.ErrConflict) {
					t.Errorf("a reserved live: %v, want ErrConflict", err)
				}
				if strings.Contains(err.Error(), s.key) {
					t.Error("the error has the key")
				}
				if waited := time.Since(began); waited != tc.want {
					t.Errorf("held for %s, want %s", waited, tc.want)
				}
			})
		})
	}
}

func TestAuthorizeHonoursContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := newEvents(t, s, ingest.EventsOptions{}).Authorize(ctx, ingest.Publish{Key: s.key, Session: "n:1"})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 500*time.Millisecond {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestAuthorizeHoldsThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		s.outage(prism.ErrUnavailable)
		time.AfterFunc(time.Second, func() { s.outage(nil) })
		events := newEvents(t, s, ingest.EventsOptions{})
		if _, err := events.Authorize(t.Context(), ingest.Publish{Key: s.key, Session: "n:1"}); err != nil {
			t.Fatal(err)
		}
		s.outage(prism.ErrUnavailable)
		if _, err := events.Authorize(t.Context(), ingest.Publish{Key: s.key, Session: "n:1"}); !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("a long outage: %v, want ErrUnavailable", err)
		}
	})
}

func TestSessions(t *testing.T) {
	s := newStation(t)
	events := newEvents(t, s, ingest.EventsOptions{Hold: -1})
	first, second := ingest.Publish{Key: s.key, Session: "n:1"}, ingest.Publish{Key: s.key, Session: "n:2"}
	step := func(name string, got, want error) {
		t.Helper()
		if !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	step("start before the live is on air", events.Started(t.Context(), first), prism.ErrConflict)
	s.start()
	step("heartbeat before any start", events.Heartbeat(t.Context(), first), prism.ErrConflict)
	step("start", events.Started(t.Context(), first), nil)
	step("heartbeat", events.Heartbeat(t.Context(), first), nil)
	step("a newer session", events.Started(t.Context(), second), nil)
	step("heartbeat of the older", events.Heartbeat(t.Context(), first), prism.ErrConflict)
	step("late end of the older", events.Ended(t.Context(), first), nil)
	step("heartbeat of the newer", events.Heartbeat(t.Context(), second), nil)
	step("end", events.Ended(t.Context(), second), nil)
	step("end twice", events.Ended(t.Context(), second), nil)
	if s.status() != prism.StatusOnAir {
		t.Errorf("the end of a publisher ended the live")
	}
	step("reconnect", events.Started(t.Context(), ingest.Publish{Key: s.key, Session: "n:3"}), nil)
	s.end()
	step("heartbeat after the end of the live", events.Heartbeat(t.Context(), ingest.Publish{Key: s.key, Session: "n:3"}), prism.ErrConflict)
	s.start()
	step("heartbeat of the broadcast before", events.Heartbeat(t.Context(), ingest.Publish{Key: s.key, Session: "n:3"}), prism.ErrConflict)
	step("heartbeat with an unknown key", events.Heartbeat(t.Context(), ingest.Publish{Key: "gone", Session: "n:3"}), prism.ErrNotFound)
	step("end with an unknown key", events.Ended(t.Context(), ingest.Publish{Key: "gone", Session: "n:3"}), nil)
}

func TestNewEventsReportsEveryProblem(t *testing.T) {
	_, err := ingest.NewEvents(nil, ingest.EventsOptions{Hold: time.Minute, Poll: time.Millisecond})
	for _, want := range []string{"store is nil", "Hold", "Poll"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}

func TestPublishFormatsWithoutKey(t *testing.T) {
	p := ingest.Publish{Key: "SECRETKEY", Session: "n:1", App: "live", RemoteAddr: "192.0.2.1"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, p); strings.Contains(text, p.Key) || !strings.Contains(text, p.Session) {
			t.Errorf("%s gives %s", format, text)
		}
	}
}

func TestPlaybackName(t *testing.T) {
	const path = "rtmp://h/live/KEY"
	for _, tc := range []struct {
		name, playback, id, want string
		err                      error
	}{
		{"playback id", "pb_1-X", "l1", "pb_1-X", nil},
		{"no playback id", "", "l1", "l1", nil},
		{"not safe for a file", "../a", "l1", "~Li4vYQ", nil},
		{"a dot", "a.b", "l1", "~YS5i", nil},
		{"a URL", "rtmp://x/y", "l1", "~cnRtcDovL3gveQ", nil},
		{"tilde cannot be forged", "~YS5i", "l1", "~fllTNWk", nil},
		{"nothing", "", "", "", prism.ErrInvalid},
		{"the key itself", "KEY", "l1", "", prism.ErrInvalid},
		{"the key as id", "", "KEY", "", prism.ErrInvalid},
		{"longest", strings.Repeat("a", 200), "", strings.Repeat("a", 200), nil},
		{"too long", strings.Repeat("a", 201), "", "", prism.ErrInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := ingest.PlaybackName(prism.Live{ID: tc.id, PlaybackID: tc.playback, RTMPPath: path})
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tc.want, tc.err)
			}
			if err != nil && strings.Contains(err.Error(), "KEY") && tc.id != "KEY" {
				t.Errorf("the error has the key: %v", err)
			}
		})
	}
}
