package prism_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// sweepSink is a SweepStore with leases of a store in memory. What a step does
// is up to the test.
type sweepSink struct {
	prism.Leaser
	lives, bans func(ctx context.Context) (int, error)

	mu       sync.Mutex
	running  int // steps at this moment
	together int // the most of them at one moment
	steps    map[string]int
	before   time.Time // of the latest SweepLives
	limit    int
}

func newSweepSink(t testing.TB) *sweepSink {
	t.Helper()
	leaser, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://127.0.0.1/live"})
	must(t, err)
	nothing := func(context.Context) (int, error) { return 0, nil }
	return &sweepSink{Leaser: leaser, lives: nothing, bans: nothing, steps: make(map[string]int)}
}

func (s *sweepSink) step(ctx context.Context, what string, do func(context.Context) (int, error)) (int, error) {
	s.mu.Lock()
	s.running++
	s.together = max(s.together, s.running)
	s.steps[what]++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
	}()
	return do(ctx)
}

func (s *sweepSink) SweepLives(ctx context.Context, before time.Time, limit int) (int, error) {
	s.mu.Lock()
	s.before, s.limit = before, limit
	s.mu.Unlock()
	return s.step(ctx, "lives", s.lives)
}

func (s *sweepSink) SweepBans(ctx context.Context, _ int) (int, error) {
	return s.step(ctx, "bans", s.bans)
}

func (s *sweepSink) atOnce() (now, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.together
}

func (s *sweepSink) stepsOf(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.steps[what]
}

// takes returns a step that takes its time, unless its ctx ends.
func takes(d time.Duration, n int) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		select {
		case <-time.After(d):
			return n, nil
		case <-ctx.Done():
			return 0, fmt.Errorf("sink: %w", ctx.Err())
		}
	}
}

func newSweeper(t testing.TB, store prism.SweepStore, change ...func(*prism.SweeperOptions)) *prism.Sweeper {
	t.Helper()
	opt := prism.SweeperOptions{Store: store}
	for _, c := range change {
		c(&opt)
	}
	s, err := prism.NewSweeper(opt)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func byHand(o *prism.SweeperOptions) { o.Interval = -1 }

func TestSweeperSweepsDuplicatesAndBansThatAreOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := exampleStore()
		must(t, store.PutUser(t.Context(), prism.User{ID: "u2", Name: "Viewer"}))
		var lives []prism.Live
		for range 3 {
			live, err := store.CreateLive(t.Context(), "u1", "c1", prism.NewLive{Title: "Again", Scope: prism.ScopePublic})
			must(t, err)
			lives = append(lives, live)
			time.Sleep(time.Minute)
		}
		must(t, store.BanUser(t.Context(), "u1", lives[2].ID, "u2", time.Hour))
		core, logs := observer.New(zapcore.InfoLevel)
		newSweeper(t, store, func(o *prism.SweeperOptions) { o.Logger = zap.New(core) })
		left := func() (n int) {
			list, err := store.Lives(t.Context(), "u1", "c1", prism.LiveFilter{})
			must(t, err)
			return len(list)
		}
		pass(prism.DefaultDuplicateAge - 10*time.Minute)
		if got := left(); got != 3 {
			t.Errorf("%d lives are left before the duplicates are old, want 3", got)
		}
		pass(20 * time.Minute)
		if got := left(); got != 1 {
			t.Errorf("%d lives are left, want the newest", got)
		}
		if _, err := store.Live(t.Context(), "u1", lives[2].ID); err != nil {
			t.Errorf("the newest live: %v", err)
		}
		if n, err := store.SweepBans(t.Context(), 10); n != 0 || err != nil {
			t.Errorf("%d bans were left to sweep (%v)", n, err)
		}
		if got := logs.Len(); got != 2 {
			t.Errorf("%d log entries, want one for the ban and one for the lives: %v", got, logs.All())
		}
	})
}

func TestOneSweeperAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newSweepSink(t)
		sink.lives, sink.bans = takes(20*time.Second, 0), takes(20*time.Second, 0)
		first := newSweeper(t, sink)
		for range 9 {
			newSweeper(t, sink)
		}
		pass(prism.DefaultSweepInterval + time.Minute)
		if lives, bans := sink.stepsOf("lives"), sink.stepsOf("bans"); lives != 1 || bans != 1 {
			t.Errorf("ten Sweepers swept lives %d times and bans %d times in one interval, want once", lives, bans)
		}
		// The one that goes away does not keep the job.
		must(t, first.Close())
		pass(10 * prism.DefaultSweepInterval)
		if got := sink.stepsOf("lives"); got != 11 {
			t.Errorf("lives were swept %d times in 11 intervals, want 11", got)
		}
		if _, most := sink.atOnce(); most != 1 {
			t.Errorf("%d steps ran at one moment, want 1", most)
		}
	})
}

func TestSweeperIsBoundedByStepsAndPassesItsOptions(t *testing.T) {
	t.Parallel()
	sink := newSweepSink(t)
	sink.lives = func(context.Context) (int, error) { return 7, nil }
	sink.bans = func(context.Context) (int, error) { return 6, nil }
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	s := newSweeper(t, sink, byHand, func(o *prism.SweeperOptions) {
		o.Limit, o.Steps, o.DuplicateAge, o.Now = 7, 4, 2*time.Hour, func() time.Time { return now }
	})
	n, err := s.Sweep(t.Context())
	if n != 4*7+6 || err != nil {
		t.Errorf("Sweep returned %d, %v; want 34: four full steps of lives, one of bans", n, err)
	}
	if lives, bans := sink.stepsOf("lives"), sink.stepsOf("bans"); lives != 4 || bans != 1 {
		t.Errorf("%d steps of lives and %d of bans, want 4 and 1", lives, bans)
	}
	if want := now.Add(-2 * time.Hour); !sink.before.Equal(want) || sink.limit != 7 {
		t.Errorf("SweepLives got %v and limit %d, want %v and 7", sink.before, sink.limit, want)
	}
}

func TestSweepDoesNothingWhileAnotherHasTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newSweepSink(t)
		s := newSweeper(t, sink, byHand)
		// As if by a process that died in the middle of a step.
		held, err := sink.Lease(t.Context(), "prism sweep", "the dead", time.Minute)
		if !held || err != nil {
			t.Fatal(held, err)
		}
		if n, err := s.Sweep(t.Context()); n != 0 || err != nil || sink.stepsOf("lives") != 0 {
			t.Errorf("Sweep returned %d, %v after %d steps; want nothing done and no error", n, err, sink.stepsOf("lives"))
		}
		time.Sleep(time.Minute)
		if _, err := s.Sweep(t.Context()); err != nil || sink.stepsOf("lives") != 1 {
			t.Errorf("after the lease was over: %v, %d steps", err, sink.stepsOf("lives"))
		}
		held, err = sink.Lease(t.Context(), "prism sweep", "the next", time.Minute)
		if !held || err != nil {
			t.Errorf("the job was not given back after the run: %v, %v", held, err)
		}
	})
}

// losingLeaser gives a lease a few times.
type losingLeaser struct {
	*sweepSink
	left int
	err  error
}

func (s *losingLeaser) Lease(context.Context, string, string, time.Duration) (bool, error) {
	s.left--
	return s.left >= 0, s.err
}

func TestSweepStopsWhenItsLeaseIsLost(t *testing.T) {
	t.Parallel()
	sink := newSweepSink(t)
	sink.lives = func(context.Context) (int, error) { return prism.DefaultSweepLimit, nil }
	s := newSweeper(t, &losingLeaser{sweepSink: sink, left: 3}, byHand)
	if n, err := s.Sweep(t.Context()); n != 2*prism.DefaultSweepLimit || err != nil {
		t.Errorf("Sweep returned %d, %v; want the two steps that had the lease", n, err)
	}
	if sink.stepsOf("bans") != 0 {
		t.Error("bans were swept without a lease")
	}
}

