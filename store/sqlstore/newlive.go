package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// CreateLive implements prism.LiveStore.
func (s *Store) CreateLive(ctx context.Context, userID, channelID string, live prism.NewLive) (prism.Live, error) {
	var created prism.Live
	err := s.write(ctx, func(t transaction) error {
		if err := t.lock("channel", lockChannel, channelID); err != nil {
			return err
		}
		var enabled bool
		err := t.one("channel", `
			SELECT CASE WHEN u.disabled = 0 THEN c.enabled ELSE 0 END
			FROM prism_channel c
			JOIN prism_user u ON u.id = c.owner_id
			WHERE c.id = ? AND c.owner_id = ?`, []any{channelID, userID}, &enabled)
		if err != nil {
			return err
		}
		if !enabled {
			return channelDisabled()
		}
		now := t.now()
		id := newID(now)
		err = t.insertLive(prism.Live{
			ID:          id,
			ChannelID:   channelID,
			Title:       live.Title,
			Description: live.Description,
			Scope:       live.Scope,
			Status:      prism.StatusReserved,
			ReservedAt:  live.ReservedAt,
			ModifiedAt:  now,
			CreatedAt:   now,
		})
		if err == nil {
			created, err = t.live(id)
		}
		return err
	})
	if err != nil {
		return prism.Live{}, err
	}
	return created, nil
}

// UpdateLive implements prism.LiveUpdater. An update without any field moves
// ModifiedAt as well. It returns prism.ErrInvalid for an unknown scope.
func (s *Store) UpdateLive(ctx context.Context, userID, liveID string, update prism.LiveUpdate) (prism.Live, error) {
	if update.Scope != nil && *update.Scope != "" && !update.Scope.Valid() {
		return prism.Live{}, prism.InvalidField("scope", "is not a scope")
	}
	var reservedAt *int64
	if update.ReservedAt != nil {
		us := micros(*update.ReservedAt)
		reservedAt = &us
	}
	var updated prism.Live
	err := s.write(ctx, func(t transaction) error {
		if err := t.isLive(liveID); err != nil {
			return err
		}
		if texts := []any{update.Title, update.Description}; !t.engine.holdsAll(texts) {
			return prism.InvalidField("title or description", "is not a text that the database can hold")
		}
		n, err := t.exec(`
			UPDATE prism_live
			SET title = COALESCE(?, title),
				description = COALESCE(?, description),
				scope = COALESCE(?, scope),
				reserved_at = COALESCE(?, reserved_at),
				modified_at = ?
			WHERE id = ? AND channel_id IN (SELECT id FROM prism_channel WHERE owner_id = ?)`,
			update.Title, update.Description, scopeOrNull(update.Scope), reservedAt, micros(t.now()), liveID, userID)
		if err == nil && n == 0 {
			err = notFound("live")
		}
		if err == nil {
			updated, err = t.live(liveID)
		}
		return err
	})
	if err != nil {
		return prism.Live{}, err
	}
	return updated, nil
}

func scopeOrNull(scope *prism.Scope) *string {
	if scope == nil {
		return nil
	}
	stored := storedScope(*scope)
	return &stored
}

// storedScope writes out the scope that "" stands for.
func storedScope(scope prism.Scope) string {
	if scope == "" {
		return string(prism.ScopePublic)
	}
	return string(scope)
}

// PutLive implements prism.Directory. It returns prism.ErrNotFound for a live
// of an unknown channel, prism.ErrInvalid for an unknown status or scope, and
// prism.ErrConflict for a live on air while another of its channel is. An
// empty status is RESERVED. Only times that the status calls for are filled:
// a live on air without StartedAt began now. A live that has begun has a
// Broadcast of 1 or more. Stats.Viewers is not taken over: viewers count by
// their heartbeats.
func (s *Store) PutLive(ctx context.Context, live prism.Live) error {
	if err := checkID("Live.ID", live.ID); err != nil {
		return err
	}
	if live.Status == "" {
		live.Status = prism.StatusReserved
	}
	if !live.Status.Valid() {
		return prism.InvalidField("Live.Status", "is not a status")
	}
	if live.Scope != "" && !live.Scope.Valid() {
		return prism.InvalidField("Live.Scope", "is not a scope")
	}
	return s.write(ctx, func(t transaction) error {
		var onAir int
		if err := t.isLive(live.ID); !errors.Is(err, prism.ErrNotFound) {
			return err
		}
		if err := t.lock("channel of the live", lockChannel, live.ChannelID); err != nil {
			return err
		}
		err := t.one("channel of the live", `
			SELECT (SELECT COUNT(*) FROM prism_live l WHERE l.channel_id = c.id AND l.status = 'ON_AIR')
			FROM prism_channel c WHERE c.id = ?`, []any{live.ChannelID}, &onAir)
		if err != nil {
			return err
		}
		if live.Status == prism.StatusOnAir && onAir > 0 {
			return conflict("another live of the channel is on air")
		}
		return t.insertLive(withTimes(live, t.now()))
	})
}

// withTimes fills the times that the live's status calls for.
func withTimes(live prism.Live, now time.Time) prism.Live {
	live.CreatedAt = timeOr(live.CreatedAt, now)
	live.ModifiedAt = timeOr(live.ModifiedAt, now)
	live.ReservedAt = timeOr(live.ReservedAt, live.CreatedAt)
	if live.Status != prism.StatusReserved {
		live.StartedAt = timeOr(live.StartedAt, now)
		live.Broadcast = max(live.Broadcast, 1)
	}
	if live.Status == prism.StatusEnd {
		live.EndedAt = timeOr(live.EndedAt, now)
	}
	return live
}

// insertLive gives the live its stream key and writes all its rows.
func (t transaction) insertLive(l prism.Live) error {
	key := prism.NewStreamKey()
	digest := prism.KeyDigest(key)
	_, err := t.exec(`
		INSERT INTO prism_live (id, channel_id, title, description, scope, status, broadcast, stream_key, key_digest,
			playback_id, chat_tag, reserved_at, started_at, ended_at, modified_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		l.ID, l.ChannelID, l.Title, l.Description, storedScope(l.Scope), string(l.Status), l.Broadcast, key, digest[:],
		randomName(), randomName(), micros(l.ReservedAt), microsOrNull(l.StartedAt), microsOrNull(l.EndedAt),
		micros(l.ModifiedAt), micros(l.CreatedAt))
	if err != nil {
		return err
	}
	_, err = t.exec(`
		INSERT INTO prism_live_stat (live_id, views, likes, chats, chat_seq, chat_kept)
		VALUES (?, ?, ?, ?, 0, 0)`, l.ID, l.Stats.Views, l.Stats.Likes, l.Stats.Chats)
	if err == nil && l.Status == prism.StatusOnAir {
		err = t.awaitIngest(l.ID, l.StartedAt)
	}
	return err
}
