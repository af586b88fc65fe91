package otelprism

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// Ingest returns Events that count the hooks of a media server on their way to
// events, and change nothing: wrap what ingest.NewEvents returns before it
// goes to a handler. Ingest of nil is nil, which the handlers report. Without
// Options.MeterProvider there is nothing to count, and Ingest returns events.
//
// b2bprism.ingest.sessions counts the publishers that this instance let start
// and has heard of within Options.SessionTimeout. Where a load balancer
// spreads the hooks of one publisher over several instances, each of them
// counts it.
func (t *Telemetry) Ingest(events ingest.Events) ingest.Events {
	if events == nil || t.meters == nil {
		return events
	}
	return &countedEvents{next: events, meters: t.meters}
}

type countedEvents struct {
	next   ingest.Events
	meters *meters
}

const (
	keyIngestEvent  = attribute.Key("b2bprism.ingest.event")
	keyIngestResult = attribute.Key("b2bprism.ingest.result")
)

// Results of a hook.
const (
	resultOK       = "ok"
	resultNotFound = "not_found"
	resultConflict = "conflict"
	resultError    = "error"
)

func (c *countedEvents) counted(ctx context.Context, event string, err error) (result string) {
	switch {
	case err == nil:
		result = resultOK
	case errors.Is(err, prism.ErrNotFound):
		result = resultNotFound
	case errors.Is(err, prism.ErrConflict):
		result = resultConflict
	default:
		result = resultError
	}
	c.meters.ingestEvents.Add(ctx, 1, metric.WithAttributes(keyIngestEvent.String(event), keyIngestResult.String(result)))
	return result
}

func (c *countedEvents) Authorize(ctx context.Context, p ingest.Publish) (ingest.Decision, error) {
	decision, err := c.next.Authorize(ctx, p)
	c.counted(ctx, "authorize", err)
	return decision, err
}

func (c *countedEvents) Started(ctx context.Context, p ingest.Publish) error {
	err := c.next.Started(ctx, p)
	if c.counted(ctx, "started", err) == resultOK {
		c.meters.sessions.Seen(p.Session)
	}
	return err
}

func (c *countedEvents) Heartbeat(ctx context.Context, p ingest.Publish) error {
	err := c.next.Heartbeat(ctx, p)
	switch c.counted(ctx, "heartbeat", err) {
	case resultOK:
		c.meters.sessions.Seen(p.Session)
	case resultNotFound, resultConflict:
		c.meters.sessions.Over(p.Session)
	}
	return err
}

func (c *countedEvents) Ended(ctx context.Context, p ingest.Publish) error {
	err := c.next.Ended(ctx, p)
	c.counted(ctx, "ended", err)
	c.meters.sessions.Over(p.Session)
	return err
}
