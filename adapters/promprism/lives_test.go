package promprism_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/adapters/promprism"
	"github.com/b2bprism/b2bprism/prism"
)

func TestLivesOnAir(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	reg, _ := newMetrics(t, promprism.Options{LivesOnAir: promprism.CountLives(store, 10)})
	onAir := func() float64 { return gathered(t, reg)["b2bprism_lives_on_air"].value() }
	if n := onAir(); n != 0 {
		t.Errorf("%v lives on air, want 0", n)
	}
	live, err := store.CreateLive(t.Context(), "minji", "main", prism.NewLive{Title: "Today"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.StartLive(t.Context(), "minji", live.ID); err != nil {
		t.Fatal(err)
	}
	if n := onAir(); n != 1 {
		t.Errorf("%v lives on air after a start, want 1", n)
	}
	// The end is the host's own and passes by every Trace.
	if _, err := store.EndLive(t.Context(), "minji", live.ID, prism.EndOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := onAir(); n != 0 {
		t.Errorf("%v lives on air after the end, want 0", n)
	}
}

func TestLivesOnAirFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name  string
			count func(context.Context) (int, error)
		}{
			{"error", func(context.Context) (int, error) { return 0, errors.New("down") }},
			{"panic", func(context.Context) (int, error) { panic("count") }},
			{"slow", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }},
		} {
			reg, _ := newMetrics(t, promprism.Options{LivesOnAir: test.count, LivesTimeout: 2 * time.Second})
			start := time.Now()
			families := gathered(t, reg)
			if _, there := families["b2bprism_lives_on_air"]; there {
				t.Errorf("%s: a number is reported that is not known", test.name)
			}
			if n := families["b2bprism_lives_on_air_failures_total"].value(); n != 1 {
				t.Errorf("%s: %v failures, want 1", test.name, n)
			}
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("%s: the scrape took %s", test.name, d)
			}
		}
	})
}

func TestCountLives(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	if _, err := promprism.CountLives(brokenLister{down}, 1)(t.Context()); !errors.Is(err, down) {
		t.Errorf("got %v, want the store's error", err)
	}
	for name, use := range map[string]func(){
		"nil":   func() { promprism.CountLives(nil, 1) },
		"limit": func() { promprism.CountLives(newStore(t), 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			use()
		}()
	}
}

type brokenLister struct{ err error }

func (b brokenLister) LivesOnAir(context.Context, int) ([]prism.Live, error) { return nil, b.err }
