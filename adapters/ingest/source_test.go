package ingest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// closing closes at the end of a test, inside its synctest bubble.
func closing(t *testing.T, c interface{ Close() error }) {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func watchSources(t *testing.T, s *station, timeout time.Duration, sources ...ingest.Source) {
	t.Helper()
	w, err := ingest.NewWatcher(ingest.WatcherOptions{Store: s, End: s.endBroadcast, Timeout: timeout, Sources: sources})
	s.must(err)
	closing(t, w)
}

// is checks the status of the station's live.
func (s *station) is(want prism.Status, when string) {
	s.t.Helper()
	if got := s.status(); got != want {
		s.t.Fatalf("%s: the live is %s, want %s", when, got, want)
	}
}

// say sets what the server answers from now on.
func (l *listing) say(fail error, publishers ...ingest.Publisher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.publishers, l.fail = publishers, fail
}

// publishing is a live with a publisher whose server sends no heartbeats.
func publishing(t *testing.T) (*station, ingest.Events, ingest.Publisher) {
	t.Helper()
	s := newStation(t)
	s.start()
	events, p := newEvents(t, s, ingest.EventsOptions{Hold: -1}), publisher(s.key, "n:1", -1)
	s.must(events.Started(t.Context(), p.Publish))
	return s, events, p
}

func poll(t *testing.T, s *station, opt ingest.PollerOptions) *ingest.Poller {
	t.Helper()
	poller, err := ingest.NewPoller(opt)
	s.must(err)
	closing(t, poller)
	return poller
}

func TestOutageOfAMediaServersAPIEndsNoLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, events, p := publishing(t)
		server := &listing{publishers: []ingest.Publisher{p}}
		watchSources(t, s, 30*time.Second, poll(t, s, ingest.PollerOptions{Server: server, Events: events}))
		sleep(5 * time.Minute)
		s.is(prism.StatusOnAir, "polled")
		server.say(errors.New("no answer"))
		sleep(5 * time.Minute)
		s.is(prism.StatusOnAir, "during an outage")
		server.say(nil, p)
		sleep(5 * time.Minute)
		s.is(prism.StatusOnAir, "after an outage")

		// One whose publisher went away meanwhile is ended, but not at once.
		server.say(errors.New("no answer"))
		sleep(5 * time.Minute)
		server.say(nil)
		sleep(29 * time.Second)
		s.is(prism.StatusOnAir, "right after an outage")
		sleep(12 * time.Second)
		s.is(prism.StatusEnd, "long after an outage")
	})
}

func TestPassThatHangsEndsNoLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, events, p := publishing(t)
		server := &hanging{listing: listing{publishers: []ingest.Publisher{p}}}
		watchSources(t, s, 6*time.Second, poll(t, s, ingest.PollerOptions{Server: server, Events: events, Interval: 2 * time.Second}))
		sleep(time.Minute)
		server.hang.Lock()
		sleep(9 * time.Second) // a pass may take 10 s
		s.is(prism.StatusOnAir, "during a pass that hangs")
		server.hang.Unlock()
		sleep(time.Minute)
		s.is(prism.StatusOnAir, "after it")
	})
}

// hanging is a server that does not answer while its lock is held.
type hanging struct {
	listing
	hang sync.Mutex
}

func (h *hanging) Publishers(ctx context.Context) ([]ingest.Publisher, error) {
	for !h.hang.TryLock() {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	defer h.hang.Unlock()
	return h.listing.Publishers(ctx)
}

// deafEvents cannot record heartbeats for some time.
type deafEvents struct {
	ingest.Events
	mu   sync.Mutex
	fail error
}

func (e *deafEvents) Heartbeat(ctx context.Context, p ingest.Publish) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fail != nil {
		return e.fail
	}
	return e.Events.Heartbeat(ctx, p)
}

func TestHeartbeatsThatCannotBeRecordedEndNoLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, events, p := publishing(t)
		deaf := &deafEvents{Events: events}
		watchSources(t, s, 30*time.Second, poll(t, s, ingest.PollerOptions{Server: &listing{publishers: []ingest.Publisher{p}}, Events: deaf}))
		for _, fail := range []error{nil, prism.ErrUnavailable, nil} {
			deaf.mu.Lock()
			deaf.fail = fail
			deaf.mu.Unlock()
			sleep(5 * time.Minute)
			s.is(prism.StatusOnAir, "heartbeats")
		}
	})
}

func TestPollerHearsThoseThatAServerCouldTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, events, p := publishing(t)
		server := &listing{}
		server.say(errors.New("one connection could not be asked"), p)
		poller := poll(t, s, ingest.PollerOptions{Server: server, Events: events, Interval: time.Hour})
		sleep(10 * time.Second)
		if err := poller.Check(t.Context()); !errors.Is(err, server.fail) {
			t.Errorf("Check: %v, want the failure", err)
		}
		if idle, err := s.IdleLives(t.Context(), time.Now(), 10); err != nil || len(idle) != 0 {
			t.Errorf("no heartbeat: %d idle, %v", len(idle), err)
		}
		if poller.Watched(s.live, time.Now()) {
			t.Error("watched, although one could not be asked")
		}
	})
}

func TestClosedPollerEndsNoLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, events, p := publishing(t)
		poller := poll(t, s, ingest.PollerOptions{Server: &listing{publishers: []ingest.Publisher{p}}, Events: events})
		watchSources(t, s, 30*time.Second, poller)
		sleep(time.Minute)
		s.must(poller.Close())
		sleep(time.Minute)
		s.is(prism.StatusOnAir, "after the end of its poller")
	})
}

