package ingest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// wiredLives are LiveStationLives inside a synctest bubble.
func wiredLives(t *testing.T) (*ingest.LiveStationLives, *station, *stationWire) {
	t.Helper()
	s := newStation(t)
	client, wire := wiredLiveStation(t)
	lives, err := ingest.NewLiveStationLives(s, client, oneStation{"c1", lsChannel})
	s.must(err)
	return lives, s, wire
}

// changes are the calls whose answer is about a change that is stored already.
func changes(ctx context.Context, lives *ingest.LiveStationLives, liveID string) map[string]func() (prism.Live, error) {
	title := "New title"
	return map[string]func() (prism.Live, error){
		"update": func() (prism.Live, error) {
			return lives.UpdateLive(ctx, "u1", liveID, prism.LiveUpdate{Title: &title})
		},
		"start": func() (prism.Live, error) {
			res, err := lives.StartLive(ctx, "u1", liveID)
			return res.Live, err
		},
		"end": func() (prism.Live, error) {
			res, err := lives.EndLive(ctx, "u1", liveID, prism.EndOptions{})
			return res.Live, err
		},
	}
}

func TestHangingLiveStationDelaysNoCallWithAKnownPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lives, s, wire := wiredLives(t)
		if live, err := lives.Live(t.Context(), "u1", s.live.ID); err != nil || live.RTMPPath != lsRTMPPath {
			t.Fatalf("the first call: %v", err)
		}
		sleep(time.Hour)
		wire.set("hangs", "")
		calls := changes(t.Context(), lives, s.live.ID)
		begin := time.Now()
		for _, name := range []string{"get", "list", "create", "update", "start", "end"} {
			call := calls[name]
			switch name {
			case "get":
				call = func() (prism.Live, error) { return lives.Live(t.Context(), "u1", s.live.ID) }
			case "list":
				call = func() (prism.Live, error) {
					list, err := lives.Lives(t.Context(), "u1", "c1", prism.LiveFilter{})
					return list[0], err
				}
			case "create":
				call = func() (prism.Live, error) {
					return lives.CreateLive(t.Context(), "u1", "c1", prism.NewLive{Title: "A live", Scope: prism.ScopePublic, ReservedAt: time.Now()})
				}
			}
			if live, err := call(); err != nil || live.RTMPPath != lsRTMPPath {
				t.Errorf("%s: %v", name, err)
			}
		}
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("waited %s for Live Station", waited)
		}
		sleep(time.Second) // the question is over, or the bubble finds it
	})
}

func TestLiveStationPathIsRefreshedInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lives, s, wire := wiredLives(t)
		// get makes calls at once and returns the path that they saw.
		get := func() string {
			t.Helper()
			var path string
			for range 3 {
				live, err := lives.Live(t.Context(), "u1", s.live.ID)
				s.must(err)
				path = live.RTMPPath
			}
			synctest.Wait()
			return path
		}
		asked := 0
		wire.asks(func() { asked++ })
		steps := []struct {
			after  time.Duration
			mode   string
			newKey bool // Live Station has another key from now on
			asked  int
			want   string // the end of the path
		}{
			{0, "", false, 1, lsKey},
			{4 * time.Minute, "", false, 1, lsKey},
			{2 * time.Minute, "", false, 2, lsKey}, // old: asked once for all calls
			{6 * time.Minute, "refused", true, 3, lsKey},
			{10 * time.Second, "", true, 3, lsKey}, // not again so soon
			{30 * time.Second, "", true, 4, lsKey}, // the answer is for the next call
			{time.Second, "", true, 4, "newkey1234567890"},
			{6 * time.Minute, "hangs", true, 5, "newkey1234567890"},
			{100 * time.Millisecond, "hangs", true, 5, "newkey1234567890"}, // the question still runs
		}
		for i, step := range steps {
			sleep(step.after)
			wire.set(step.mode, "")
			if step.newKey {
				wire.server.set(lsGet, strings.Replace(recorded(t, "livestation_channel.json"), lsKey, "newkey1234567890", 1))
			}
			if path := get(); !strings.HasSuffix(path, "/"+step.want) || asked != step.asked {
				t.Errorf("step %d: asked %d times, want %d; the path ends in %q", i, asked, step.asked, path[strings.LastIndex(path, "/"):])
			}
		}
		sleep(time.Second) // the question is over, or the bubble finds it
	})
}

func TestHangingLiveStationWithoutAKnownPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lives, s, wire := wiredLives(t)
		asked := 0
		wire.asks(func() { asked++ })
		wire.set("hangs", "")
		// Many calls ask once, and fail long before the deadline of a request.
		begin := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := lives.Live(t.Context(), "u1", s.live.ID); !errors.Is(err, prism.ErrUnavailable) {
					t.Errorf("get: %v", err)
				}
			})
		}
		wg.Wait()
		if waited := time.Since(begin); waited > prism.DefaultDeadline/2 || asked != 1 {
			t.Errorf("waited %s, asked %d times", waited, asked)
		}
		// What was stored is answered, within the time that is left.
		for _, name := range []string{"update", "start", "end"} {
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			live, err := changes(ctx, lives, s.live.ID)[name]()
			if err != nil || live.RTMPPath != s.live.RTMPPath || ctx.Err() != nil {
				t.Errorf("%s: %v, %v", name, err, ctx.Err())
			}
			cancel()
		}
		// One that answers in time is waited for.
		wire.set("", "")
		sleep(time.Minute)
		for _, name := range []string{"update", "start", "end"} {
			fresh, err := ingest.NewLiveStationLives(s, wire.client, oneStation{"c1", lsChannel})
			s.must(err)
			if live, err := changes(t.Context(), fresh, s.live.ID)[name](); err != nil || live.RTMPPath != lsRTMPPath {
				t.Errorf("%s without a path at hand: %v", name, err)
			}
		}
	})
}

func TestCallThatIsGivenUpLeavesTheAnswerToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lives, s, wire := wiredLives(t)
		wire.set("slow", "")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := lives.Live(ctx, "u1", s.live.ID); !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("given up: %v", err)
		}
		if live, err := lives.Live(t.Context(), "u1", s.live.ID); err != nil || live.RTMPPath != lsRTMPPath {
			t.Errorf("the other: %v", err)
		}
	})
}

// onlyLives is a store whose lives cannot be updated.
type onlyLives struct{ prism.LiveStore }

func TestUpdateOfALiveHasThePathOfLiveStation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lives, s, wire := wiredLives(t)
		cfg := prism.FromStore(s)
		cfg.Lives, cfg.Update = lives, lives
		title := "New title"
		if live, err := cfg.Update.UpdateLive(t.Context(), "u1", s.live.ID, prism.LiveUpdate{Title: &title}); err != nil ||
			live.RTMPPath != lsRTMPPath || live.Title != title {
			t.Errorf("update: title %q, %v", live.Title, err)
		}
		fixed, err := ingest.NewLiveStationLives(onlyLives{s}, wire.client, oneStation{"c1", lsChannel})
		s.must(err)
		if _, err := fixed.UpdateLive(t.Context(), "u1", s.live.ID, prism.LiveUpdate{Title: &title}); !errors.Is(err, prism.ErrNotFound) {
			t.Errorf("a store without updates: %v", err)
		}
		if live, err := fixed.Updates(s).UpdateLive(t.Context(), "u1", s.live.ID, prism.LiveUpdate{Title: &title}); err != nil || live.RTMPPath != lsRTMPPath {
			t.Errorf("updates by another: %v", err)
		}
	})
}
