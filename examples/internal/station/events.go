package station

import (
	"context"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// Count tells how often an event of a live got through: "asked", "started",
// "heartbeat" or "ended".
func (s *Station) Count(kind string, live prism.Live) int {
	s.T.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[kind+" "+Key(s.T, live)]
}

// countedEvents counts what gets through, by kind and key.
type countedEvents struct {
	ingest.Events
	s *Station
}

func (e countedEvents) add(kind string, p ingest.Publish, err error) error {
	if err == nil {
		e.s.mu.Lock()
		defer e.s.mu.Unlock()
		e.s.counts[kind+" "+p.Key]++
	}
	return err
}

func (e countedEvents) Authorize(ctx context.Context, p ingest.Publish) (ingest.Decision, error) {
	_ = e.add("asked", p, nil)
	return e.Events.Authorize(ctx, p)
}

func (e countedEvents) Started(ctx context.Context, p ingest.Publish) error {
	return e.add("started", p, e.Events.Started(ctx, p))
}

func (e countedEvents) Heartbeat(ctx context.Context, p ingest.Publish) error {
	return e.add("heartbeat", p, e.Events.Heartbeat(ctx, p))
}

func (e countedEvents) Ended(ctx context.Context, p ingest.Publish) error {
	return e.add("ended", p, e.Events.Ended(ctx, p))
}
