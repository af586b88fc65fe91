package ingest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// oneStation is a host's table with one row.
type oneStation struct{ channel, station string }

func (o oneStation) StationOf(_ context.Context, channelID string) (string, error) {
	if channelID != o.channel {
		return "", prism.ErrNotFound
	}
	return o.station, nil
}

func (o oneStation) ChannelOf(_ context.Context, stationID string) (string, error) {
	if stationID != o.station {
		return "", prism.ErrNotFound
	}
	return o.channel, nil
}

// publishes counts what a store was told of sessions.
type publishes struct {
	*station
	started, seen, ended []string
	// looked is called once, after the first look at the lives on air.
	looked func()
}

func (p *publishes) IdleLives(ctx context.Context, before time.Time, limit int) ([]prism.Live, error) {
	lives, err := p.station.IdleLives(ctx, before, limit)
	if looked := p.looked; looked != nil {
		p.looked = nil
		looked()
	}
	return lives, err
}

func (p *publishes) IngestStarted(ctx context.Context, liveID string, broadcast int, session string) error {
	err := p.Store.IngestStarted(ctx, liveID, broadcast, session)
	if err == nil {
		p.started = append(p.started, session)
	}
	return err
}

func (p *publishes) IngestSeen(ctx context.Context, liveID, session string) error {
	err := p.Store.IngestSeen(ctx, liveID, session)
	if err == nil {
		p.seen = append(p.seen, session)
	}
	return err
}

func (p *publishes) IngestEnded(ctx context.Context, liveID, session string) error {
	err := p.Store.IngestEnded(ctx, liveID, session)
	if err == nil {
		p.ended = append(p.ended, session)
	}
	return err
}

const lsCallback = "/" + hookSecret + "/callback"

func newLiveStationIngest(t *testing.T, hold time.Duration) (*ingest.LiveStationIngest, *publishes, *stationServer) {
	t.Helper()
	client, server := newLiveStation(t)
	store := &publishes{station: newStation(t)}
	l, err := ingest.NewLiveStationIngest(ingest.LiveStationIngestOptions{
		Station: client, Channels: oneStation{"c1", lsChannel}, Store: store, Secret: hookSecret, Hold: hold, Interval: time.Hour,
	})
	store.must(err)
	t.Cleanup(func() { store.must(l.Close()) })
	return l, store, server
}

func TestLiveStationCallbackLeadsToAQuestion(t *testing.T) {
	l, store, server := newLiveStationIngest(t, -1)
	callback := recorded(t, "livestation_callback.json")
	step := func(name string, status, started, seen, ended int) {
		t.Helper()
		if w := post(l, lsCallback, callback); w.Code != status {
			t.Errorf("%s: status %d, want %d", name, w.Code, status)
		}
		if len(store.started) != started || len(store.seen) != seen || len(store.ended) != ended {
			t.Errorf("%s: started %v, seen %v, ended %v", name, store.started, store.seen, store.ended)
		}
	}
	ready := strings.Replace(recorded(t, "livestation_channel.json"), "PUBLISHING", "READY", 1)
	next := strings.Replace(recorded(t, "livestation_channel.json"), "1599218791", "1599218800", 1)
	step("no live on air", http.StatusNoContent, 0, 0, 0)
	store.start()
	step("publishing", http.StatusNoContent, 1, 0, 0)
	step("publishing, again", http.StatusNoContent, 1, 1, 0)
	server.set(lsGet, ready)
	step("ready", http.StatusNoContent, 1, 1, 1)
	if store.status() != prism.StatusOnAir {
		t.Error("the live ended with its publisher: the client may reconnect")
	}
	server.set(lsGet, next)
	step("a reconnect", http.StatusNoContent, 2, 1, 1)
	store.outage(prism.ErrUnavailable)
	step("an outage of the store", http.StatusServiceUnavailable, 2, 1, 1)
	store.outage(nil)
	server.status = http.StatusInternalServerError
	step("an outage of Live Station", http.StatusServiceUnavailable, 2, 1, 1)
	server.status = 0
	store.end()
	step("after the live", http.StatusNoContent, 2, 1, 1)
	if store.started[0] == store.started[1] || !strings.Contains(store.started[0], lsChannel) || len(store.started[0]) > 100 {
		t.Errorf("sessions %v", store.started)
	}
}

func TestLiveStationHoldsAPublishThatRacesItsStart(t *testing.T) {
	l, store, _ := newLiveStationIngest(t, ingest.DefaultHold)
	store.looked = store.start
	w := post(l, lsCallback, recorded(t, "livestation_callback.json"))
	if w.Code != http.StatusNoContent || len(store.started) != 1 {
		t.Errorf("status %d, started %v", w.Code, store.started)
	}
}

func TestLiveStationCheck(t *testing.T) {
	l, store, server := newLiveStationIngest(t, -1)
	store.must(l.Check(t.Context()))
	if server.calls() != 0 {
		t.Error("asked with no live on air")
	}
	store.start()
	// A live of a channel that Live Station does not carry is left alone.
	store.must(store.PutChannel(t.Context(), "u1", prism.Channel{ID: "c2", Name: "Other", Enabled: true}))
	other, err := store.CreateLive(t.Context(), "u1", "c2", prism.NewLive{Title: "Other", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	store.must(err)
	_, err = store.StartLive(t.Context(), "u1", other.ID)
	store.must(err)
	for range 3 {
		store.must(l.Check(t.Context()))
	}
	if len(store.started) != 1 || len(store.seen) != 2 || server.calls() != 3 {
		t.Errorf("started %v, seen %v, asked %d times", store.started, store.seen, server.calls())
	}
	server.status = http.StatusBadGateway
	if err := l.Check(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("an outage of Live Station: %v", err)
	}
	store.outage(prism.ErrUnavailable)
	if err := l.Check(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("an outage of the store: %v", err)
	}
}

func TestLiveStationCallbackIsChecked(t *testing.T) {
	l, _, server := newLiveStationIngest(t, -1)
	callback := recorded(t, "livestation_callback.json")
	for _, tc := range []struct {
		name, path, body string
		want             int
	}{
		{"wrong secret", "/0123456789abcdeX/callback", callback, 404},
		{"no secret", "/callback", callback, 404},
		{"another event", "/" + hookSecret + "/publish", callback, 404},
		{"no JSON", lsCallback, "x", 400},
		{"channel twice", lsCallback, strings.Replace(callback, `"event"`, `"channelId":"ls-2","event"`, 1), 400},
		{"too large", lsCallback, callback + strings.Repeat(" ", 9000), 400},
		{"another's channel", lsCallback, strings.Replace(callback, "aBCD3", "other", 1), 204},
	} {
		if w := post(l, tc.path, tc.body); w.Code != tc.want {
			t.Errorf("%s: status %d, want %d", tc.name, w.Code, tc.want)
		}
	}
	if server.calls() != 0 {
		t.Errorf("%d questions to Live Station", server.calls())
	}
}

func TestNewLiveStationIngestReportsEveryProblem(t *testing.T) {
	_, err := ingest.NewLiveStationIngest(ingest.LiveStationIngestOptions{Hold: time.Minute, Interval: time.Millisecond})
	for _, want := range []string{"Station", "Secret", "Hold", "Interval"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
