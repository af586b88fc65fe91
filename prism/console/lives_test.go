package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

// ingestStore answers every event with err.
type ingestStore struct {
	prism.IngestStore
	err error
}

func (s ingestStore) IngestStarted(context.Context, string, int, string) error { return s.err }
func (s ingestStore) IngestSeen(context.Context, string, string) error         { return s.err }

// ages is a source of its own.
type ages struct {
	at  map[string]time.Time
	err error
}

func (a ages) LastIngest(context.Context, []string) (map[string]time.Time, error) { return a.at, a.err }

func TestAgesOfLives(t *testing.T) {
	t.Parallel()
	now := newClock()
	cfg := testConfig(now)
	cfg.OnAir = onAir{
		{ID: "polled", Title: "Polled", StartedAt: now.now().Add(-time.Hour), Stats: prism.LiveStats{Viewers: 1234}},
		{ID: "quiet", StartedAt: now.now().Add(-time.Hour)},
		{ID: "unknown", StartedAt: now.now().Add(-time.Hour)},
		{ID: "restarted", StartedAt: now.now().Add(2 * time.Minute)},
	}
	c := newTestConsole(t, cfg)
	poll := func(id string, status int) {
		call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: status, LiveID: id})
	}
	accepts, refuses := c.WatchIngest(ingestStore{}), c.WatchIngest(ingestStore{err: prism.ErrConflict})
	poll("quiet", 200)
	poll("restarted", 200)
	if err := accepts.IngestStarted(t.Context(), "quiet", 1, "s"); err != nil {
		t.Error(err)
	}
	now.advance(3 * time.Minute)
	poll("polled", 200)
	poll("unknown", 404) // of somebody else's live
	call(c, http.MethodPut, liveRoute, prism.RequestResult{Status: 200, LiveID: "unknown"})
	if err := accepts.IngestSeen(t.Context(), "polled", "s"); err != nil {
		t.Error(err)
	}
	if err := refuses.IngestSeen(t.Context(), "unknown", "s"); !errors.Is(err, prism.ErrConflict) {
		t.Errorf("the error is %v", err)
	}
	if err := refuses.IngestStarted(t.Context(), "unknown", 1, "s"); !errors.Is(err, prism.ErrConflict) {
		t.Errorf("the error is %v", err)
	}
	now.advance(4 * time.Second)

	read := func() livesView { return c.lives(t.Context(), c.view(request(t, "?lang=en"))) }
	type row struct{ ID, Poll, PollState, Ingest, IngestState, Viewers string }
	rows := func(l livesView) (all []row) {
		for _, r := range l.Rows {
			all = append(all, row{r.ID, r.Poll.Text, r.Poll.State, r.Ingest.Text, r.Ingest.State, r.Viewers})
		}
		return all
	}
	l := read()
	if diff := cmp.Diff([]row{
		{"polled", "4 s ago", "", "4 s ago", "", "1,234"},
		{"quiet", "3 min ago", stateWarn, "3 min ago", stateWarn, "0"},
		{"unknown", "unknown", "", "unknown", "", "0"},
		{"restarted", "unknown", "", "unknown", "", "0"},
	}, rows(l)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if l.Quiet != 1 || !l.Known || l.More {
		t.Errorf("%d are quiet, known %t, more %t", l.Quiet, l.Known, l.More)
	}
	if tile := c.view(request(t, "")).liveTile(l); tile.Value != "4" || tile.State != stateWarn {
		t.Errorf("the tile is %+v", tile)
	}

	// The end of a broadcast is forgotten.
	c.Trace().LiveChanged(t.Context(), prism.LiveChange{Event: prism.LiveEnded, Live: prism.Live{ID: "polled"}})
	c.Trace().LiveChanged(t.Context(), prism.LiveChange{Event: prism.LiveStarted, Live: prism.Live{ID: "quiet"}})
	if got := rows(read()); got[0].Poll != "unknown" || got[0].Ingest != "unknown" || got[1].Poll == "unknown" {
		t.Errorf("after the end: %+v", got)
	}
}

func TestSourcesOfLives(t *testing.T) {
	t.Parallel()
	now := newClock()
	many := make(onAir, maxLives+10)
	started := now.now().Add(-time.Minute)
	for _, test := range []struct {
		name   string
		source OnAirSource
		ages   IngestAges
		want   string
		rows   int
	}{
		{"none", nil, nil, "Config.OnAir is nil", 0},
		{"nothing on air", onAir{}, nil, "No live is on air.", 0},
		{"it fails", failingSource{}, nil, "could not be read", 0},
		{"it hangs", hangingSource{}, nil, "could not be read", 0},
		{"too many", many, nil, "Only the latest 100 are listed.", maxLives},
		{"ages of its own", onAir{{ID: "live1", StartedAt: started}}, ages{at: map[string]time.Time{"live1": now.now().Add(-9 * time.Second)}}, "9 s ago", 1},
		{"ages that fail", onAir{{ID: "live1", StartedAt: started}}, ages{err: prism.ErrUnavailable}, "unknown", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(now)
			cfg.OnAir, cfg.Ingest = test.source, test.ages
			c := newTestConsole(t, cfg)
			if page := get(t, c, "").Body.String(); !strings.Contains(page, test.want) {
				t.Errorf("the page does not say %q", test.want)
			}
			if l := c.lives(t.Context(), c.view(request(t, ""))); len(l.Rows) != test.rows {
				t.Errorf("%d rows, want %d", len(l.Rows), test.rows)
			}
		})
	}
}

type failingSource struct{}

func (failingSource) LivesOnAir(context.Context, int) ([]prism.Live, error) {
	return nil, prism.ErrUnavailable
}

// hangingSource has to be told when its time is over.
type hangingSource struct{}

func (hangingSource) LivesOnAir(ctx context.Context, _ int) ([]prism.Live, error) {
	deadline, ok := ctx.Deadline()
	if !ok || time.Until(deadline) > sourceTime {
		return nil, nil
	}
	return nil, context.DeadlineExceeded
}

func request(t *testing.T, query string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://acme.example/admin/console"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
