package sqlstore

import (
	"context"
	"math"

	"github.com/b2bprism/b2bprism/prism"
)

const listOnAir = liveQuery + `l.status = 'ON_AIR' ORDER BY l.started_at DESC, l.created_at DESC, l.id LIMIT ?`

// WatchLive implements prism.Audience.
func (s *Store) WatchLive(ctx context.Context, liveID string) (prism.Live, error) {
	l, err := s.readLive(ctx, findAnyLive, s.watchingAfter(), liveID)
	return forViewers(l), err
}

// LivesOnAir implements prism.Audience.
func (s *Store) LivesOnAir(ctx context.Context, limit int) ([]prism.Live, error) {
	lives, err := s.readLives(ctx, listOnAir, limit, s.watchingAfter())
	for i := range lives {
		lives[i] = forViewers(lives[i])
	}
	return lives, err
}

// forViewers takes out what only the owner may see.
func forViewers(l prism.Live) prism.Live {
	l.RTMPPath, l.ForUser = "", ""
	return l
}

const addLikes = `UPDATE prism_live_stat SET likes = CASE WHEN likes > ? THEN ? ELSE likes + ? END WHERE live_id = ?`

// AddLikes implements prism.Audience. It returns prism.ErrInvalid for a
// negative n. Likes that would pass the largest int64 stay there.
func (s *Store) AddLikes(ctx context.Context, liveID string, n int) error {
	if n < 0 {
		return prism.InvalidField("n", "is negative")
	}
	return s.write(ctx, func(t transaction) error {
		found, err := t.exec(addLikes, math.MaxInt64-int64(n), int64(math.MaxInt64), n, liveID)
		if err == nil && found == 0 {
			err = notFound("live")
		}
		return err
	})
}
