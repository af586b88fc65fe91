package memory

import (
	"context"
	"slices"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// SweepLives implements prism.SweepStore. It looks at all lives of the store.
func (s *Store) SweepLives(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	var duplicates []*liveRecord
	for _, c := range s.channels {
		duplicates = append(duplicates, c.duplicates(before)...)
	}
	slices.SortFunc(duplicates, byCreation)
	duplicates = duplicates[:min(len(duplicates), max(limit, 0))]
	for _, l := range duplicates {
		s.forget(l)
	}
	return len(duplicates), nil
}

// twins is what lives have in common that may be duplicates of each other.
type twins struct {
	title, description string
	scope              prism.Scope
}

// duplicates returns the duplicates of the channel that were created before
// the given time.
func (c *channelRecord) duplicates(before time.Time) []*liveRecord {
	alike := make(map[twins][]*liveRecord)
	for _, l := range c.lives {
		key := twins{l.live.Title, l.live.Description, l.live.Scope}
		alike[key] = append(alike[key], l)
	}
	var found []*liveRecord
	for _, lives := range alike {
		slices.SortFunc(lives, byCreation)
		for i, l := range lives {
			neverStarted := l.live.Status == prism.StatusReserved && l.live.Broadcast == 0
			if neverStarted && l.live.CreatedAt.Before(before) && l.repeated(lives[i+1:]) {
				found = append(found, l)
			}
		}
	}
	return found
}

// repeated reports whether the second try is among the lives that are alike,
// ordered by creation, and not older.
func (l *liveRecord) repeated(alike []*liveRecord) bool {
	for _, other := range alike {
		later := other.live.CreatedAt.Sub(l.live.CreatedAt)
		if later > prism.DuplicateWindow {
			return false
		}
		if later > 0 && other.live.ReservedAt.Sub(l.live.ReservedAt).Abs() <= prism.DuplicateWindow {
			return true
		}
	}
	return false
}

func byCreation(a, b *liveRecord) int { return a.live.CreatedAt.Compare(b.live.CreatedAt) }

// forget deletes a live that is not on air. The lock must be held.
func (s *Store) forget(l *liveRecord) {
	delete(s.lives, l.live.ID)
	delete(s.keys, l.key)
	delete(l.channel.lives, l.live.ID)
}
