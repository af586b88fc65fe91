package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/b2bprism/b2bprism/prism"
)

// A viewer's first heartbeat, which counts as a view, is written by who has
// locked the live's numbers. So of two that come at once, one finds the other.
//
// The numbers are locked before the live, as in a chat, since MySQL locks the
// live when a message is inserted. Who is new must be known for that before
// anything is locked; it holds as long as the broadcast is the same.

const (
	findViewer = `
		SELECT l.broadcast, CASE WHEN l.status = 'ON_AIR' THEN 1 ELSE 0 END,
			(SELECT COUNT(*) FROM prism_viewer v WHERE v.live_id = l.id AND v.viewer_id = ? AND v.broadcast = l.broadcast)
		FROM prism_live l WHERE l.id = ?`
	seeViewer = `UPDATE prism_viewer SET seen_at = ? WHERE live_id = ? AND viewer_id = ? AND broadcast = ?`
)

// ViewerSeen implements prism.Audience. It returns prism.ErrConflict, and
// counts nothing, when the live is not on air.
func (s *Store) ViewerSeen(ctx context.Context, liveID, viewerID string) error {
	return s.write(ctx, func(t transaction) error {
		if !t.engine.holdsText(viewerID) {
			return prism.InvalidField("viewerID", "is not a text that the database can hold")
		}
		var broadcast int64
		var onAir, known bool
		err := t.one("live", findViewer, []any{viewerID, liveID}, &broadcast, &onAir, &known)
		if err != nil {
			return err
		}
		var rows []statRow
		if onAir && !known {
			if rows, err = t.lockStats([]string{liveID}); err != nil {
				return err
			}
		}
		locked, err := t.broadcasts([]string{liveID}, t.engine.forShare)
		if err != nil {
			return err
		}
		if !onAir || locked[liveID] != broadcast {
			return conflict("the live is not on air")
		}
		now := micros(t.now())
		if n, err := t.exec(seeViewer, now, liveID, viewerID, broadcast); err != nil || n > 0 {
			return err
		}
		// Of an earlier broadcast there may be a row, which moves to this one.
		if _, err = t.exec(t.engine.putViewers(1), liveID, viewerID, broadcast, now); err != nil {
			return err
		}
		for i := range rows {
			rows[i].views = addCount(rows[i].views, 1)
		}
		return t.writeStats(rows)
	})
}

