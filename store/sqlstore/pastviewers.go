package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/b2bprism/b2bprism/prism"
)

// The viewers of a broadcast stay when it is over. They are told by its number,
// which only grows, so whoever deletes them need not keep the live from being
// started meanwhile: rows of that broadcast are none of theirs.
const (
	// nextWatched finds the first live after another that has any viewer
	// stored, and the broadcast before which its viewers are past.
	nextWatched = `
		SELECT l.id, CASE WHEN l.status = 'ON_AIR' THEN l.broadcast ELSE l.broadcast + 1 END
		FROM prism_live l
		WHERE l.id = (SELECT v.live_id FROM prism_viewer v WHERE v.live_id > ? ORDER BY v.live_id LIMIT 1)`
	pastViewers = `SELECT viewer_id FROM prism_viewer WHERE live_id = ? AND broadcast < ? ORDER BY broadcast, seen_at LIMIT ?`
)

// pastViewerSteps bounds how many transactions one sweep makes for them.
const pastViewerSteps = 100

// sweepPastViewers deletes viewers of broadcasts that are over, in transactions
// of up to limit rows each. What is left after pastViewerSteps of them waits
// for the next sweep. To find them it reads two rows for each live that has
// viewers.
func (s *Store) sweepPastViewers(ctx context.Context, limit int) error {
	if limit < 1 {
		return nil
	}
	var liveID string
	for steps := 0; steps < pastViewerSteps; {
		var before int64
		err := s.readOne(ctx, "live with viewers", nextWatched, []any{liveID}, &liveID, &before)
		if errors.Is(err, prism.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		more, err := s.anyPastViewer(ctx, liveID, before)
		for ; err == nil && more && steps < pastViewerSteps; steps++ {
			var n int
			n, err = s.deletePastViewers(ctx, liveID, before, limit)
			more = n == limit
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) anyPastViewer(ctx context.Context, liveID string, before int64) (found bool, err error) {
	err = s.readAll(ctx, pastViewers, []any{liveID, before, 1}, func(*sql.Rows) error {
		found = true
		return nil
	})
	return found, err
}

func (s *Store) deletePastViewers(ctx context.Context, liveID string, before int64, limit int) (deleted int, err error) {
	err = s.write(ctx, func(t transaction) error {
		deleted = 0
		viewers, err := t.ids(pastViewers+t.engine.forSweep, liveID, before, limit)
		if err != nil {
			return err
		}
		for batch := range batches(viewers) {
			n, err := t.exec(`DELETE FROM prism_viewer WHERE live_id = ? AND viewer_id IN `+in(len(batch)),
				append([]any{liveID}, anyOf(batch)...)...)
			if err != nil {
				return err
			}
			deleted += int(n)
		}
		return nil
	})
	return deleted, err
}
