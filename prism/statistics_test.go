package prism_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

func TestStatisticsWritesOnceForManyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newStatsSink()
		s := newStatistics(t, sink)
		for range 1000 {
			must(t, s.Add("a", prism.LiveStats{Likes: 1}))
			must(t, s.ViewerSeen("a", "v1"))
			must(t, s.ViewerSeen("a", "v2"))
		}
		must(t, s.Set("b", prism.StatsValues{Viewers: number(7)}))
		if sink.count() != 0 {
			t.Error("written before the interval was over")
		}
		pass(prism.DefaultStatsInterval)
		want := [][]prism.StatsReport{{
			{LiveID: "a", Add: prism.LiveStats{Likes: 1000}},
			{LiveID: "b", Set: prism.StatsValues{Viewers: number(7)}},
		}}
		if diff := cmp.Diff(want, sink.reports); diff != "" {
			t.Errorf("reports (-want +got):\n%s", diff)
		}
		wantBeats := [][]prism.ViewerHeartbeat{{{LiveID: "a", ViewerID: "v1"}, {LiveID: "a", ViewerID: "v2"}}}
		if diff := cmp.Diff(wantBeats, sink.beats); diff != "" {
			t.Errorf("heartbeats (-want +got):\n%s", diff)
		}
		pass(time.Minute)
		if got := sink.count(); got != 2 {
			t.Errorf("%d calls of the store, want no more than the 2: nothing was new", got)
		}
	})
}

