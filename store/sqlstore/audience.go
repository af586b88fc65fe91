package sqlstore

import (
	"context"

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

const seeViewer = `UPDATE prism_viewer SET seen_at = ? WHERE live_id = ? AND viewer_id = ?`

// ViewerSeen implements prism.Audience. It returns prism.ErrConflict, and
// counts nothing, when the live is not on air.
func (s *Store) ViewerSeen(ctx context.Context, liveID, viewerID string) error {
	return s.write(ctx, func(t transaction) error {
		var status prism.Status
		err := t.one("live", `SELECT status FROM prism_live WHERE id = ?`+t.engine.forShare, []any{liveID}, &status)
		if err != nil {
			return err
		}
		if status != prism.StatusOnAir {
			return conflict("the live is not on air")
		}
		now := micros(t.now())
		if n, err := t.exec(seeViewer, now, liveID, viewerID); err != nil || n > 0 {
			return err
		}
		_, err = t.exec(`INSERT INTO prism_viewer (live_id, viewer_id, seen_at) VALUES (?, ?, ?)`, liveID, viewerID, now)
		if err == nil {
			_, err = t.exec(`UPDATE prism_live_stat SET views = views + 1 WHERE live_id = ?`, liveID)
		}
		return err
	})
}

// AddLikes implements prism.Audience. It returns prism.ErrInvalid for a
// negative n.
func (s *Store) AddLikes(ctx context.Context, liveID string, n int) error {
	if n < 0 {
		return prism.InvalidField("n", "is negative")
	}
	return s.write(ctx, func(t transaction) error {
		found, err := t.exec(`UPDATE prism_live_stat SET likes = likes + ? WHERE live_id = ?`, n, liveID)
		if err == nil && found == 0 {
			err = notFound("live")
		}
		return err
	})
}
