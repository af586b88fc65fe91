package prismtest

import (
	"fmt"
	"slices"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// reporters is how many goroutines report at once.
	reporters = 64
	// reportRounds is how many calls each of them makes.
	reportRounds = 4
)

// statsOf is the handle of one of many parallel callers.
func (k *kit) statsOf(caller int) prism.StatsStore {
	if k.SecondStats != nil && caller%2 == 1 {
		return k.SecondStats
	}
	return k.Stats
}

func (s *suite) statsRaces() {
	s.rule("increments of parallel calls all count, whatever the order of the lives", func(k *kit) {
		lives := []prism.Live{k.create("first"), k.create("second"), k.create("third")}
		parallel(k, reporters, func(i int) (struct{}, error) {
			for range reportRounds {
				reports := make([]prism.StatsReport, len(lives))
				for j := range lives {
					// Rows that are locked in different orders make a database
					// give up on one of the calls.
					reports[j] = prism.StatsReport{LiveID: lives[(i+j)%len(lives)].ID, Add: prism.LiveStats{Views: 1, Likes: 2, Chats: 3}}
				}
				if i%2 == 0 {
					slices.Reverse(reports)
				}
				if err := k.statsOf(i).SaveStats(k.ctx, reports); err != nil {
					return struct{}{}, fmt.Errorf("SaveStats (sort the lives, or try again after a deadlock): %w", err)
				}
			}
			return struct{}{}, nil
		})
		const n = reporters * reportRounds
		for _, l := range lives {
			k.wantStats(fmt.Sprintf("after %d parallel increments", n), l.ID, prism.LiveStats{Views: n, Likes: 2 * n, Chats: 3 * n})
		}
	})
	s.rule("parallel heartbeats of one viewer count one view", func(k *kit) {
		l := k.onAir("popular")
		const viewers = 8
		parallel(k, reporters, func(i int) (struct{}, error) {
			beats := make([]prism.ViewerHeartbeat, viewers)
			for j := range beats {
				beats[j] = prism.ViewerHeartbeat{LiveID: l.ID, ViewerID: fmt.Sprint("viewer ", (i+j)%viewers)}
			}
			if i%2 == 0 {
				slices.Reverse(beats)
			}
			if err := k.statsOf(i).SaveViewers(k.ctx, beats); err != nil {
				return struct{}{}, fmt.Errorf("SaveViewers (sort the viewers, or try again after a deadlock): %w", err)
			}
			return struct{}{}, nil
		})
		k.wantStats("after parallel heartbeats of the same viewers", l.ID, prism.LiveStats{Views: viewers, Viewers: viewers})
	})
	s.rule("what a store counts itself and what is reported do not overwrite each other", func(k *kit) {
		l := k.onAir("both ways")
		parallel(k, reporters, func(i int) (struct{}, error) {
			if i%4 == 0 {
				beats := []prism.ViewerHeartbeat{{LiveID: l.ID, ViewerID: fmt.Sprint("viewer ", i)}}
				return struct{}{}, k.statsOf(i).SaveViewers(k.ctx, beats)
			}
			report := prism.StatsReport{LiveID: l.ID, Add: prism.LiveStats{Views: 1, Likes: 1}}
			return struct{}{}, k.statsOf(i).SaveStats(k.ctx, []prism.StatsReport{report})
		})
		const seen, added = reporters / 4, reporters - reporters/4
		k.wantStats("after parallel heartbeats and increments", l.ID, prism.LiveStats{Views: seen + added, Viewers: seen, Likes: added})
	})
}
