package sqlstore

import (
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"

	"github.com/b2bprism/b2bprism/prism"
)

// SaveStats implements prism.StatsStore. A number that would pass the largest
// int64 stays there. It is one transaction with two statements for every 128
// lives; while it runs, the chats of these lives wait.
func (s *Store) SaveStats(ctx context.Context, reports []prism.StatsReport) error {
	changes := make(map[string]statChange)
	for _, r := range reports {
		if err := r.Check(); err != nil {
			return err
		}
		if s.engine.holdsText(r.LiveID) { // else there is no such live
			changes[r.LiveID] = changes[r.LiveID].then(r)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(changes))
	return s.write(ctx, func(t transaction) error {
		rows, err := t.lockStats(ids)
		if err != nil {
			return err
		}
		for i := range rows {
			changes[rows[i].liveID].apply(&rows[i])
		}
		return t.writeStats(rows)
	})
}

// statChange is what reports of one live come to when they are applied one
// after the other.
type statChange struct {
	views, likes, chats numberChange
	viewers             *int64
}

// then is the change with another report after it.
func (c statChange) then(r prism.StatsReport) statChange {
	c.views = c.views.then(r.Set.Views, r.Add.Views)
	c.likes = c.likes.then(r.Set.Likes, r.Add.Likes)
	c.chats = c.chats.then(r.Set.Chats, r.Add.Chats)
	if r.Set.Viewers != nil {
		c.viewers = r.Set.Viewers
	}
	return c
}

func (c statChange) apply(row *statRow) {
	row.views = c.views.of(row.views)
	row.likes = c.likes.of(row.likes)
	row.chats = c.chats.of(row.chats)
	if c.viewers != nil && row.onAir.Valid {
		row.reported, row.reportedIn = *c.viewers, row.onAir.V
	}
}

// numberChange replaces a number, unless set is nil, and then adds to it.
type numberChange struct {
	set *int64
	add int64
}

func (c numberChange) then(set *int64, add int64) numberChange {
	if set != nil {
		return numberChange{set, add}
	}
	return numberChange{c.set, addCount(c.add, add)}
}

func (c numberChange) of(stored int64) int64 {
	if c.set != nil {
		stored = *c.set
	}
	return addCount(stored, c.add)
}

// addCount adds two numbers that are not negative.
func addCount(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// statRow is what reports and heartbeats change in a row of prism_live_stat.
type statRow struct {
	liveID                                    string
	views, likes, chats, reported, reportedIn int64
	// onAir is the broadcast of the live, NULL when it is not on air.
	onAir sql.Null[int64]
}

// readStats ends with the ids and the order. The live is read in a subquery,
// which locks nothing.
const readStats = `
	SELECT n.live_id, n.views, n.likes, n.chats, n.reported, n.reported_in,
		(SELECT l.broadcast FROM prism_live l WHERE l.id = n.live_id AND l.status = 'ON_AIR')
	FROM prism_live_stat n
	WHERE n.live_id IN `

const inOrderOfLives = ` ORDER BY n.live_id`

// lockStats reads the numbers of these lives, as far as they exist, and keeps
// others from changing them. The ids must be sorted: all who lock rows of many
// lives do it in this order, and so never wait for each other in a circle.
func (t transaction) lockStats(sortedIDs []string) ([]statRow, error) {
	rows := make([]statRow, 0, len(sortedIDs))
	for ids := range batches(sortedIDs) {
		query := readStats + in(len(ids)) + inOrderOfLives + t.engine.forUpdate
		err := t.all(query, anyOf(ids), func(found *sql.Rows) error {
			var r statRow
			err := found.Scan(&r.liveID, &r.views, &r.likes, &r.chats, &r.reported, &r.reportedIn, &r.onAir)
			rows = append(rows, r)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// writeStats writes rows that lockStats returned.
func (t transaction) writeStats(rows []statRow) error {
	for batch := range batches(rows) {
		args := make([]any, 0, 6*len(batch))
		for _, r := range batch {
			args = append(args, r.liveID, r.views, r.likes, r.chats, r.reported, r.reportedIn)
		}
		if _, err := t.exec(t.engine.putStats(len(batch)), args...); err != nil {
			return err
		}
	}
	return nil
}
