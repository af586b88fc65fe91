package prismtest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
)

var statsMistakes = map[string]mistake{
	"0 is nothing":              onStats("SaveStats sets what is not nil", func(s *memory.Store) prism.StatsStore { return zeroIsNothing{s} }),
	"sets after it adds":        onStats("SaveStats adds after it sets", func(s *memory.Store) prism.StatsStore { return setsLast{s} }),
	"last report first":         onStats("SaveStats adds after it sets", func(s *memory.Store) prism.StatsStore { return lastReportFirst{s} }),
	"refuses unknown lives":     onStats("reports and heartbeats of lives that do not exist", func(s *memory.Store) prism.StatsStore { return refusesUnknown{s} }),
	"applies one by one":        onStats("a report that is not valid", func(s *memory.Store) prism.StatsStore { return oneByOne{s} }),
	"ignores Add.Viewers":       onStats("a report that is not valid", func(s *memory.Store) prism.StatsStore { return ignoresAddedViewers{s} }),
	"every heartbeat is a view": onStats("SaveViewers counts as ViewerSeen does", func(s *memory.Store) prism.StatsStore { return &everyBeatAView{Store: s} }),
	"folds viewers' case":       onStats("viewers are told apart", func(s *memory.Store) prism.StatsStore { return foldsViewers{s} }),
	"takes few heartbeats":      onStats("a call takes MaxStatsBatch", func(s *memory.Store) prism.StatsStore { return takesFew{s} }),
	"reports modify":            onStats("reports do not move ModifiedAt", func(s *memory.Store) prism.StatsStore { return reportsModify{s} }),
	"reads, then writes":        onStats("increments of parallel calls", func(s *memory.Store) prism.StatsStore { return readsThenWrites{s} }),
	"looks for viewers, then counts": onStats("parallel heartbeats of one viewer", func(s *memory.Store) prism.StatsStore {
		return &looksThenCounts{Store: s, known: make(map[string]bool)}
	}),
	"overwrites its own count": onStats("what a store counts itself", func(s *memory.Store) prism.StatsStore { return readsThenWrites{s} }),
	"keeps viewers over the end": {"reported viewers stay until", func(f *prismtest.Fixture, s *memory.Store) {
		k := &keepsViewers{Store: s, viewers: make(map[string]int64)}
		f.Lives, f.Stats, f.SecondStats = k, k, nil
	}},
	"takes viewers off air": {"numbers are taken in any state", func(f *prismtest.Fixture, s *memory.Store) {
		k := &keepsViewers{Store: s, viewers: make(map[string]int64)}
		f.Lives, f.Stats, f.SecondStats = k, k, nil
	}},
	"takes viewers off air, found by chance": {"lives follow the state machine", func(f *prismtest.Fixture, s *memory.Store) {
		k := &keepsViewers{Store: s, viewers: make(map[string]int64)}
		f.Lives, f.Stats, f.SecondStats = k, k, nil
	}},
	"shows reported viewers only": {"viewers who are seen come on top", func(f *prismtest.Fixture, s *memory.Store) {
		k := &keepsViewers{Store: s, viewers: make(map[string]int64), instead: true}
		f.Lives, f.Stats, f.SecondStats = k, k, nil
	}},
	"viewers never leave": {"a viewer by SaveViewers is gone", func(f *prismtest.Fixture, s *memory.Store) {
		k := &neverLeave{Store: s}
		f.Lives, f.Stats, f.SecondStats = k, k, nil
	}},
	"saves without ctx": onStats("a call whose ctx is over", func(s *memory.Store) prism.StatsStore { return savesAnyway{s} }),
}

func onStats(rule string, broken func(s *memory.Store) prism.StatsStore) mistake {
	return mistake{rule, func(f *prismtest.Fixture, s *memory.Store) { f.Stats, f.SecondStats = broken(s), nil }}
}

type zeroIsNothing struct{ *memory.Store }

func (s zeroIsNothing) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	reports = slices.Clone(reports)
	for i := range reports {
		if n := reports[i].Set.Views; n != nil && *n == 0 {
			reports[i].Set.Views = nil
		}
	}
	return s.Store.SaveStats(ctx, reports)
}

type setsLast struct{ *memory.Store }

func (s setsLast) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	reports = slices.Clone(reports)
	for i := range reports {
		if reports[i].Set.Views != nil {
			reports[i].Add.Views = 0
		}
	}
	return s.Store.SaveStats(ctx, reports)
}

type lastReportFirst struct{ *memory.Store }

func (s lastReportFirst) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	reports = slices.Clone(reports)
	slices.Reverse(reports)
	return s.Store.SaveStats(ctx, reports)
}

type refusesUnknown struct{ *memory.Store }

func (s refusesUnknown) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	for _, r := range reports {
		if _, err := s.WatchLive(ctx, r.LiveID); err != nil {
			return err
		}
	}
	return s.Store.SaveStats(ctx, reports)
}

type oneByOne struct{ *memory.Store }