func TestSweepReportsWhatFails(t *testing.T) {
	t.Parallel()
	failed := func(context.Context) (int, error) { return 0, prism.ErrUnavailable }
	for name, tt := range map[string]struct {
		arrange func(s *sweepSink) prism.SweepStore
		want    string
		steps   int // of bans
	}{
		"lives": {func(s *sweepSink) prism.SweepStore { s.lives = failed; return s }, "sweep lives", 1},
		"bans":  {func(s *sweepSink) prism.SweepStore { s.bans = failed; return s }, "sweep bans", 1},
		"lease": {func(s *sweepSink) prism.SweepStore { return &losingLeaser{sweepSink: s, err: prism.ErrUnavailable} }, "lease the sweep", 0},
	} {
		sink := newSweepSink(t)
		s := newSweeper(t, tt.arrange(sink), byHand)
		_, err := s.Sweep(t.Context())
		if !errors.Is(err, prism.ErrUnavailable) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want the store's error with %q", name, err, tt.want)
		}
		if got := sink.stepsOf("bans"); got != tt.steps {
			t.Errorf("%s: %d steps of bans, want %d", name, got, tt.steps)
		}
	}
}

func TestSweeperLogsARunThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		sink := newSweepSink(t)
		sink.lives = func(context.Context) (int, error) { return 0, prism.ErrUnavailable }
		newSweeper(t, sink, func(o *prism.SweeperOptions) { o.Logger = zap.New(core) })
		pass(3 * prism.DefaultSweepInterval)
		if got := logs.FilterLevelExact(zapcore.ErrorLevel).Len(); got != 3 {
			t.Errorf("%d errors were logged, want one for each of 3 runs", got)
		}
	})
}

func TestSweeperCloseCutsARunShortAndGivesTheJobBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newSweepSink(t)
		sink.lives = takes(25*time.Second, 0)
		s := newSweeper(t, sink)
		pass(prism.DefaultSweepInterval + time.Second)
		begin := time.Now()
		must(t, s.Close())
		must(t, s.Close())
		if took := time.Since(begin); took != 0 {
			t.Errorf("Close took %v, want to cut the step short", took)
		}
		if running, _ := sink.atOnce(); running != 0 {
			t.Error("Close did not wait for the step")
		}
		held, err := sink.Lease(t.Context(), "prism sweep", "the next", time.Minute)
		if !held || err != nil {
			t.Errorf("the job was not given back at Close: %v, %v", held, err)
		}
	})
}

func TestSweepsOfOneSweeperWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newSweepSink(t)
		sink.lives = takes(20*time.Second, 0)
		s := newSweeper(t, sink, byHand)
		var runs sync.WaitGroup
		for range 3 {
			runs.Go(func() {
				if _, err := s.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		pass(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Sweep(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Sweep whose ctx ended while it waited: %v", err)
		}
		runs.Wait()
		if _, most := sink.atOnce(); most != 1 || sink.stepsOf("lives") != 3 {
			t.Errorf("%d steps, %d at one moment; want 3, one after the other", sink.stepsOf("lives"), most)
		}
	})
}

// A step that hangs must not outlast the lease that it runs under.
func TestSweepStepEndsBeforeItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newSweepSink(t)
		sink.lives = func(ctx context.Context) (int, error) { return 0, hang(ctx) }
		s := newSweeper(t, sink, byHand)
		done := make(chan error, 1)
		go func() {
			_, err := s.Sweep(t.Context())
			done <- err
		}()
		synctest.Wait()
		time.Sleep(59 * time.Second)
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Sweep of a store that hangs: %v", err)
		}
	})
}

func TestNewSweeperReportsEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := prism.NewSweeper(prism.SweeperOptions{
		Interval: time.Millisecond, DuplicateAge: time.Minute, Limit: prism.MaxSweepLimit + 1, Steps: -1,
	})
	for _, field := range []string{"Store", "Interval", "DuplicateAge", "Limit", "Steps"} {
		if err == nil || !strings.Contains(err.Error(), "SweeperOptions."+field+" ") {
			t.Errorf("error %v does not name %s", err, field)
		}
	}
}
