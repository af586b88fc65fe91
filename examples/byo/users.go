package main

import (
	"context"

	"github.com/b2bprism/b2bprism/prism"
)

func (m *market) User(ctx context.Context, userID string) (prism.User, error) {
	return get[prism.User](ctx, m.pool, `
		SELECT json_build_object('ID', id::text, 'Name', nickname, 'ThumbnailURL', @site || avatar_path,
			'Disabled', suspended_at IS NOT NULL OR left_at IS NOT NULL)
		FROM members WHERE id = @user`, m.args(userID, "", nil))
}
