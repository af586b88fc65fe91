package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/b2bprism/b2bprism/prism"
)

// channelQuery ends with a condition. Channels of a disabled owner are
// disabled.
const channelQuery = `
	SELECT c.id, c.owner_id, c.name, CASE WHEN u.disabled = 0 THEN c.enabled ELSE 0 END,
		c.link, c.description, c.tags, c.thumbnail_url, c.follower_count, c.modified_at, c.created_at
	FROM prism_channel c
	JOIN prism_user u ON u.id = c.owner_id
	WHERE `

const (
	findChannel  = channelQuery + `c.id = ? AND c.owner_id = ?`
	listChannels = channelQuery + `c.owner_id = ? ORDER BY c.modified_at DESC, c.created_at DESC, c.id`
)

// channelRow is a row of channelQuery.
type channelRow struct {
	channel              prism.Channel
	tags                 string
	modifiedAt, createAt int64
}

func (r *channelRow) dest() []any {
	c := &r.channel
	return []any{
		&c.ID, &c.ForUser, &c.Name, &c.Enabled, &c.Link, &c.Description, &r.tags,
		&c.ThumbnailURL, &c.FollowerCount, &r.modifiedAt, &r.createAt,
	}
}

func (r *channelRow) view() (prism.Channel, error) {
	c := r.channel
	c.ModifiedAt, c.CreatedAt = fromMicros(r.modifiedAt), fromMicros(r.createAt)
	if err := json.Unmarshal([]byte(r.tags), &c.Tags); err != nil {
		return prism.Channel{}, fmt.Errorf("prism_channel.tags: %w", err)
	}
	return c, nil
}

// Channels implements prism.ChannelStore.
func (s *Store) Channels(ctx context.Context, userID string) ([]prism.Channel, error) {
	list := []prism.Channel{}
	err := s.readAll(ctx, listChannels, []any{userID}, func(rows *sql.Rows) error {
		var r channelRow
		if err := rows.Scan(r.dest()...); err != nil {
			return err
		}
		c, err := r.view()
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Channel implements prism.ChannelStore.
func (s *Store) Channel(ctx context.Context, userID, channelID string) (prism.Channel, error) {
	var r channelRow
	if err := s.readOne(ctx, "channel", findChannel, []any{channelID, userID}, r.dest()...); err != nil {
		return prism.Channel{}, err
	}
	c, err := r.view()
	if err != nil {
		return prism.Channel{}, fmt.Errorf("sqlstore: %w", failure(ctx, err))
	}
	return c, nil
}

// PutChannel implements prism.Directory. The owner must be a user of the
// store, else it returns prism.ErrNotFound. A channel may change its owner. It
// returns prism.ErrInvalid for an id that cannot travel.
func (s *Store) PutChannel(ctx context.Context, ownerID string, channel prism.Channel) error {
	if err := checkID("Channel.ID", channel.ID); err != nil {
		return err
	}
	tags, err := json.Marshal(channel.Tags)
	if err != nil {
		return fmt.Errorf("sqlstore: Channel.Tags: %w", err)
	}
	now := s.now()
	return s.write(ctx, func(t transaction) error {
		if err := t.isUser("owner of the channel", ownerID); err != nil {
			return err
		}
		_, err := t.exec(t.engine.putChannel,
			channel.ID, ownerID, channel.Name, bit(channel.Enabled), channel.Link, channel.Description, string(tags),
			channel.ThumbnailURL, channel.FollowerCount,
			micros(timeOr(channel.ModifiedAt, now)), micros(timeOr(channel.CreatedAt, now)),
			microsOrNull(channel.ModifiedAt), microsOrNull(channel.CreatedAt))
		return err
	})
}

// SetChannelEnabled implements prism.Directory. ForUser of the live that comes
// back is the owner of the channel. It returns prism.ErrNotFound for an
// unknown channel.
func (s *Store) SetChannelEnabled(ctx context.Context, channelID string, enabled bool) (*prism.Live, error) {
	var ended *prism.Live
	err := s.write(ctx, func(t transaction) error {
		var was bool
		ended = nil
		err := t.one("channel", `SELECT enabled FROM prism_channel WHERE id = ?`+t.engine.forUpdate, []any{channelID}, &was)
		if err != nil {
			return err
		}
		now := t.now()
		if was != enabled {
			_, err = t.exec(`UPDATE prism_channel SET enabled = ?, modified_at = ? WHERE id = ?`,
				bit(enabled), micros(now), channelID)
		}
		if err == nil && !enabled {
			ended, err = t.endOnAir(channelID, "", now)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}
