package prism_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"pgregory.net/rapid"

	"github.com/b2bprism/b2bprism/prism"
)

// Whatever fails when, and whatever comes in meanwhile, the store ends up with
// what it would have without Statistics.
func TestStatisticsLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		direct, sink := newStatsSink(), newStatsSink()
		s := newStatistics(t, sink, quiet, func(o *prism.StatisticsOptions) {
			o.BatchSize = rapid.IntRange(1, 3).Draw(rt, "batch")
		})
		report := func() {
			id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(rt, "live")
			n := rapid.Int64Range(0, 1000)
			if rapid.Bool().Draw(rt, "add") {
				add := prism.LiveStats{Views: n.Draw(rt, "views"), Likes: n.Draw(rt, "likes"), Chats: n.Draw(rt, "chats")}
				must(t, s.Add(id, add))
				must(t, direct.SaveStats(t.Context(), []prism.StatsReport{{LiveID: id, Add: add}}))
				return
			}
			set := prism.StatsValues{Viewers: number(n.Draw(rt, "viewers"))}
			if rapid.Bool().Draw(rt, "views too") {
				set.Views = number(n.Draw(rt, "views"))
			}
			must(t, s.Set(id, set))
			must(t, direct.SaveStats(t.Context(), []prism.StatsReport{{LiveID: id, Set: set}}))
		}
		sink.fail = func() error {
			for range rapid.IntRange(0, 2).Draw(rt, "meanwhile") {
				report()
			}
			if rapid.Bool().Draw(rt, "the store fails") {
				return prism.ErrUnavailable
			}
			return nil
		}
		for range rapid.IntRange(1, 40).Draw(rt, "calls") {
			if rapid.IntRange(0, 3).Draw(rt, "call") == 0 {
				_ = s.Flush(t.Context())
			} else {
				report()
			}
		}
		sink.fail = nil
		must(t, s.Close())
		if diff := cmp.Diff(direct.stats, sink.stats); diff != "" {
			rt.Fatalf("the store differs (-direct +by Statistics):\n%s", diff)
		}
	})
}

func TestStatisticsMergesAFailedWriteWithWhatCameInMeanwhile(t *testing.T) {
	t.Parallel()
	sink := newStatsSink()
	s := newStatistics(t, sink, quiet, func(o *prism.StatisticsOptions) { o.MaxHeartbeats = 4 })
	must(t, s.Set("a", prism.StatsValues{Views: number(10), Likes: number(10)}))
	must(t, s.Add("a", prism.LiveStats{Views: 1, Likes: 1, Chats: 1}))
	must(t, s.ViewerSeen("a", "1"))
	must(t, s.ViewerSeen("a", "2"))
	failing := true
	sink.fail = func() error {
		if !failing {
			return nil
		}
		failing = false
		must(t, s.Set("a", prism.StatsValues{Views: number(5)}))
		must(t, s.Add("a", prism.LiveStats{Views: 1, Likes: 1, Chats: 1}))
		for _, viewer := range []string{"2", "3", "4"} {
			must(t, s.ViewerSeen("a", viewer))
		}
		return prism.ErrUnavailable
	}
	if err := s.Flush(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("Flush: %v, want the store's error", err)
	}
	must(t, s.Flush(t.Context()))
	want := prism.StatsReport{
		LiveID: "a", Set: prism.StatsValues{Views: number(5), Likes: number(10)}, Add: prism.LiveStats{Views: 1, Likes: 2, Chats: 2},
	}
	if diff := cmp.Diff([][]prism.StatsReport{{want}}, sink.reports); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}

func TestStatisticsKeepsTheBoundWhenAWriteOfHeartbeatsFails(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	sink := newStatsSink()
	s := newStatistics(t, sink, quiet, func(o *prism.StatisticsOptions) {
		o.MaxHeartbeats, o.Logger = 1000, zap.New(core)
	})
	seen := func(from, to int) {
		for i := from; i < to; i++ {
			must(t, s.ViewerSeen("a", fmt.Sprint(i)))
		}
	}
	seen(0, 400)
	sink.fail = func() error {
		sink.setFail(nil)
		seen(300, 1100)
		return prism.ErrUnavailable
	}
	if err := s.Flush(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("Flush: %v, want the store's error", err)
	}
	must(t, s.Close())
	kept := 0
	for _, beats := range sink.beats {
		kept += len(beats)
	}
	if kept != 1000 {
		t.Errorf("%d heartbeats were kept of 1,100, want the bound of 1,000", kept)
	}
	if got := logs.FilterLevelExact(zapcore.WarnLevel).Len(); got != 1 {
		t.Errorf("the drop was logged %d times, want once", got)
	}
}