func TestStatisticsKeepsTheOrderOfSetAndAdd(t *testing.T) {
	t.Parallel()
	add := func(n int64) func(*prism.Statistics) error {
		return func(s *prism.Statistics) error { return s.Add("a", prism.LiveStats{Views: n}) }
	}
	set := func(n int64) func(*prism.Statistics) error {
		return func(s *prism.Statistics) error { return s.Set("a", prism.StatsValues{Views: &n}) }
	}
	for name, tt := range map[string]struct {
		calls []func(*prism.Statistics) error
		want  prism.StatsReport
	}{
		"adds":             {[]func(*prism.Statistics) error{add(2), add(3)}, prism.StatsReport{Add: prism.LiveStats{Views: 5}}},
		"add, set":         {[]func(*prism.Statistics) error{add(2), set(3)}, prism.StatsReport{Set: prism.StatsValues{Views: number(3)}}},
		"set, add":         {[]func(*prism.Statistics) error{set(2), add(3)}, prism.StatsReport{Set: prism.StatsValues{Views: number(2)}, Add: prism.LiveStats{Views: 3}}},
		"add, set, add":    {[]func(*prism.Statistics) error{add(9), set(0), add(1), add(1)}, prism.StatsReport{Set: prism.StatsValues{Views: number(0)}, Add: prism.LiveStats{Views: 2}}},
		"set, add, set":    {[]func(*prism.Statistics) error{set(1), add(9), set(4)}, prism.StatsReport{Set: prism.StatsValues{Views: number(4)}}},
		"nothing is a 0":   {[]func(*prism.Statistics) error{add(0)}, prism.StatsReport{}},
		"other numbers":    {[]func(*prism.Statistics) error{add(1), func(s *prism.Statistics) error { return s.Set("a", prism.StatsValues{Likes: number(8)}) }}, prism.StatsReport{Set: prism.StatsValues{Likes: number(8)}, Add: prism.LiveStats{Views: 1}}},
		"beyond all count": {[]func(*prism.Statistics) error{many(2000, add(1<<53))}, prism.StatsReport{Add: prism.LiveStats{Views: math.MaxInt64}}},
	} {
		sink := newStatsSink()
		s := newStatistics(t, sink, quiet)
		for _, call := range tt.calls {
			must(t, call(s))
		}
		must(t, s.Flush(t.Context()))
		tt.want.LiveID = "a"
		if diff := cmp.Diff([][]prism.StatsReport{{tt.want}}, sink.reports); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func many(n int, call func(*prism.Statistics) error) func(*prism.Statistics) error {
	return func(s *prism.Statistics) error {
		for range n {
			if err := call(s); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestStatisticsKeepsItsOwnCopyOfWhatIsSet(t *testing.T) {
	t.Parallel()
	sink := newStatsSink()
	s := newStatistics(t, sink, quiet)
	n := int64(5)
	must(t, s.Set("a", prism.StatsValues{Views: &n}))
	n = 6
	must(t, s.Flush(t.Context()))
	if got := sink.of("a").Views; got != 5 {
		t.Errorf("Views is %d, want 5 as it was set", got)
	}
}

func TestStatisticsBoundsABatch(t *testing.T) {
	t.Parallel()
	sink := newStatsSink()
	s := newStatistics(t, sink, quiet)
	const n = 2*prism.DefaultStatsBatch + 1
	for i := range n {
		must(t, s.Add(fmt.Sprint("live ", i), prism.LiveStats{Views: 1}))
		must(t, s.ViewerSeen("a", fmt.Sprint("viewer ", i)))
	}
	must(t, s.Flush(t.Context()))
	if len(sink.reports) != 3 || len(sink.beats) != 3 {
		t.Errorf("%d calls with reports and %d with heartbeats, want 3 of each", len(sink.reports), len(sink.beats))
	}
	for i := range sink.reports {
		if len(sink.reports[i]) > prism.DefaultStatsBatch || len(sink.beats[i]) > prism.DefaultStatsBatch {
			t.Errorf("call %d has %d reports, %d heartbeats", i, len(sink.reports[i]), len(sink.beats[i]))
		}
	}
}

func TestStatisticsWritesEarlyWhenMuchIsNew(t *testing.T) {
	for name, fill := range map[string]func(s *prism.Statistics, i int) error{
		"lives":   func(s *prism.Statistics, i int) error { return s.Add(fmt.Sprint(i), prism.LiveStats{Views: 1}) },
		"viewers": func(s *prism.Statistics, i int) error { return s.ViewerSeen("a", fmt.Sprint(i)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sink := newStatsSink()
				s := newStatistics(t, sink, func(o *prism.StatisticsOptions) { o.MaxLives, o.MaxHeartbeats = 10, 20 })
				for i := range 9 {
					must(t, fill(s, i))
				}
				synctest.Wait()
				if got := sink.count(); got != 0 {
					t.Fatalf("%d calls of the store before the bound", got)
				}
				must(t, fill(s, 9))
				synctest.Wait()
				if got := sink.count(); got != 1 {
					t.Errorf("%d calls of the store at the bound, want 1 at once", got)
				}
				// While the store is down, it is not asked again and again.
				sink.setFail(prism.ErrUnavailable)
				for i := range 1000 {
					must(t, fill(s, i))
					synctest.Wait()
				}
				if got := sink.count(); got > 3 {
					t.Errorf("%d calls of a store that is down, want one early try", got-1)
				}
				sink.setFail(nil)
			})
		})
	}
}

func TestStatisticsRefusesWhatIsNotValid(t *testing.T) {
	t.Parallel()
	sink := newStatsSink()
	s := newStatistics(t, sink, quiet)
	minus, huge := number(-1), number(1<<53+1)
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"no live":             {s.Add("", prism.LiveStats{}), "liveID"},
		"no live in Set":      {s.Set("", prism.StatsValues{}), "liveID"},
		"no live in seen":     {s.ViewerSeen("", "v"), "liveID"},
		"a long live":         {s.Add(strings.Repeat("x", 150), prism.LiveStats{}), "liveID"},
		"a long live in seen": {s.ViewerSeen(strings.Repeat("x", 150), "v"), "liveID"},
		"no viewer":           {s.ViewerSeen("a", ""), "viewerID"},
		"a long viewer":       {s.ViewerSeen("a", strings.Repeat("x", prism.MaxViewerID+1)), "viewerID"},
		"added views < 0":     {s.Add("a", prism.LiveStats{Views: -1, Likes: 1}), "Views"},
		"added likes < 0":     {s.Add("a", prism.LiveStats{Likes: -1, Views: 1}), "Likes"},
		"added chats < 0":     {s.Add("a", prism.LiveStats{Chats: math.MinInt64}), "Chats"},
		"added viewers":       {s.Add("a", prism.LiveStats{Viewers: 1}), "Viewers"},
		"added viewers < 0":   {s.Add("a", prism.LiveStats{Viewers: -1}), "Viewers"},
		"many added views":    {s.Add("a", prism.LiveStats{Views: *huge}), "Views"},
		"views < 0":           {s.Set("a", prism.StatsValues{Views: minus, Likes: number(1)}), "Views"},
		"viewers < 0":         {s.Set("a", prism.StatsValues{Viewers: minus}), "Viewers"},
		"likes < 0":           {s.Set("a", prism.StatsValues{Likes: minus}), "Likes"},
		"chats < 0":           {s.Set("a", prism.StatsValues{Chats: minus}), "Chats"},
		"many viewers":        {s.Set("a", prism.StatsValues{Viewers: huge}), "Viewers"},
	} {
		if !errors.Is(tt.err, prism.ErrInvalid) || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an ErrInvalid that names %s", name, tt.err, tt.want)
		}
	}
	must(t, s.ViewerSeen(strings.Repeat("x", 149), strings.Repeat("y", prism.MaxViewerID)))
	must(t, s.Flush(t.Context()))
	if len(sink.reports) != 0 {
		t.Errorf("something of what was refused was written: %v", sink.reports)
	}
}

func TestNewStatisticsReportsEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := prism.NewStatistics(prism.StatisticsOptions{
		Interval: time.Hour, Timeout: -1, MaxLives: -1, MaxHeartbeats: -1, BatchSize: prism.MaxStatsBatch + 1,
	})
	for _, field := range []string{"Store", "Interval", "Timeout", "MaxLives", "MaxHeartbeats", "BatchSize"} {
		if err == nil || !strings.Contains(err.Error(), "StatisticsOptions."+field+" ") {
			t.Errorf("error %v does not name %s", err, field)
		}
	}
}
