package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// StartLive implements prism.LiveStore.
func (s *Store) StartLive(ctx context.Context, userID, liveID string) (prism.StartResult, error) {
	var result prism.StartResult
	err := s.write(ctx, func(t transaction) error {
		result = prism.StartResult{}
		state, err := t.liveState(liveID)
		switch {
		case err != nil:
			return err
		case state.ownerID != userID:
			return notFound("live")
		case !state.enabled:
			return channelDisabled()
		}
		if state.status != prism.StatusOnAir {
			now := t.now()
			if result.Ended, err = t.endOnAir(state.channelID, liveID, now); err != nil {
				return err
			}
			if err = t.start(liveID, now); err != nil {
				return err
			}
			result.Changed = true
		}
		result.Live, err = t.live(liveID)
		return err
	})
	if err != nil {
		return prism.StartResult{}, err
	}
	return result, nil
}

// EndLive implements prism.LiveStore.
func (s *Store) EndLive(ctx context.Context, userID, liveID string, opt prism.EndOptions) (prism.EndResult, error) {
	var result prism.EndResult
	err := s.write(ctx, func(t transaction) error {
		result = prism.EndResult{}
		state, err := t.liveState(liveID)
		switch {
		case err != nil:
			return err
		case state.ownerID != userID && !opt.AsService:
			return notFound("live")
		}
		result.Changed = state.status == prism.StatusOnAir &&
			(opt.OnlyBroadcast == 0 || opt.OnlyBroadcast == state.broadcast)
		if result.Changed && !opt.IdleBefore.IsZero() {
			if result.Changed, err = t.idle(liveID, opt.IdleBefore); err != nil {
				return err
			}
		}
		if result.Changed {
			if err := t.end(liveID, t.now()); err != nil {
				return err
			}
		}
		result.Live, err = t.live(liveID)
		return err
	})
	if err != nil {
		return prism.EndResult{}, err
	}
	return result, nil
}

// idle reports whether a live on air has had no packet since the given time,
// and keeps new ones waiting.
func (t transaction) idle(liveID string, since time.Time) (bool, error) {
	var seenAt int64
	err := t.one("ingest", findSeen+t.engine.forUpdate, []any{liveID}, &seenAt)
	if err != nil {
		return false, err
	}
	return seenAt < micros(since), nil
}

const findSeen = `SELECT seen_at FROM prism_ingest WHERE live_id = ?`

// liveState is what the rules of state look at.
type liveState struct {
	channelID, ownerID string
	enabled            bool
	status             prism.Status
	broadcast          int
}

const findState = `
	SELECT l.channel_id, c.owner_id, CASE WHEN u.disabled = 0 THEN c.enabled ELSE 0 END, l.status, l.broadcast
	FROM prism_live l
	JOIN prism_channel c ON c.id = l.channel_id
	JOIN prism_user u ON u.id = c.owner_id
	WHERE l.id = ?`

// Whoever changes a status has locked the channel, since the rule of one live
// on air is about the channel, and locks taken in one order never meet.
const (
	lockChannel   = `SELECT 1 FROM prism_channel WHERE id = ?`
	lockChannelOf = `SELECT 1 FROM prism_channel WHERE id = (SELECT channel_id FROM prism_live WHERE id = ?)`
)

// liveState locks the live's channel and reads the state.
func (t transaction) liveState(liveID string) (liveState, error) {
	var s liveState
	if err := t.lock("live", lockChannelOf, liveID); err != nil {
		return s, err
	}
	err := t.one("live", findState, []any{liveID},
		&s.channelID, &s.ownerID, &s.enabled, &s.status, &s.broadcast)
	return s, err
}

// lockTwoLives locks in the order in which all who lock many lives do it.
const lockTwoLives = `SELECT id FROM prism_live WHERE id IN (?, ?) ORDER BY id`

const findOnAir = `SELECT id FROM prism_live WHERE channel_id = ? AND status = 'ON_AIR'`

// endOnAir ends the channel's live that is on air and returns it, or nil. The
// channel must be locked. starting is the live that is to take its place, or
// "".
func (t transaction) endOnAir(channelID, starting string, now time.Time) (*prism.Live, error) {
	var liveID string
	err := t.one("live on air", findOnAir, []any{channelID}, &liveID)
	if errors.Is(err, prism.ErrNotFound) {
		return nil, nil
	}
	if err == nil && starting != "" && t.engine.forUpdate != "" {
		_, err = t.ids(lockTwoLives+t.engine.forUpdate, liveID, starting)
	}
	if err == nil {
		err = t.end(liveID, now)
	}
	if err != nil {
		return nil, err
	}
	ended, err := t.live(liveID)
	return &ended, err
}

// start begins a broadcast. The channel must have no other live on air.
func (t transaction) start(liveID string, now time.Time) error {
	n, err := t.exec(`
		UPDATE prism_live
		SET status = 'ON_AIR', broadcast = broadcast + 1, started_at = ?, modified_at = ?
		WHERE id = ?`, micros(now), micros(now), liveID)
	if err == nil && n == 0 {
		err = notFound("live") // it was swept since it was read
	}
	if err != nil {
		return err
	}
	return t.awaitIngest(liveID, now)
}

// awaitIngest makes the row that a live on air has in prism_ingest.
func (t transaction) awaitIngest(liveID string, since time.Time) error {
	_, err := t.exec(`INSERT INTO prism_ingest (live_id, session, seen_at) VALUES (?, NULL, ?)`, liveID, micros(since))
	return err
}

// end ends the broadcast of a live that is on air. It leaves the viewers, who
// can be many: no query takes them for those of another broadcast, and a sweep
// deletes them.
func (t transaction) end(liveID string, now time.Time) error {
	_, err := t.exec(`UPDATE prism_live SET status = 'END', ended_at = ?, modified_at = ? WHERE id = ?`,
		micros(now), micros(now), liveID)
	if err == nil {
		_, err = t.exec(`DELETE FROM prism_ingest WHERE live_id = ?`, liveID)
	}
	return err
}

func channelDisabled() error { return fmt.Errorf("no broadcast: %w", prism.ErrChannelDisabled) }
