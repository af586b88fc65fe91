package otelprism_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/adapters/otelprism"
	"github.com/b2bprism/b2bprism/prism"
)

// scripted are Events that answer one error after the other.
type scripted struct{ errs []error }

func (s *scripted) next() (err error) {
	err, s.errs = s.errs[0], s.errs[1:]
	return err
}

func (s *scripted) Authorize(context.Context, ingest.Publish) (ingest.Decision, error) {
	return ingest.Decision{Playback: "p"}, s.next()
}
func (s *scripted) Started(context.Context, ingest.Publish) error   { return s.next() }
func (s *scripted) Heartbeat(context.Context, ingest.Publish) error { return s.next() }
func (s *scripted) Ended(context.Context, ingest.Publish) error     { return s.next() }

// same is errors.Is for errors that may be nil.
func same(err, want error) bool { return errors.Is(err, want) && errors.Is(want, err) }

func TestIngestResults(t *testing.T) {
	t.Parallel()
	m, reader := newMetrics(t, otelprism.Options{})
	errs := map[string]error{
		"ok":        nil,
		"not_found": fmt.Errorf("x: %w", prism.ErrNotFound),
		"conflict":  fmt.Errorf("x: %w", prism.ErrConflict),
		"error":     errors.New("down"),
	}
	for result, want := range errs {
		events := m.Ingest(&scripted{errs: []error{want, want, want, want}})
		p := ingest.Publish{Key: "k", Session: "s"}
		decision, err := events.Authorize(t.Context(), p)
		if !same(err, want) || decision.Playback != "p" {
			t.Errorf("%s: Authorize: %+v, %v; want what the wrapped Events say", result, decision, err)
		}
		for name, call := range map[string]func(context.Context, ingest.Publish) error{
			"Started": events.Started, "Heartbeat": events.Heartbeat, "Ended": events.Ended,
		} {
			if err := call(t.Context(), p); !same(err, want) {
				t.Errorf("%s: %s: %v, want what the wrapped Events say", result, name, err)
			}
		}
	}
	counted := collected(t, reader, "b2bprism.ingest.events")
	for result := range errs {
		for _, event := range []string{"authorize", "started", "heartbeat", "ended"} {
			if n := counted[ingestEvents(event, result)]; n != "1" {
				t.Errorf("%s %s: counted %q times, want once", event, result, n)
			}
		}
	}
	if m.Ingest(nil) != nil {
		t.Error("Ingest of nil is not nil")
	}
	plain, _, _ := newTelemetry(t, otelprism.Options{})
	if events := new(scripted); plain.Ingest(events) != ingest.Events(events) {
		t.Error("Ingest wraps events without a MeterProvider")
	}
}

// ingestEvents and ingestSessions name points as collected does.
func ingestEvents(event, result string) string {
	return "b2bprism.ingest.events {event} map[b2bprism.ingest.event:" + event + " b2bprism.ingest.result:" + result + "]"
}

const ingestSessions = "b2bprism.ingest.sessions {session} map[]"

func TestIngestSessions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const timeout = time.Minute
		m, reader := newMetrics(t, otelprism.Options{SessionTimeout: timeout})
		answers := &scripted{}
		events := m.Ingest(answers)
		hook := func(call func(context.Context, ingest.Publish) error, session string, answer error) {
			answers.errs = []error{answer}
			_ = call(t.Context(), ingest.Publish{Key: "k", Session: session}) // the answer is the script's
		}
		want := func(n int, when string) {
			t.Helper()
			if got := collected(t, reader, "b2bprism.ingest.sessions")[ingestSessions]; got != strconv.Itoa(n) {
				t.Errorf("%s: %s sessions, want %d", when, got, n)
			}
		}
		down := errors.New("down")
		hook(events.Started, "a", nil)
		hook(events.Started, "b", nil)
		hook(events.Started, "refused", prism.ErrConflict)
		want(2, "after two starts")
		hook(events.Started, "a", nil)
		want(2, "after a start that came twice")
		hook(events.Ended, "b", down)
		hook(events.Ended, "b", nil)
		want(1, "after an end that came twice")
		time.Sleep(timeout)
		want(1, "at the timeout")
		hook(events.Heartbeat, "a", nil)
		time.Sleep(timeout)
		want(1, "kept by a heartbeat")
		hook(events.Heartbeat, "a", down)
		hook(events.Heartbeat, "c", nil)
		want(2, "of another instance's start")
		time.Sleep(time.Second)
		want(1, "a is silent")
		hook(events.Heartbeat, "c", prism.ErrConflict)
		want(0, "c is refused")
	})
}

func TestIngestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, reader := newMetrics(t, otelprism.Options{SessionTimeout: time.Minute})
		const most = 10_000
		start := func(prefix string) {
			for i := range most + 10 {
				if err := m.Ingest(&scripted{errs: []error{nil}}).Started(t.Context(), ingest.Publish{Session: fmt.Sprint(prefix, i)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		start("a")
		if n := collected(t, reader, "b2bprism.ingest.sessions")[ingestSessions]; n != strconv.Itoa(most) {
			t.Errorf("%s sessions, want %d", n, most)
		}
		time.Sleep(2 * time.Minute)
		start("b") // the silent ones make room
		if n := collected(t, reader, "b2bprism.ingest.sessions")[ingestSessions]; n != strconv.Itoa(most) {
			t.Errorf("%s sessions, want %d", n, most)
		}
	})
}

// With the real Events over a store, the metrics follow a publish.
func TestIngestOverStore(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	m, reader := newMetrics(t, otelprism.Options{})
	next, err := ingest.NewEvents(store, ingest.EventsOptions{Hold: -1})
	if err != nil {
		t.Fatal(err)
	}
	events := m.Ingest(next)
	live, err := store.CreateLive(t.Context(), "minji", "main", prism.NewLive{Title: "Today", ReservedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := prism.SplitRTMPPath(live.RTMPPath)
	if err != nil {
		t.Fatal(err)
	}
	p := ingest.Publish{Key: key, Session: "s1"}
	if _, err := events.Authorize(t.Context(), p); !errors.Is(err, prism.ErrConflict) {
		t.Errorf("Authorize before the start: %v", err)
	}
	if _, err := store.StartLive(t.Context(), "minji", live.ID); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(events.Started(t.Context(), p), events.Heartbeat(t.Context(), p)); err != nil {
		t.Fatal(err)
	}
	got := collected(t, reader, "b2bprism.ingest.")
	if got[ingestSessions] != "1" || got[ingestEvents("authorize", "conflict")] != "1" {
		t.Errorf("the publish was not counted: %v", got)
	}
}
