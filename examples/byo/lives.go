package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/b2bprism/b2bprism/prism"
)

// A broadcast is a live. The columns state and audience count these from 0.
const (
	states    = `ARRAY['RESERVED', 'ON_AIR', 'END']`
	audiences = `ARRAY['PUBLIC', 'LIMITED', 'PRIVATE']`

	// planned is the reserved time, or now if JSON could not tell it: it has years
	// of four digits, and zones of whole minutes.
	planned = `CASE WHEN @planned::timestamptz NOT BETWEEN '1972-01-01Z' AND '9999-12-30Z' THEN now() ELSE @planned END`

	live = `json_build_object('ID', b.id, 'ChannelID', s.id, 'ForUser', m.member_id::text,
		'Title', b.headline, 'Description', b.notes, 'RTMPPath', @ingest || '/' || k.secret, 'Link', @site || '/watch/' || b.id,
		'Status', (` + states + `)[b.state + 1], 'Scope', (` + audiences + `)[b.audience + 1], 'Broadcast', b.runs,
		'ReservedAt', b.planned_for, 'StartedAt', b.live_since, 'EndedAt', b.over_since,
		'ModifiedAt', b.edited_at, 'CreatedAt', b.created_at, 'Stats', json_build_object('Views', c.views,
			'Viewers', CASE b.state WHEN 1 THEN c.watching END, 'Likes', c.hearts, 'Chats', c.comments))`
	liveTables = `
		LEFT JOIN stream_keys k ON k.broadcast_id = b.id
		LEFT JOIN broadcast_counters c ON c.broadcast_id = b.id`
	selectLive = `SELECT ` + live + accessLive + liveTables
	// writtenLive is the live that a statement wrote in WITH b.
	writtenLive = ` SELECT ` + live + access + ` JOIN b ON b.studio_id = s.id` + liveTables
)

// Lives finds one row for a studio without broadcasts, and none for a studio
// that is not the user's.
func (m *market) Lives(ctx context.Context, userID, channelID string, filter prism.LiveFilter) ([]prism.Live, error) {
	return get[[]prism.Live](ctx, m.pool, `
		SELECT json_agg(`+live+` ORDER BY b.edited_at DESC, b.created_at DESC) FILTER (WHERE b.id IS NOT NULL)`+access+`
		LEFT JOIN (
			SELECT *, row_number() OVER (ORDER BY edited_at DESC, created_at DESC) AS place FROM broadcasts
			WHERE studio_id = @id AND removed_at IS NULL AND @status IN ('', (`+states+`)[state + 1])
		) b ON b.studio_id = s.id AND (@limit = 0 OR b.place <= @limit OR b.state < 2)`+liveTables+`
		WHERE s.id = @id GROUP BY s.id`,
		m.args(userID, channelID, pgx.NamedArgs{"status": string(filter.Status), "limit": filter.Limit}))
}

func (m *market) Live(ctx context.Context, userID, liveID string) (prism.Live, error) {
	return get[prism.Live](ctx, m.pool, selectLive, m.args(userID, liveID, nil))
}

// CreateLive calls the key that it inserts stream_keys, so that writtenLive
// reads that one. A studio that is paused meanwhile gets a live that cannot start.
func (m *market) CreateLive(ctx context.Context, userID, channelID string, in prism.NewLive) (prism.Live, error) {
	if err := enabled(m.Channel(ctx, userID, channelID)); err != nil {
		return prism.Live{}, err
	}
	return get[prism.Live](ctx, m.pool, `
		WITH b AS (
			INSERT INTO broadcasts (studio_id, headline, notes, audience, planned_for)
			VALUES (@id, @headline, @notes, COALESCE(array_position(`+audiences+`, @scope), 1) - 1, `+planned+`) RETURNING *),
		stream_keys AS (INSERT INTO stream_keys (broadcast_id, secret) SELECT id, @key FROM b RETURNING *)`+writtenLive,
		m.args(userID, channelID, pgx.NamedArgs{"headline": in.Title, "notes": in.Description, "scope": string(in.Scope),
			"planned": in.ReservedAt, "key": prism.NewStreamKey()}))
}

const (
	lockStudio = selectChannel + `
		JOIN broadcasts b ON b.studio_id = s.id AND b.removed_at IS NULL AND b.id = @id FOR NO KEY UPDATE OF s`
	startLive = `
		WITH b AS (
			UPDATE broadcasts SET state = 1, runs = runs + 1, live_since = statement_timestamp(), edited_at = statement_timestamp()
			WHERE id = @id AND state <> 1 RETURNING id),
		c AS (UPDATE broadcast_counters SET watching = 0 WHERE broadcast_id IN (SELECT id FROM b))
		SELECT EXISTS (SELECT FROM b)`
	end = `
		WITH b AS (
			UPDATE broadcasts SET state = 2, over_since = statement_timestamp(), edited_at = statement_timestamp()
			WHERE state = 1 AND `
	endLive  = end + `@run IN (0, runs) AND id = (SELECT b.id` + accessLive + `) RETURNING *)` + writtenLive
	endOther = end + `id <> @id AND studio_id = (SELECT studio_id FROM broadcasts WHERE id = @id) RETURNING *)
		SELECT (` + writtenLive + `)`
	findOwner = `SELECT o.member_id FROM broadcasts b JOIN studio_members o USING (studio_id) WHERE b.id = @id AND o.role = 'owner'`
)

// StartLive locks the studio's row, so that starts in one studio pass one by
// one; each statement then sees what was committed before it.
func (m *market) StartLive(ctx context.Context, userID, liveID string) (result prism.StartResult, err error) {
	args := m.args(userID, liveID, nil)
	err = pgx.BeginTxFunc(ctx, m.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if err := enabled(get[prism.Channel](ctx, tx, lockStudio, args)); err != nil {
			return err
		}
		if result.Ended, err = get[*prism.Live](ctx, tx, endOther, args); err != nil {
			return err
		}
		if result.Changed, err = get[bool](ctx, tx, startLive, args); err != nil {
			return err
		}
		result.Live, err = get[prism.Live](ctx, tx, selectLive, args)
		return err
	})
	return result, failure(err)
}

func (m *market) EndLive(ctx context.Context, userID, liveID string, opt prism.EndOptions) (result prism.EndResult, err error) {
	args := m.args(userID, liveID, pgx.NamedArgs{"run": opt.OnlyBroadcast})
	if opt.AsService {
		if args["user"], err = get[string](ctx, m.pool, findOwner, args); err != nil {
			return result, err
		}
	}
	result.Live, err = get[prism.Live](ctx, m.pool, endLive, args)
	result.Changed = err == nil
	if errors.Is(err, prism.ErrNotFound) { // not the user's, or not on air with this broadcast
		result.Live, err = get[prism.Live](ctx, m.pool, selectLive, args)
	}
	return result, err
}
