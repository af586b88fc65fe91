package main

import (
	"context"

	"github.com/b2bprism/b2bprism/prism"
)

// A studio is a channel. It may go live unless it is paused, or its owner is
// suspended or has left.
const (
	channel = `json_build_object('ID', s.id, 'ForUser', m.member_id::text, 'Name', s.title,
		'Enabled', s.paused_at IS NULL AND u.suspended_at IS NULL AND u.left_at IS NULL,
		'Link', @site || '/studio/' || s.slug, 'Description', s.about, 'Tags', s.labels,
		'ThumbnailURL', @site || s.logo_path, 'FollowerCount', s.followers,
		'ModifiedAt', s.edited_at, 'CreatedAt', s.opened_at)`
	accessChannel = access + `
		JOIN studio_members o ON o.studio_id = s.id AND o.role = 'owner'
		JOIN members u ON u.id = o.member_id`
	selectChannel = `SELECT ` + channel + accessChannel
)

func (m *market) Channels(ctx context.Context, userID string) ([]prism.Channel, error) {
	return get[[]prism.Channel](ctx, m.pool, `
		SELECT json_agg(`+channel+` ORDER BY s.edited_at DESC, s.opened_at DESC)`+accessChannel, m.args(userID, "", nil))
}

func (m *market) Channel(ctx context.Context, userID, channelID string) (prism.Channel, error) {
	return get[prism.Channel](ctx, m.pool, selectChannel+` WHERE s.id = @id`, m.args(userID, channelID, nil))
}

// enabled refuses a channel that may not go live.
func enabled(c prism.Channel, err error) error {
	if err == nil && !c.Enabled {
		return prism.ErrChannelDisabled
	}
	return err
}