func (s oneByOne) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	for i := range reports {
		if err := s.Store.SaveStats(ctx, reports[i:i+1]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

type ignoresAddedViewers struct{ *memory.Store }

func (s ignoresAddedViewers) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	reports = slices.Clone(reports)
	for i := range reports {
		reports[i].Add.Viewers = 0
	}
	return s.Store.SaveStats(ctx, reports)
}

type everyBeatAView struct {
	*memory.Store
	calls int
}

func (s *everyBeatAView) SaveViewers(ctx context.Context, beats []prism.ViewerHeartbeat) error {
	s.calls++
	beats = slices.Clone(beats)
	for i := range beats {
		beats[i].ViewerID += fmt.Sprint(" ", s.calls)
	}
	return s.Store.SaveViewers(ctx, beats)
}

type foldsViewers struct{ *memory.Store }

func (s foldsViewers) SaveViewers(ctx context.Context, beats []prism.ViewerHeartbeat) error {
	beats = slices.Clone(beats)
	for i := range beats {
		beats[i].ViewerID = strings.ToLower(beats[i].ViewerID)
	}
	return s.Store.SaveViewers(ctx, beats)
}

type takesFew struct{ *memory.Store }

func (s takesFew) SaveViewers(ctx context.Context, beats []prism.ViewerHeartbeat) error {
	return s.Store.SaveViewers(ctx, beats[:min(len(beats), 500)])
}

type reportsModify struct{ *memory.Store }

func (s reportsModify) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	for _, r := range reports {
		if _, err := s.UpdateLive(ctx, "minji", r.LiveID, prism.LiveUpdate{}); err != nil {
			return err
		}
	}
	return s.Store.SaveStats(ctx, reports)
}

// readsThenWrites adds in the program and not in the database.
type readsThenWrites struct{ *memory.Store }

func (s readsThenWrites) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	for _, r := range reports {
		l, err := s.WatchLive(ctx, r.LiveID)
		if err != nil {
			return err
		}
		views, likes, chats := l.Stats.Views+r.Add.Views, l.Stats.Likes+r.Add.Likes, l.Stats.Chats+r.Add.Chats
		time.Sleep(time.Millisecond)
		set := prism.StatsValues{Views: &views, Likes: &likes, Chats: &chats}
		if err := s.Store.SaveStats(ctx, []prism.StatsReport{{LiveID: r.LiveID, Set: set}}); err != nil {
			return err
		}
	}
	return nil
}

// looksThenCounts finds out who is new before it stores who was there.
type looksThenCounts struct {
	*memory.Store
	mu    sync.Mutex
	known map[string]bool
}

func (s *looksThenCounts) SaveViewers(ctx context.Context, beats []prism.ViewerHeartbeat) error {
	var fresh []prism.StatsReport
	s.mu.Lock()
	for _, b := range beats {
		if !s.known[b.ViewerID] {
			fresh = append(fresh, prism.StatsReport{LiveID: b.LiveID, Add: prism.LiveStats{Views: 1}})
		}
	}
	s.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	s.mu.Lock()
	for _, b := range beats {
		s.known[b.ViewerID] = true
	}
	s.mu.Unlock()
	return s.SaveStats(ctx, fresh)
}

// keepsViewers reports the viewers of a live anew when it starts, or shows
// them instead of what was counted.
type keepsViewers struct {
	*memory.Store
	viewers map[string]int64
	instead bool
}

func (s *keepsViewers) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	for _, r := range reports {
		if r.Set.Viewers != nil {
			s.viewers[r.LiveID] = *r.Set.Viewers
		}
	}
	return s.Store.SaveStats(ctx, reports)
}

func (s *keepsViewers) StartLive(ctx context.Context, u, id string) (prism.StartResult, error) {
	r, err := s.Store.StartLive(ctx, u, id)
	if n, ok := s.viewers[id]; ok && err == nil && r.Changed {
		err = s.Store.SaveStats(ctx, []prism.StatsReport{{LiveID: id, Set: prism.StatsValues{Viewers: &n}}})
	}
	return r, err
}

func (s *keepsViewers) Live(ctx context.Context, u, id string) (prism.Live, error) {
	l, err := s.Store.Live(ctx, u, id)
	if n, ok := s.viewers[id]; ok && s.instead {
		l.Stats.Viewers = n
	}
	return l, err
}

type neverLeave struct {
	*memory.Store
	beats []prism.ViewerHeartbeat
}

func (s *neverLeave) SaveViewers(ctx context.Context, beats []prism.ViewerHeartbeat) error {
	s.beats = append(s.beats, beats...)
	return s.Store.SaveViewers(ctx, beats)
}

func (s *neverLeave) Live(ctx context.Context, u, id string) (prism.Live, error) {
	if err := s.Store.SaveViewers(ctx, s.beats); err != nil {
		return prism.Live{}, err
	}
	return s.Store.Live(ctx, u, id)
}

type savesAnyway struct{ *memory.Store }

func (s savesAnyway) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	return s.Store.SaveStats(context.WithoutCancel(ctx), reports)
}
