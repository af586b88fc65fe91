package sqlstore

import (
	"context"
	"database/sql"
	"math"

	"github.com/b2bprism/b2bprism/prism"
)

// liveColumns is all that a live is made of, so that each of the queries below
// is the only one its method needs. The argument in it is the time after which
// a viewer must have been seen to count. The viewers whom the host reported
// are a column of their own, since the sum may pass the largest number.
const liveColumns = `
	l.id, l.channel_id, c.owner_id, c.link, l.title, l.description, l.scope, l.status, l.broadcast,
	l.stream_key, l.playback_id, l.reserved_at, l.started_at, l.ended_at, l.modified_at, l.created_at,
	n.views, n.likes, n.chats,
	CASE WHEN l.status = 'ON_AIR' AND n.reported_in = l.broadcast THEN n.reported ELSE 0 END,
	CASE WHEN l.status = 'ON_AIR' THEN (
		SELECT COUNT(*) FROM prism_viewer v
		WHERE v.live_id = l.id AND v.broadcast = l.broadcast AND v.seen_at > ?) ELSE 0 END`

const liveQuery = `SELECT` + liveColumns + `
	FROM prism_live l
	JOIN prism_live_stat n ON n.live_id = l.id
	JOIN prism_channel c ON c.id = l.channel_id
	WHERE `

const (
	findLive = liveQuery + `l.id = ? AND c.owner_id = ?`
	// findAnyLive is for those who act for no user.
	findAnyLive = liveQuery + `l.id = ?`
	findByKey   = liveQuery + `l.key_digest = ?`
)

// A list starts from the channel, so that one query tells a channel without
// lives (a row of NULLs) from a channel that is not the user's (no row). It
// first picks the ids, which an index alone can do, since END lives can be
// many.
const (
	listQuery = `)
	SELECT` + liveColumns + `
	FROM prism_channel c
	LEFT JOIN listed ON TRUE
	LEFT JOIN prism_live l ON l.id = listed.id
	LEFT JOIN prism_live_stat n ON n.live_id = l.id
	WHERE c.id = ? AND c.owner_id = ?
	ORDER BY l.modified_at DESC, l.created_at DESC, l.id`

	listLives = `
	WITH listed (id) AS (
		SELECT id FROM (
			SELECT id FROM prism_live WHERE channel_id = ?
			ORDER BY modified_at DESC, created_at DESC, id LIMIT ?) newest
		UNION
		SELECT id FROM prism_live WHERE channel_id = ? AND status IN ('RESERVED', 'ON_AIR')` + listQuery
	listLivesByStatus = `
	WITH listed (id) AS (
		SELECT id FROM prism_live WHERE channel_id = ? AND status = ?
		ORDER BY modified_at DESC, created_at DESC, id LIMIT ?` + listQuery
)

// liveRow is a row of liveColumns. All can be NULL: see listQuery.
type liveRow struct {
	id, channelID, ownerID, channelLink sql.Null[string]
	title, description, scope, status   sql.Null[string]
	streamKey, playbackID               sql.Null[string]
	broadcast                           sql.Null[int]
	reservedAt, startedAt, endedAt      sql.Null[int64]
	modifiedAt, createdAt               sql.Null[int64]
	views, likes, chats                 sql.Null[int64]
	reported, viewers                   sql.Null[int64]
}

func (r *liveRow) dest() []any {
	return []any{
		&r.id, &r.channelID, &r.ownerID, &r.channelLink, &r.title, &r.description, &r.scope, &r.status, &r.broadcast,
		&r.streamKey, &r.playbackID, &r.reservedAt, &r.startedAt, &r.endedAt, &r.modifiedAt, &r.createdAt,
		&r.views, &r.likes, &r.chats, &r.reported, &r.viewers,
	}
}

// liveView is the live as its owner sees it.
func (s *Store) liveView(r *liveRow) prism.Live {
	l := prism.Live{
		ID:          r.id.V,
		ChannelID:   r.channelID.V,
		ForUser:     r.ownerID.V,
		Title:       r.title.V,
		Description: r.description.V,
		RTMPPath:    prism.RTMPPath(s.base, r.streamKey.V),
		PlaybackID:  r.playbackID.V,
		Status:      prism.Status(r.status.V),
		Scope:       prism.Scope(r.scope.V),
		Broadcast:   r.broadcast.V,
		ReservedAt:  fromMicrosOrNull(r.reservedAt),
		StartedAt:   fromMicrosOrNull(r.startedAt),
		EndedAt:     fromMicrosOrNull(r.endedAt),
		ModifiedAt:  fromMicrosOrNull(r.modifiedAt),
		CreatedAt:   fromMicrosOrNull(r.createdAt),
		Stats: prism.LiveStats{
			Views: r.views.V, Viewers: addCount(r.reported.V, r.viewers.V), Likes: r.likes.V, Chats: r.chats.V,
		},
	}
	if s.liveLink != nil {
		l.Link = s.liveLink(l.ID)
	}
	if l.Link == "" {
		l.Link = r.channelLink.V
	}
	return l
}

// watchingAfter is the argument of liveColumns.
func (s *Store) watchingAfter() int64 { return micros(s.now().Add(-prism.ViewerTimeout)) }

// Live implements prism.LiveStore.
func (s *Store) Live(ctx context.Context, userID, liveID string) (prism.Live, error) {
	return s.readLive(ctx, findLive, s.watchingAfter(), liveID, userID)
}

func (s *Store) readLive(ctx context.Context, query string, args ...any) (prism.Live, error) {
	var r liveRow
	if err := s.readOne(ctx, "live", query, args, r.dest()...); err != nil {
		return prism.Live{}, err
	}
	return s.liveView(&r), nil
}

// live reads a live within the transaction.
func (t transaction) live(liveID string) (prism.Live, error) {
	var r liveRow
	if err := t.one("live", findAnyLive, []any{t.watchingAfter(), liveID}, r.dest()...); err != nil {
		return prism.Live{}, err
	}
	return t.liveView(&r), nil
}

// Lives implements prism.LiveStore.
func (s *Store) Lives(ctx context.Context, userID, channelID string, filter prism.LiveFilter) ([]prism.Live, error) {
	// SQL has no word for "no limit" that every engine knows.
	limit := int64(math.MaxInt64)
	if filter.Limit > 0 {
		limit = int64(filter.Limit)
	}
	query, args := listLives, []any{channelID, limit, channelID, s.watchingAfter(), channelID, userID}
	if filter.Status != "" {
		if filter.Status != prism.StatusEnd {
			limit = math.MaxInt64 // the limit never drops a RESERVED or ON_AIR live
		}
		query, args = listLivesByStatus, []any{channelID, string(filter.Status), limit, s.watchingAfter(), channelID, userID}
	}
	list, owned := []prism.Live{}, false
	err := s.readAll(ctx, query, args, func(rows *sql.Rows) error {
		var r liveRow
		if err := rows.Scan(r.dest()...); err != nil {
			return err
		}
		owned = true
		if r.id.Valid {
			list = append(list, s.liveView(&r))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !owned {
		return nil, notFound("sqlstore: channel")
	}
	return list, nil
}

// readLives runs a query of liveColumns. With limit 0 or less it finds none.
func (s *Store) readLives(ctx context.Context, query string, limit int, args ...any) ([]prism.Live, error) {
	list := []prism.Live{}
	err := s.readAll(ctx, query, append(args, max(limit, 0)), func(rows *sql.Rows) error {
		var r liveRow
		if err := rows.Scan(r.dest()...); err != nil {
			return err
		}
		list = append(list, s.liveView(&r))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}