func TestNewWatcherTakesNoNilSource(t *testing.T) {
	s := newStation(t)
	_, err := ingest.NewWatcher(ingest.WatcherOptions{Store: s, End: s.endBroadcast, Sources: []ingest.Source{nil}})
	if err == nil || !strings.Contains(err.Error(), "Sources") {
		t.Errorf("nil was taken: %v", err)
	}
}

// stationWire carries calls to a stationServer without a network, so that the
// time of a synctest bubble goes on.
type stationWire struct {
	server *stationServer
	client *ingest.LiveStation
	mu     sync.Mutex
	mode   string // "", "slow", "refused" or "hangs"
	only   string // the calls that mode is for, by a part of their path
	asked  func() // is called before each answer, if set
}

func (w *stationWire) asks(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = f
}

func (w *stationWire) set(mode, only string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode, w.only = mode, only
}

func (w *stationWire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	mode := w.mode
	if !strings.Contains(r.URL.Path, w.only) {
		mode = ""
	}
	if w.asked != nil {
		w.asked()
	}
	w.mu.Unlock()
	switch mode {
	case "slow":
		time.Sleep(500 * time.Millisecond)
	case "hangs":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case "refused":
		return nil, errors.New("connection refused")
	}
	r = r.Clone(r.Context())
	r.RequestURI = r.URL.RequestURI()
	answer := httptest.NewRecorder()
	w.server.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// wiredLiveStation is Live Station inside a synctest bubble.
func wiredLiveStation(t *testing.T) (*ingest.LiveStation, *stationWire) {
	t.Helper()
	wire := &stationWire{server: &stationServer{answers: map[string]string{lsGet: recorded(t, "livestation_channel.json")}}}
	client, err := ingest.NewLiveStation(ingest.LiveStationOptions{
		AccessKey: ncpAccess, SecretKey: ncpSecret, BaseURL: "http://livestation.test", Client: &http.Client{Transport: wire},
	})
	if err != nil {
		t.Fatal(err)
	}
	wire.client = client
	return client, wire
}

// twoStations is a host's table with two rows.
type twoStations struct{ oneStation }

const otherStation = "ls-other"

func (o twoStations) StationOf(ctx context.Context, channelID string) (string, error) {
	if channelID == "c2" {
		return otherStation, nil
	}
	return o.oneStation.StationOf(ctx, channelID)
}

func TestOutageOfLiveStationEndsNoLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		client, wire := wiredLiveStation(t)
		// A second live, whose channel has no publisher.
		s.must(s.PutChannel(t.Context(), "u1", prism.Channel{ID: "c2", Name: "Second", Enabled: true}))
		other, err := s.CreateLive(t.Context(), "u1", "c2", prism.NewLive{Title: "Other", Scope: prism.ScopePublic, ReservedAt: time.Now()})
		s.must(err)
		ready := strings.NewReplacer("PUBLISHING", "READY", lsChannel, otherStation).Replace(recorded(t, "livestation_channel.json"))
		wire.server.set("GET /api/v2/channels/"+otherStation, ready)

		live, err := ingest.NewLiveStationIngest(ingest.LiveStationIngestOptions{
			Station: client, Channels: twoStations{oneStation{"c1", lsChannel}}, Store: s, Secret: hookSecret,
		})
		s.must(err)
		closing(t, live)
		watchSources(t, s, 30*time.Second, live)
		sleep(5 * time.Minute)
		s.is(prism.StatusOnAir, "publishing")
		for _, mode := range []string{"refused", "hangs"} {
			wire.set(mode, "")
			sleep(5 * time.Minute)
			s.is(prism.StatusOnAir, mode)
			wire.set("", "")
			sleep(5 * time.Minute)
			s.is(prism.StatusOnAir, mode+", and back")
		}

		// A channel that cannot be asked keeps its own live only.
		_, err = s.StartLive(t.Context(), "u1", other.ID)
		s.must(err)
		wire.set("refused", lsChannel)
		sleep(time.Minute)
		s.is(prism.StatusOnAir, "its channel cannot be asked")
		if second, err := s.Live(t.Context(), "u1", other.ID); err != nil || second.Status != prism.StatusEnd {
			t.Errorf("the live of another channel is %s, %v", second.Status, err)
		}

		// Its publisher went away meanwhile.
		wire.server.set(lsGet, strings.Replace(recorded(t, "livestation_channel.json"), "PUBLISHING", "READY", 1))
		wire.set("", "")
		sleep(29 * time.Second)
		s.is(prism.StatusOnAir, "right after an outage")
		sleep(20 * time.Second)
		s.is(prism.StatusEnd, "long after an outage")
	})
}

func TestLiveOfALiveStationChannelThatIsGoneIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		client, wire := wiredLiveStation(t)
		live, err := ingest.NewLiveStationIngest(ingest.LiveStationIngestOptions{
			Station: client, Channels: oneStation{"c1", lsChannel}, Store: s, Secret: hookSecret,
		})
		s.must(err)
		closing(t, live)
		watchSources(t, s, 30*time.Second, live)
		sleep(time.Minute)
		s.is(prism.StatusOnAir, "publishing")
		wire.server.mu.Lock()
		delete(wire.server.answers, lsGet)
		wire.server.mu.Unlock()
		sleep(time.Minute)
		s.is(prism.StatusEnd, "without its channel")
	})
}
