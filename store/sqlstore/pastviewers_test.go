package sqlstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// watch sends the heartbeats of n viewers.
func watch(t *testing.T, s *sqlstore.Store, liveID string, n int) {
	t.Helper()
	beats := make([]prism.ViewerHeartbeat, n)
	for i := range beats {
		beats[i] = prism.ViewerHeartbeat{LiveID: liveID, ViewerID: fmt.Sprint("viewer ", i)}
	}
	must(t, s.SaveViewers(t.Context(), beats))
}

func wantStats(t *testing.T, s *sqlstore.Store, when, liveID string, want prism.LiveStats) {
	t.Helper()
	got, err := s.Live(t.Context(), "owner", liveID)
	must(t, err)
	if got.Stats != want {
		t.Errorf("%s: statistics %+v, want %+v", when, got.Stats, want)
	}
}

// However many watched, the end of a broadcast leaves their rows alone, by
// whatever way it comes.
func TestEndOfABroadcastTouchesNoViewer(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		s, log := e.logged(t, prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
		seed(t, s)
		live, other := create(t, s, "A"), create(t, s, "B")
		for name, end := range map[string]func() error{
			"EndLive": func() error {
				_, err := s.EndLive(t.Context(), "owner", live.ID, prism.EndOptions{})
				return err
			},
			"StartLive of another": func() error {
				_, err := s.StartLive(t.Context(), "owner", other.ID)
				return err
			},
			"SetChannelEnabled": func() error {
				_, err := s.SetChannelEnabled(t.Context(), "enabled", false)
				return err
			},
		} {
			must(t, s.PutChannel(t.Context(), "owner", prism.Channel{ID: "enabled", Enabled: true}))
			views := start(t, s, live.ID).Live.Stats.Views
			watch(t, s, live.ID, 1000)
			log.take()
			must(t, end())
			for _, query := range log.take() {
				if strings.Contains(query, "prism_viewer") && !strings.Contains(query, "COUNT(*)") {
					t.Errorf("%s: a statement about viewers:\n%s", name, query)
				}
			}
			wantStats(t, s, "after "+name, live.ID, prism.LiveStats{Views: views + 1000})
		}
	})
}

// A viewer counts once in each broadcast, although the row of an earlier one
// is still there, and on a clock that stands still.
func TestViewersOfAnEarlierBroadcastAreNew(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		s, _ := e.seeded(t)
		live := create(t, s, "A")
		start(t, s, live.ID)
		watch(t, s, live.ID, 10)
		_, err := s.EndLive(t.Context(), "owner", live.ID, prism.EndOptions{})
		must(t, err)
		wantStats(t, s, "at the end", live.ID, prism.LiveStats{Views: 10})
		start(t, s, live.ID)
		wantStats(t, s, "at the second start", live.ID, prism.LiveStats{Views: 10})
		for range 2 {
			must(t, s.ViewerSeen(t.Context(), live.ID, "viewer 3"))
			wantStats(t, s, "with the first one back", live.ID, prism.LiveStats{Views: 11, Viewers: 1})
		}
		for range 2 {
			watch(t, s, live.ID, 5)
			wantStats(t, s, "with five back", live.ID, prism.LiveStats{Views: 15, Viewers: 5})
		}
	})
}

// SweepLives deletes the viewers of broadcasts that are over, and no others,
// never more than its limit at a time.
func TestSweepOfPastViewers(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		dsn, c := e.migrated(t), newClock()
		s := openDSN(t, dsn, options(c))
		seed(t, s)
		ended, running := create(t, s, "A"), create(t, s, "B")
		start(t, s, ended.ID)
		watch(t, s, ended.ID, 250)
		stored := func(want string) {
			t.Helper()
			got := strings.Join(column(t, e.host(t, dsn), `SELECT COUNT(*) FROM prism_viewer`), "")
			if got != want {
				t.Errorf("%s viewers are stored, want %s", got, want)
			}
		}
		sweep := func(limit int) {
			t.Helper()
			if n, err := s.SweepLives(t.Context(), c.Now(), limit); n != 0 || err != nil {
				t.Errorf("SweepLives: got %d, %v, want no live", n, err)
			}
		}
		start(t, s, running.ID) // which ends the other
		sweep(0)
		stored("250")
		sweep(1) // 100 transactions of one viewer each
		stored("150")
		watch(t, s, running.ID, 60)
		_, err := s.EndLive(t.Context(), "owner", running.ID, prism.EndOptions{})
		must(t, err)
		start(t, s, running.ID)
		watch(t, s, running.ID, 20)
		stored("210")
		sweep(100)
		stored("20")
		wantStats(t, s, "after the sweep", running.ID, prism.LiveStats{Views: 80, Viewers: 20})
		wantStats(t, s, "after the sweep", ended.ID, prism.LiveStats{Views: 250})
		watch(t, s, running.ID, 20)
		wantStats(t, s, "when they are back", running.ID, prism.LiveStats{Views: 80, Viewers: 20})
	})
}
