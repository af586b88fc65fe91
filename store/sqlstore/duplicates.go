package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

var duplicateWindow = strconv.FormatInt(prism.DuplicateWindow.Microseconds(), 10)

// findDuplicates finds lives that were never started and have a twin. The
// arguments are the time before which they were created and the limit.
// condition may say more about the live d.
//
// The twin is a value, not an EXISTS, which a planner may turn into a join with
// all lives there are.
func (e *engine) findDuplicates(condition string) string {
	return `
	SELECT d.id FROM prism_live d
	WHERE d.status = 'RESERVED' AND d.broadcast = 0 AND d.created_at < ?` + condition + `
		AND (SELECT 1 FROM prism_live t
			WHERE t.channel_id = d.channel_id
				AND t.created_at > d.created_at AND t.created_at <= d.created_at + ` + duplicateWindow + `
				AND t.reserved_at >= d.reserved_at - ` + duplicateWindow + ` AND t.reserved_at <= d.reserved_at + ` + duplicateWindow + `
				AND t.scope = d.scope AND ` + e.alike + `
			LIMIT 1) = 1
	ORDER BY d.created_at, d.id LIMIT ?`
}

// SweepLives implements prism.SweepStore. It is one transaction, so a large
// limit keeps writers of these lives waiting. What others have locked is left
// for the next run. It looks at all lives that were created before the given
// time and never started, and at the neighbours of each in its channel.
//
// It also deletes the viewers of broadcasts that are over, since the end of a
// broadcast leaves them: in transactions of up to limit viewers each, at most
// 100 of them, and without counting these viewers in what it returns. They are
// of no use to anybody; a host that never sweeps only loses the space.
func (s *Store) SweepLives(ctx context.Context, before time.Time, limit int) (int, error) {
	deleted := 0
	err := s.write(ctx, func(t transaction) error {
		ids, err := t.lockDuplicates(before, max(limit, 0))
		if err == nil {
			deleted, err = t.deleteAll(`DELETE FROM prism_live WHERE id IN `, anyOf(ids))
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return deleted, s.sweepPastViewers(ctx, limit)
}

// lockDuplicates returns the ids of duplicates that nobody can use any more.
func (t transaction) lockDuplicates(before time.Time, limit int) ([]string, error) {
	found, err := t.ids(t.engine.findDuplicates(""), micros(before), limit)
	if err != nil || t.engine.forSweep == "" {
		return found, err
	}
	slices.Sort(found)
	var locked []string
	for batch := range batches(found) {
		// The numbers first, as who chats does: the delete takes both.
		ids, err := t.ids(`SELECT live_id FROM prism_live_stat WHERE live_id IN `+in(len(batch))+` ORDER BY live_id`+t.engine.forSweep,
			anyOf(batch)...)
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			continue
		}
		// And once more, as they may have been started or changed by now.
		args := append([]any{micros(before)}, anyOf(ids)...)
		ids, err = t.ids(t.engine.findDuplicates(` AND d.id IN `+in(len(ids)))+t.engine.forSweep, append(args, len(ids))...)
		if err != nil {
			return nil, err
		}
		locked = append(locked, ids...)
	}
	return locked, nil
}

// ids runs a query of one column.
func (t transaction) ids(query string, args ...any) ([]string, error) {
	var list []string
	err := t.all(query, args, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		list = append(list, id)
		return err
	})
	return list, err
}