// SaveViewers implements prism.StatsStore. A heartbeat whose viewer id is
// empty, is longer than prism.MaxViewerID or cannot be stored is left out, so
// that it spoils no other. It is one transaction with a few statements for
// every 128 heartbeats; while it runs, the starts and ends of these lives wait,
// and so do their chats if a viewer is new.
func (s *Store) SaveViewers(ctx context.Context, heartbeats []prism.ViewerHeartbeat) error {
	beats := slices.DeleteFunc(slices.Clone(heartbeats), func(h prism.ViewerHeartbeat) bool {
		return h.ViewerID == "" || len(h.ViewerID) > prism.MaxViewerID ||
			!s.engine.holdsText(h.LiveID) || !s.engine.holdsText(h.ViewerID)
	})
	slices.SortFunc(beats, byLiveAndViewer)
	beats = slices.Compact(beats)
	if len(beats) == 0 {
		return nil
	}
	return s.write(ctx, func(t transaction) error {
		before, err := t.broadcasts(livesOf(beats), "")
		if err != nil {
			return err
		}
		counted := slices.DeleteFunc(slices.Clone(beats), func(h prism.ViewerHeartbeat) bool { return before[h.LiveID] == 0 })
		fresh, err := t.newViewers(counted, before)
		if err != nil {
			return err
		}
		rows, err := t.lockStats(livesOf(fresh))
		if err != nil {
			return err
		}
		locked, err := t.broadcasts(livesOf(counted), t.engine.forShare)
		if err != nil {
			return err
		}
		// A broadcast that ended meanwhile ended before these heartbeats.
		over := func(h prism.ViewerHeartbeat) bool { return locked[h.LiveID] != before[h.LiveID] }
		counted, fresh = slices.DeleteFunc(counted, over), slices.DeleteFunc(fresh, over)
		if err := t.countViews(rows, fresh, locked); err != nil {
			return err
		}
		now := micros(t.now())
		for batch := range batches(counted) {
			args := make([]any, 0, 4*len(batch))
			for _, h := range batch {
				args = append(args, h.LiveID, h.ViewerID, locked[h.LiveID], now)
			}
			// In one order: see byLiveAndViewer.
			if _, err := t.exec(t.engine.putViewers(len(batch)), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// byLiveAndViewer is the order in which all who write many heartbeats do it,
// so that they never wait for each other in a circle.
func byLiveAndViewer(a, b prism.ViewerHeartbeat) int {
	return cmp.Or(strings.Compare(a.LiveID, b.LiveID), strings.Compare(a.ViewerID, b.ViewerID))
}

// livesOf returns the lives of heartbeats that are sorted, once each.
func livesOf(sorted []prism.ViewerHeartbeat) []string {
	ids := make([]string, 0, len(sorted))
	for _, h := range sorted {
		ids = append(ids, h.LiveID)
	}
	return slices.Compact(ids)
}

// findBroadcasts has no condition on the status: MySQL might then take an index
// of it, and lock the rows in the order of that.
const findBroadcasts = `SELECT id, status, broadcast FROM prism_live WHERE id IN `

// broadcasts returns the broadcasts of those of these lives that are on air.
// With engine.forShare they stay so until the transaction is over. The ids must
// be sorted.
func (t transaction) broadcasts(sortedIDs []string, lock string) (map[string]int64, error) {
	onAir := make(map[string]int64, len(sortedIDs))
	for ids := range batches(sortedIDs) {
		err := t.all(findBroadcasts+in(len(ids))+` ORDER BY id`+lock, anyOf(ids), func(rows *sql.Rows) error {
			var id string
			var status prism.Status
			var broadcast int64
			err := rows.Scan(&id, &status, &broadcast)
			if status == prism.StatusOnAir {
				onAir[id] = broadcast
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return onAir, nil
}

// countViews adds the views of viewers who had no heartbeat when it was looked
// up. rows are the numbers of their lives, locked since then.
func (t transaction) countViews(rows []statRow, fresh []prism.ViewerHeartbeat, broadcasts map[string]int64) (err error) {
	// Others may have written some of them before the rows were locked.
	if t.engine.forUpdate != "" {
		if fresh, err = t.newViewers(fresh, broadcasts); err != nil {
			return err
		}
	}
	views := make(map[string]int64, len(rows))
	for _, h := range fresh {
		views[h.LiveID]++
	}
	rows = slices.DeleteFunc(rows, func(r statRow) bool { return views[r.liveID] == 0 })
	for i := range rows {
		rows[i].views = addCount(rows[i].views, views[rows[i].liveID])
	}
	return t.writeStats(rows)
}

// newViewers returns the beats whose viewers have none stored in these
// broadcasts of their lives.
func (t transaction) newViewers(beats []prism.ViewerHeartbeat, broadcasts map[string]int64) ([]prism.ViewerHeartbeat, error) {
	known := make(map[prism.ViewerHeartbeat]bool, len(beats))
	for batch := range batches(beats) {
		args := make([]any, 0, 3*len(batch))
		for _, h := range batch {
			args = append(args, h.LiveID, h.ViewerID, broadcasts[h.LiveID])
		}
		err := t.all(t.engine.findViewers(len(batch)), args, func(rows *sql.Rows) error {
			var h prism.ViewerHeartbeat
			err := rows.Scan(&h.LiveID, &h.ViewerID)
			known[h] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var fresh []prism.ViewerHeartbeat
	for _, h := range beats {
		if !known[h] {
			fresh = append(fresh, h)
		}
	}
	return fresh, nil
}