func TestStatisticsWritesAfterAnOutageWhatCameInDuringIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		sink := newStatsSink()
		s := newStatistics(t, sink, func(o *prism.StatisticsOptions) { o.Logger = zap.New(core) })
		sink.setFail(prism.ErrUnavailable)
		for range 10 { // intervals of an outage
			must(t, s.Add("a", prism.LiveStats{Views: 1}))
			must(t, s.ViewerSeen("a", "v"))
			pass(prism.DefaultStatsInterval)
		}
		must(t, s.Set("a", prism.StatsValues{Likes: number(3)}))
		sink.setFail(nil)
		pass(prism.DefaultStatsInterval)
		if got, want := sink.of("a"), (prism.LiveStats{Views: 10, Likes: 3}); got != want {
			t.Errorf("after the outage the store has %+v, want %+v", got, want)
		}
		if len(sink.beats) != 1 || len(sink.beats[0]) != 1 {
			t.Errorf("heartbeats %v, want the one", sink.beats)
		}
		if failed, back := logs.FilterLevelExact(zapcore.ErrorLevel).Len(), logs.FilterLevelExact(zapcore.InfoLevel).Len(); failed != 1 || back != 1 {
			t.Errorf("%d errors and %d recoveries were logged, want one of each: %v", failed, back, logs.All())
		}
	})
}

func TestStatisticsKeepsThePartOfAWriteThatFailed(t *testing.T) {
	t.Parallel()
	sink := newStatsSink()
	s := newStatistics(t, sink, quiet, func(o *prism.StatisticsOptions) { o.BatchSize = 2 })
	for i := range 5 {
		must(t, s.Add(fmt.Sprint(i), prism.LiveStats{Views: 1}))
	}
	calls := 0
	sink.fail = func() error {
		if calls++; calls == 2 {
			return prism.ErrUnavailable
		}
		return nil
	}
	if err := s.Flush(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("Flush: %v, want the store's error", err)
	}
	must(t, s.Flush(t.Context()))
	for i := range 5 {
		if got := sink.of(fmt.Sprint(i)).Views; got != 1 {
			t.Errorf("live %d has %d views, want 1", i, got)
		}
	}
}

func TestStatisticsDropsHeartbeatsBeyondTheBoundAndNoNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		sink := newStatsSink()
		sink.setFail(prism.ErrUnavailable)
		s := newStatistics(t, sink, func(o *prism.StatisticsOptions) {
			o.MaxLives, o.MaxHeartbeats, o.Logger = 10, 10, zap.New(core)
		})
		for i := range 25 {
			must(t, s.Add(fmt.Sprint(i), prism.LiveStats{Views: 1}))
			must(t, s.ViewerSeen("a", fmt.Sprint(i)))
			must(t, s.ViewerSeen("a", "0")) // waits already
			pass(prism.DefaultStatsInterval)
		}
		sink.setFail(nil)
		pass(prism.DefaultStatsInterval)
		for i := range 25 {
			if got := sink.of(fmt.Sprint(i)).Views; got != 1 {
				t.Errorf("live %d has %d views, want 1", i, got)
			}
		}
		beats := 0
		for _, b := range sink.beats {
			beats += len(b)
		}
		if beats != 10 {
			t.Errorf("%d heartbeats were kept, want 10", beats)
		}
		if got := logs.FilterLevelExact(zapcore.WarnLevel).Len(); got != 1 {
			t.Errorf("the drop was logged %d times, want once", got)
		}
		back := logs.FilterLevelExact(zapcore.InfoLevel).All()
		if len(back) != 1 || back[0].ContextMap()["dropped_heartbeats"] != int64(15) {
			t.Errorf("the recovery was logged as %v, want once with 15 dropped heartbeats", back)
		}
	})
}

// A live that the store does not take must not keep the others from being
// written.
func TestStatisticsDropsWhatTheStoreRefuses(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	sink := newStatsSink()
	sink.refuse = "3"
	s := newStatistics(t, sink, quiet, func(o *prism.StatisticsOptions) { o.Logger = zap.New(core) })
	for i := range 7 {
		must(t, s.Add(fmt.Sprint(i), prism.LiveStats{Views: 1}))
		must(t, s.ViewerSeen(fmt.Sprint(i), "v"))
	}
	must(t, s.Flush(t.Context()))
	for i := range 7 {
		want := int64(1)
		if i == 3 {
			want = 0
		}
		if got := sink.of(fmt.Sprint(i)).Views; got != want {
			t.Errorf("live %d has %d views, want %d", i, got, want)
		}
	}
	seen := 0
	for _, beats := range sink.beats {
		seen += len(beats)
	}
	if seen != 6 {
		t.Errorf("%d heartbeats were written, want those of the 6 other lives", seen)
	}
	if got := logs.FilterField(zap.String("live", "3")).Len(); got != 2 {
		t.Errorf("the refusals were logged %d times, want once for the numbers and once for the heartbeat", got)
	}
	calls := sink.count()
	must(t, s.Flush(t.Context()))
	if sink.count() != calls {
		t.Error("what was refused is tried again")
	}
}
