package main

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/b2bprism/b2bprism/prism"
)

// Messages has comments.seq for a cursor, see prism.sql. It finds one row for
// an empty chat, and none for a live that is not the user's.
func (m *market) Messages(ctx context.Context, userID, liveID string, query prism.ChatQuery) (prism.ChatPage, error) {
	return get[prism.ChatPage](ctx, m.pool, `
		SELECT json_build_object('Next', COALESCE(max(c.seq), @after, 0), 'Messages', json_agg(json_build_object(
			'ID', c.id::text, 'At', c.created_at, 'Text', c.body,
			'AuthorID', a.id::text, 'AuthorName', a.nickname, 'AuthorThumbnailURL', @site || a.avatar_path,
			'LiveOwner', r.role = 'owner', 'LiveManager', r.role IN ('host', 'moderator')) ORDER BY c.seq) FILTER (WHERE c.id IS NOT NULL))`+accessLive+`
		LEFT JOIN LATERAL (
			SELECT * FROM comments WHERE broadcast_id = b.id AND hidden_at IS NULL AND seq >= COALESCE(@after::bigint + 1, (
				SELECT min(seq) FROM (
					SELECT seq FROM comments WHERE broadcast_id = b.id AND hidden_at IS NULL ORDER BY seq DESC LIMIT @limit) latest))
			ORDER BY seq LIMIT @limit
		) c ON true
		LEFT JOIN members a ON a.id = c.author_id
		LEFT JOIN studio_members r ON r.studio_id = s.id AND r.member_id = a.id
		GROUP BY b.id`, m.args(userID, liveID, pgx.NamedArgs{"after": query.After, "limit": query.Limit}))
}

// SendMessage leaves the number of the comment to the trigger.
func (m *market) SendMessage(ctx context.Context, userID, liveID, text string) error {
	_, err := get[int64](ctx, m.pool, `
		INSERT INTO comments (broadcast_id, author_id, body) SELECT b.id, m.member_id, @text`+accessLive+` RETURNING id`,
		m.args(userID, liveID, pgx.NamedArgs{"text": text}))
	return err
}
