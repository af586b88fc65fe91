package promprism

import (
	"context"
	"errors"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// Ingest returns Events that count the hooks of a media server on their way to
// events, and change nothing: wrap what ingest.NewEvents returns before it
// goes to a handler. Ingest of nil is nil, which the handlers report.
//
// ingest_sessions counts the publishers that this instance let start and has
// heard of within Options.SessionTimeout. Where a load balancer spreads the
// hooks of one publisher over several instances, each of them counts it.
func (m *Metrics) Ingest(events ingest.Events) ingest.Events {
	if events == nil {
		return nil
	}
	return &countedEvents{next: events, metrics: m}
}

type countedEvents struct {
	next    ingest.Events
	metrics *Metrics
}

// Results of a hook, in the label "result".
const (
	resultOK       = "ok"
	resultNotFound = "not_found"
	resultConflict = "conflict"
	resultError    = "error"
)

func (c *countedEvents) counted(event string, err error) (result string) {
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
	c.metrics.ingestEvents.WithLabelValues(event, result).Inc()
	return result
}

func (c *countedEvents) Authorize(ctx context.Context, p ingest.Publish) (ingest.Decision, error) {
	decision, err := c.next.Authorize(ctx, p)
	c.counted("authorize", err)
	return decision, err
}

func (c *countedEvents) Started(ctx context.Context, p ingest.Publish) error {
	err := c.next.Started(ctx, p)
	if c.counted("started", err) == resultOK {
		c.metrics.sessions.Seen(p.Session)
	}
	return err
}

func (c *countedEvents) Heartbeat(ctx context.Context, p ingest.Publish) error {
	err := c.next.Heartbeat(ctx, p)
	switch c.counted("heartbeat", err) {
	case resultOK:
		c.metrics.sessions.Seen(p.Session)
	case resultNotFound, resultConflict:
		c.metrics.sessions.Over(p.Session)
	}
	return err
}

func (c *countedEvents) Ended(ctx context.Context, p ingest.Publish) error {
	err := c.next.Ended(ctx, p)
	c.counted("ended", err)
	c.metrics.sessions.Over(p.Session)
	return err
}
