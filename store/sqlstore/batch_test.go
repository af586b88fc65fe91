package sqlstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// Batches are written with few statements, whatever their size.
func TestStatementsPerBatch(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		s, log := e.logged(t, prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
		seed(t, s)
		live := start(t, s, create(t, s, "A").ID).Live
		other := create(t, s, "B") // not on air
		reports := make([]prism.StatsReport, prism.MaxStatsBatch)
		beats := make([]prism.ViewerHeartbeat, prism.MaxStatsBatch)
		for i := range reports {
			reports[i] = prism.StatsReport{LiveID: fmt.Sprint("nobody knows ", i), Add: prism.LiveStats{Likes: 1}}
			beats[i] = prism.ViewerHeartbeat{LiveID: live.ID, ViewerID: fmt.Sprint("viewer ", i)}
		}
		reports[7].LiveID, reports[900].LiveID, beats[3].LiveID = live.ID, live.ID, other.ID

		statements := func(what string, most int, call func() error) {
			t.Helper()
			log.take()
			must(t, call())
			if queries := log.take(); len(queries) > most {
				t.Errorf("%s of %d: %d statements, want %d at most", what, prism.MaxStatsBatch, len(queries), most)
			}
		}
		// 1,000 rows are 7 times 128 and 5 smaller batches.
		const begin, batches = 2, 12
		statements("SaveStats", begin+batches+1, func() error { return s.SaveStats(t.Context(), reports) })
		// The lives, who is known, the numbers, who is still not known, the
		// views, and the heartbeats.
		statements("SaveViewers of new viewers", begin+4+3*batches, func() error { return s.SaveViewers(t.Context(), beats) })
		statements("SaveViewers of known viewers", begin+2+2*batches, func() error { return s.SaveViewers(t.Context(), beats) })

		got, err := s.Live(t.Context(), "owner", live.ID)
		must(t, err)
		if want := (prism.LiveStats{Views: 999, Viewers: 999, Likes: 2}); got.Stats != want {
			t.Errorf("statistics %+v, want %+v", got.Stats, want)
		}
	})
}

// A heartbeat that no row can hold spoils none of the others.
func TestHeartbeatsThatCannotBeStored(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		s, _ := e.seeded(t)
		live := start(t, s, create(t, s, "A").ID).Live
		beats := []prism.ViewerHeartbeat{{LiveID: live.ID, ViewerID: "good"}}
		for _, bad := range []string{"", strings.Repeat("x", prism.MaxViewerID+1)} {
			beats = append(beats, prism.ViewerHeartbeat{LiveID: live.ID, ViewerID: bad})
		}
		if e.dialect == sqlstore.PostgreSQL {
			beats = append(beats, prism.ViewerHeartbeat{LiveID: live.ID, ViewerID: "a\x00b"})
		}
		if e.dialect != sqlstore.SQLite {
			beats = append(beats, prism.ViewerHeartbeat{LiveID: live.ID, ViewerID: "a\xffb"}, prism.ViewerHeartbeat{LiveID: "a\xffb", ViewerID: "good"})
			must(t, s.SaveStats(t.Context(), []prism.StatsReport{{LiveID: "a\xffb"}, {LiveID: live.ID, Add: prism.LiveStats{Likes: 1}}}))
		}
		must(t, s.SaveViewers(t.Context(), beats))
		got, err := s.Live(t.Context(), "owner", live.ID)
		must(t, err)
		if got.Stats.Viewers != 1 || got.Stats.Views != 1 {
			t.Errorf("statistics %+v, want one viewer", got.Stats)
		}
	})
}

// Heartbeats and reports of many lives meet starts that lock two lives at a
// time, in either order: nobody fails, and a live that is off air has no
// viewers.
func TestBatchesMeetStarts(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		stores := two(t, e)
		var beats []prism.ViewerHeartbeat
		var reports []prism.StatsReport
		ids := []string{create(t, stores[0], "A").ID, create(t, stores[0], "B").ID, create(t, stores[0], "C").ID}
		elsewhere := int64(1000)
		for _, id := range ids {
			for v := range 20 {
				beats = append(beats, prism.ViewerHeartbeat{LiveID: id, ViewerID: fmt.Sprint(v)})
			}
			reports = append(reports, prism.StatsReport{LiveID: id, Set: prism.StatsValues{Viewers: &elsewhere}, Add: prism.LiveStats{Likes: 1}})
		}
		const calls = 30
		parallel(t, calls, stores, func(s *sqlstore.Store, i int) error {
			switch i % 3 {
			case 0:
				_, err := s.StartLive(t.Context(), "owner", ids[i/3%len(ids)])
				return err
			case 1:
				return s.SaveViewers(t.Context(), beats)
			default:
				return s.SaveStats(t.Context(), reports)
			}
		})
		must(t, stores[0].SaveStats(t.Context(), reports))
		must(t, stores[1].SaveViewers(t.Context(), beats))
		for _, id := range ids {
			got, err := stores[1].Live(t.Context(), "owner", id)
			must(t, err)
			want := int64(0)
			if got.Status == prism.StatusOnAir {
				want = elsewhere + 20
			}
			if got.Stats.Viewers != want || got.Stats.Likes != calls/3+1 {
				t.Errorf("a live that is %s has %d viewers and %d likes, want %d and %d", got.Status, got.Stats.Viewers, got.Stats.Likes, want, calls/3+1)
			}
		}
	})
}

// What another transaction has locked, a sweep leaves for the next run.
func TestSweepsWaitForNobody(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		dsn, c := e.migrated(t), newClock()
		s := openDSN(t, dsn, options(c))
		seed(t, s)
		first := create(t, s, "A")
		c.Advance(1e9)
		second := create(t, s, "A")
		c.Advance(1e9)
		create(t, s, "A")
		must(t, s.BanUser(t.Context(), "owner", first.ID, "viewer", 1e9))
		must(t, s.BanUser(t.Context(), "owner", first.ID, "stranger", 1e9))
		c.Advance(prism.DuplicateWindow)

		tx, err := e.host(t, dsn).BeginTx(t.Context(), nil)
		must(t, err)
		for _, lock := range []string{
			"SELECT 1 FROM prism_live_stat WHERE live_id = '" + first.ID + "' FOR UPDATE",
			"SELECT 1 FROM prism_live WHERE id = '" + second.ID + "' FOR UPDATE",
			"SELECT 1 FROM prism_ban WHERE channel_id = 'enabled' AND user_id = 'viewer' FOR UPDATE",
		} {
			_, err := tx.ExecContext(t.Context(), lock)
			must(t, err)
		}
		sweep := func(when string, lives, bans int) {
			t.Helper()
			n, err := s.SweepLives(t.Context(), c.Now(), 10)
			if n != lives || err != nil {
				t.Errorf("SweepLives %s: got %d, %v, want %d", when, n, err, lives)
			}
			n, err = s.SweepBans(t.Context(), 10)
			if n != bans || err != nil {
				t.Errorf("SweepBans %s: got %d, %v, want %d", when, n, err, bans)
			}
		}
		sweep("while others have locked the rows", 0, 1)
		must(t, tx.Rollback())
		sweep("after that", 2, 1)
	})
}
