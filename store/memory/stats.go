package memory

import (
	"context"
	"math"

	"github.com/b2bprism/b2bprism/prism"
)

// SaveStats implements prism.StatsStore. A number that would pass the largest
// int64 stays there.
func (s *Store) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	for _, r := range reports {
		if err := r.Check(); err != nil {
			return err
		}
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, r := range reports {
		l, ok := s.lives[r.LiveID]
		if !ok {
			continue
		}
		stats := &l.live.Stats
		take(&stats.Views, r.Set.Views, r.Add.Views)
		take(&stats.Likes, r.Set.Likes, r.Add.Likes)
		take(&stats.Chats, r.Set.Chats, r.Add.Chats)
		if l.live.Status == prism.StatusOnAir {
			take(&l.reported, r.Set.Viewers, 0)
		}
	}
	return nil
}

// SaveViewers implements prism.StatsStore.
func (s *Store) SaveViewers(ctx context.Context, heartbeats []prism.ViewerHeartbeat) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	now := s.now()
	for _, h := range heartbeats {
		if l, ok := s.lives[h.LiveID]; ok && l.live.Status == prism.StatusOnAir {
			l.viewerSeen(h.ViewerID, now)
		}
	}
	return nil
}

func take(stored, set *int64, add int64) {
	if set != nil {
		*stored = *set
	}
	*stored = addCount(*stored, add)
}

// addCount adds two numbers that are not negative.
func addCount(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
