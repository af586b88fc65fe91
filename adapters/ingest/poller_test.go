package ingest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// listing is a media server that tells and drops what a test says.
type listing struct {
	ingest.PublisherControl
	mu         sync.Mutex
	publishers []ingest.Publisher
	fail       error
	dropFail   error
	dropped    []string
	asked      int
}

func (l *listing) Publishers(context.Context) ([]ingest.Publisher, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	return l.publishers, l.fail
}

func (l *listing) Drop(_ context.Context, p ingest.Publisher) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped = append(l.dropped, p.Session)
	return l.dropFail
}

func publisher(key, session string, received int64) ingest.Publisher {
	return ingest.Publisher{Publish: ingest.Publish{Key: key, Session: session}, Handle: session, Received: received}
}

func TestPoller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		events := newEvents(t, s, ingest.EventsOptions{Hold: -1})
		server := &listing{}
		poller, err := ingest.NewPoller(ingest.PollerOptions{Server: server, Events: events, Interval: time.Hour})
		s.must(err)
		defer func() { s.must(poller.Close()) }()
		// active is what a Watcher would see.
		active := func() bool {
			t.Helper()
			idle, err := s.IdleLives(t.Context(), time.Now(), 10)
			s.must(err)
			return len(idle) == 0
		}
		pass := func(after time.Duration, publishers ...ingest.Publisher) {
			t.Helper()
			time.Sleep(after)
			server.publishers = publishers
			s.must(poller.Check(t.Context()))
		}
		first, second := publisher(s.key, "n:1", 100), publisher(s.key, "n:2", 5)

		s.must(events.Started(t.Context(), first.Publish))
		pass(time.Second, first)
		if !active() {
			t.Error("no heartbeat for a publisher")
		}
		pass(time.Second, first)
		if active() {
			t.Error("a heartbeat for a publisher that sent nothing")
		}
		first.Received++
		pass(time.Second, first)
		if !active() {
			t.Error("no heartbeat for a publisher that sends again")
		}
		unknown := first
		unknown.Received = -1
		pass(time.Second, unknown)
		pass(time.Second, unknown)
		if !active() {
			t.Error("no heartbeat where the server does not tell the bytes")
		}

		// A newer session takes its place: the older goes at once.
		s.must(events.Started(t.Context(), second.Publish))
		first.Received++
		pass(time.Second, first, second)
		if diff := cmp.Diff([]string{"n:1"}, server.dropped); diff != "" || !active() {
			t.Errorf("dropped (-want +got):\n%s", diff)
		}

		// Those whose hook may still be held have time.
		stranger, early := publisher("nosuchkey", "n:8", 1), publisher(s.key, "n:9", 1)
		pass(time.Second, stranger, early)
		pass(ingest.DefaultPollGrace-time.Second, stranger, early)
		if len(server.dropped) != 1 {
			t.Errorf("dropped %v within the grace", server.dropped)
		}
		s.must(events.Started(t.Context(), early.Publish))
		pass(time.Second, stranger, early)
		if diff := cmp.Diff([]string{"n:1", "n:8"}, server.dropped); diff != "" || !active() {
			t.Errorf("dropped (-want +got):\n%s", diff)
		}

		// The service's own failure drops nobody.
		s.outage(prism.ErrUnavailable)
		early.Received++
		if err := poller.Check(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("during an outage: %v", err)
		}
		s.outage(nil)
		server.publishers, server.fail = nil, errors.New("no answer")
		if err := poller.Check(t.Context()); !errors.Is(err, server.fail) {
			t.Errorf("without an answer: %v", err)
		}
		server.fail = nil
		if len(server.dropped) != 2 {
			t.Errorf("dropped %v", server.dropped)
		}

		// A live that ended drops its publisher; a server without a call for
		// it is no error, a failed call is.
		s.end()
		for _, tc := range []struct{ fail, want error }{{errors.ErrUnsupported, nil}, {context.DeadlineExceeded, context.DeadlineExceeded}} {
			early.Received++
			server.publishers, server.dropFail = []ingest.Publisher{early}, tc.fail
			if err := poller.Check(t.Context()); !errors.Is(err, tc.want) {
				t.Errorf("drop with %v: %v", tc.fail, err)
			}
		}
		if len(server.dropped) != 4 {
			t.Errorf("dropped %v", server.dropped)
		}
	})
}

func TestPollerRunsUntilClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &listing{fail: errors.New("no answer")}
		poller, err := ingest.NewPoller(ingest.PollerOptions{Server: server, Events: &scriptedEvents{}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3*ingest.DefaultPollInterval + time.Second)
		for range 2 {
			if err := poller.Close(); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Minute)
		if server.asked != 3 {
			t.Errorf("asked %d times", server.asked)
		}
	})
}

func TestNewPollerReportsEveryProblem(t *testing.T) {
	_, err := ingest.NewPoller(ingest.PollerOptions{Interval: time.Millisecond})
	for _, want := range []string{"Server", "Events", "Interval"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
