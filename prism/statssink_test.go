package prism_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// statsSink is a StatsStore that keeps what it was told, and fails or waits on
// demand.
type statsSink struct {
	mu      sync.Mutex
	calls   int // of either method
	reports [][]prism.StatsReport
	beats   [][]prism.ViewerHeartbeat
	stats   map[string]prism.LiveStats
	fail    func() error
	before  func(ctx context.Context) error
	refuse  string // a live id that is not valid here
}

func newStatsSink() *statsSink { return &statsSink{stats: make(map[string]prism.LiveStats)} }

func (s *statsSink) call(ctx context.Context) error {
	s.mu.Lock()
	s.calls++
	before, fail := s.before, s.fail
	s.mu.Unlock()
	if before != nil {
		if err := before(ctx); err != nil {
			return err
		}
	}
	if fail != nil {
		return fail()
	}
	return nil
}

func (s *statsSink) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	if err := s.call(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range reports {
		if s.refuse != "" && r.LiveID == s.refuse {
			return fmt.Errorf("sink: %w", prism.ErrInvalid)
		}
	}
	s.reports = append(s.reports, reports)
	for _, r := range reports {
		n := s.stats[r.LiveID]
		for _, f := range []struct {
			number, set *int64
			add         int64
		}{
			{&n.Views, r.Set.Views, r.Add.Views}, {&n.Viewers, r.Set.Viewers, r.Add.Viewers},
			{&n.Likes, r.Set.Likes, r.Add.Likes}, {&n.Chats, r.Set.Chats, r.Add.Chats},
		} {
			if f.set != nil {
				*f.number = *f.set
			}
			*f.number += f.add
		}
		s.stats[r.LiveID] = n
	}
	return nil
}

func (s *statsSink) SaveViewers(ctx context.Context, beats []prism.ViewerHeartbeat) error {
	if err := s.call(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range beats {
		if s.refuse != "" && b.LiveID == s.refuse {
			return fmt.Errorf("sink: %w", prism.ErrInvalid)
		}
	}
	s.beats = append(s.beats, beats)
	return nil
}

func (s *statsSink) setFail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = func() error { return err }
}

func (s *statsSink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *statsSink) of(liveID string) prism.LiveStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats[liveID]
}

func newStatistics(t testing.TB, store prism.StatsStore, change ...func(*prism.StatisticsOptions)) *prism.Statistics {
	t.Helper()
	opt := prism.StatisticsOptions{Store: store}
	for _, c := range change {
		c(&opt)
	}
	s, err := prism.NewStatistics(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// quiet lets nothing but Flush and Close write in a test on the real clock.
func quiet(o *prism.StatisticsOptions) { o.Interval = prism.MaxStatsInterval }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pass lets the fake time of a synctest bubble go on.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func number(n int64) *int64 { return &n }
