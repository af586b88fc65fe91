package prism_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// hang keeps a call of the store until its ctx is over.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return fmt.Errorf("sink: %w", ctx.Err())
}

func TestStatisticsCloseWritesWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newStatsSink()
		s := newStatistics(t, sink)
		must(t, s.Add("a", prism.LiveStats{Views: 1}))
		must(t, s.ViewerSeen("a", "v"))
		must(t, s.Close())
		if sink.of("a").Views != 1 || len(sink.beats) != 1 {
			t.Errorf("the store has %+v and heartbeats %v", sink.of("a"), sink.beats)
		}
		for name, err := range map[string]error{
			"Add":        s.Add("a", prism.LiveStats{Views: 1}),
			"Set":        s.Set("a", prism.StatsValues{}),
			"ViewerSeen": s.ViewerSeen("a", "v"),
		} {
			if !errors.Is(err, prism.ErrUnavailable) {
				t.Errorf("%s after Close: %v, want ErrUnavailable", name, err)
			}
		}
		must(t, s.Close())
		must(t, s.Flush(t.Context()))
		pass(time.Minute)
		if got := sink.count(); got != 2 {
			t.Errorf("%d calls of the store, want none after Close", got)
		}
	})
}

func TestStatisticsCloseEndsInTimeAndCanBeTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newStatsSink()
		sink.before = hang
		s := newStatistics(t, sink)
		must(t, s.Add("a", prism.LiveStats{Views: 1}))
		pass(prism.DefaultStatsInterval) // the write hangs
		begin := time.Now()
		if err := s.Close(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close of a store that hangs: %v", err)
		}
		if took := time.Since(begin); took > 2*prism.DefaultStatsTimeout {
			t.Errorf("Close took %v, want at most twice the timeout", took)
		}
		sink.before = nil
		must(t, s.Close())
		if got := sink.of("a").Views; got != 1 {
			t.Errorf("the store has %d views, want 1 from the second Close", got)
		}
	})
}

func TestStatisticsFlushWaitsForTheOneThatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newStatsSink()
		release := make(chan struct{})
		sink.before = func(context.Context) error { <-release; return nil }
		s := newStatistics(t, sink)
		must(t, s.Add("a", prism.LiveStats{Views: 1}))
		pass(prism.DefaultStatsInterval)
		must(t, s.Add("a", prism.LiveStats{Views: 1}))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Flush whose ctx ends while another write runs: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Flush(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("Flush returned %v while another write ran", err)
		default:
		}
		close(release)
		must(t, <-done)
		if got := sink.of("a").Views; got != 2 {
			t.Errorf("after Flush the store has %d views, want 2", got)
		}
	})
}

func TestStatisticsKeepsWhatAPanickingStoreDidNotTake(t *testing.T) {
	t.Parallel()
	sink := newStatsSink()
	s := newStatistics(t, sink, quiet)
	must(t, s.Add("a", prism.LiveStats{Views: 1}))
	sink.fail = func() error { panic("driver") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Flush(t.Context())
	}()
	sink.fail = nil
	must(t, s.Flush(t.Context()))
	if got := sink.of("a").Views; got != 1 {
		t.Errorf("the store has %d views, want 1", got)
	}
}

// Two instances on one store, both used by many at once.
func TestStatisticsCountsExactlyFromSeveralInstances(t *testing.T) {
	t.Parallel()
	store := exampleStore()
	live, err := store.CreateLive(t.Context(), "u1", "c1", prism.NewLive{Title: "Popular", Scope: prism.ScopePublic})
	must(t, err)
	_, err = store.StartLive(t.Context(), "u1", live.ID)
	must(t, err)
	instances := [2]*prism.Statistics{}
	for i := range instances {
		instances[i] = newStatistics(t, store, func(o *prism.StatisticsOptions) { o.Interval = prism.MinStatsInterval })
	}
	const callers, rounds = 64, 200
	var calls sync.WaitGroup
	for c := range callers {
		calls.Go(func() {
			s := instances[c%2]
			for range rounds {
				err := errors.Join(s.Add(live.ID, prism.LiveStats{Likes: 1, Chats: 2}), s.ViewerSeen(live.ID, fmt.Sprint("viewer ", c)))
				if err != nil {
					t.Error(err)
				}
			}
			if c%8 == 0 {
				if err := s.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
	for _, s := range instances {
		must(t, s.Close())
	}
	got, err := store.WatchLive(t.Context(), live.ID)
	must(t, err)
	want := prism.LiveStats{Views: callers, Viewers: callers, Likes: callers * rounds, Chats: 2 * callers * rounds}
	if got.Stats != want {
		t.Errorf("the store has %+v, want %+v", got.Stats, want)
	}
}

func BenchmarkStatistics(b *testing.B) {
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = fmt.Sprint("live or viewer ", i)
	}
	for name, call := range map[string]func(s *prism.Statistics, i int) error{
		"Add": func(s *prism.Statistics, i int) error { return s.Add(ids[i%len(ids)], prism.LiveStats{Views: 1}) },
		"Set": func(s *prism.Statistics, i int) error {
			n := int64(i)
			return s.Set(ids[i%len(ids)], prism.StatsValues{Viewers: &n})
		},
		"ViewerSeen": func(s *prism.Statistics, i int) error { return s.ViewerSeen(ids[0], ids[i%len(ids)]) },
	} {
		b.Run(name, func(b *testing.B) {
			s := newStatistics(b, newStatsSink(), func(o *prism.StatisticsOptions) { o.Interval = prism.MaxStatsInterval })
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if err := call(s, i); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
