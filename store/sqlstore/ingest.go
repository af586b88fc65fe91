package sqlstore

import (
	"context"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// listIdle reads prism_ingest in the order of its index, so it looks only at
// lives that are idle.
const listIdle = `SELECT` + liveColumns + `
	FROM prism_ingest i
	JOIN prism_live l ON l.id = i.live_id
	JOIN prism_live_stat n ON n.live_id = l.id
	JOIN prism_channel c ON c.id = l.channel_id
	WHERE i.seen_at < ?
	ORDER BY i.seen_at, i.live_id LIMIT ?`

// LiveByStreamKey implements prism.IngestStore.
func (s *Store) LiveByStreamKey(ctx context.Context, digest [32]byte) (prism.Live, error) {
	return s.readLive(ctx, findByKey, s.watchingAfter(), digest[:])
}

// IdleLives implements prism.IngestStore.
func (s *Store) IdleLives(ctx context.Context, before time.Time, limit int) ([]prism.Live, error) {
	return s.readLives(ctx, listIdle, limit, s.watchingAfter(), micros(before))
}

// The row of prism_ingest is there exactly as long as the live is on air, so
// that these statements need not look at the live's status.
const (
	startIngest = `
		UPDATE prism_ingest SET session = ?, seen_at = ?
		WHERE live_id = ? AND EXISTS (SELECT 1 FROM prism_live WHERE id = ? AND broadcast = ?)`
	seeIngest = `UPDATE prism_ingest SET seen_at = ? WHERE live_id = ? AND session = ?`
	endIngest = `UPDATE prism_ingest SET session = NULL WHERE live_id = ? AND session = ?`
)

// IngestStarted implements prism.IngestStore.
func (s *Store) IngestStarted(ctx context.Context, liveID string, broadcast int, session string) error {
	return s.write(ctx, func(t transaction) error {
		n, err := t.exec(startIngest, session, micros(t.now()), liveID, liveID, broadcast)
		if err != nil || n > 0 {
			return err
		}
		if err := t.isLive(liveID); err != nil {
			return err
		}
		return conflict("the live is not on air with this broadcast")
	})
}

// IngestSeen implements prism.IngestStore.
func (s *Store) IngestSeen(ctx context.Context, liveID, session string) error {
	return s.write(ctx, func(t transaction) error {
		n, err := t.exec(seeIngest, micros(t.now()), liveID, session)
		if err != nil || n > 0 {
			return err
		}
		if err := t.isLive(liveID); err != nil {
			return err
		}
		return conflict("the session is not the publisher's")
	})
}

// IngestEnded implements prism.IngestStore.
func (s *Store) IngestEnded(ctx context.Context, liveID, session string) error {
	return s.write(ctx, func(t transaction) error {
		n, err := t.exec(endIngest, liveID, session)
		if err != nil || n > 0 {
			return err
		}
		return t.isLive(liveID)
	})
}

// isLive returns prism.ErrNotFound for a live that does not exist.
func (t transaction) isLive(liveID string) error {
	var found int
	return t.one("live", `SELECT 1 FROM prism_live WHERE id = ?`, []any{liveID}, &found)
}
