package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// Defaults and bounds of EventsOptions.
const (
	DefaultHold = 3 * time.Second
	DefaultPoll = 200 * time.Millisecond
	// MaxHold leaves a media server the time to get an answer: nginx waits
	// for 10 s.
	MaxHold = 8 * time.Second
	// MaxKey is the length of the longest stream key that is looked up.
	MaxKey = 255
)

// EventsOptions describe the Events of a store. The zero value is good.
type EventsOptions struct {
	// Hold is how long a publish waits for its live to go on air: 3 s by
	// default, at most MaxHold. Negative means no wait.
	Hold time.Duration
	// Poll is the time between two looks at the store while waiting: 200 ms
	// by default, at least 10 ms.
	Poll time.Duration
}

type storeEvents struct {
	store      prism.IngestStore
	hold, poll time.Duration
}

// NewEvents returns Events that decide by the lives of a store. A publish
// whose live is reserved or has ended is held for a short time, because the
// PRISM client may push before its start is stored; so is one during which the
// store is unavailable. A key that no live has is refused at once.
func NewEvents(store prism.IngestStore, opt EventsOptions) (Events, error) {
	e := &storeEvents{store: store, hold: opt.Hold, poll: opt.Poll}
	switch {
	case e.hold == 0:
		e.hold = DefaultHold
	case e.hold < 0:
		e.hold = 0
	}
	if e.poll == 0 {
		e.poll = DefaultPoll
	}
	var errs []error
	if store == nil {
		errs = append(errs, errors.New("ingest: NewEvents: store is nil"))
	}
	if e.hold > MaxHold {
		errs = append(errs, fmt.Errorf("ingest: EventsOptions.Hold: %s is over %s", e.hold, MaxHold))
	}
	if e.poll < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("ingest: EventsOptions.Poll: %s is under 10ms", e.poll))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *storeEvents) Authorize(ctx context.Context, p Publish) (Decision, error) {
	over := time.NewTimer(e.hold)
	defer over.Stop()
	for {
		live, err := e.onAir(ctx, p)
		if err == nil {
			name, err := PlaybackName(live)
			if err != nil {
				return Decision{}, err
			}
			if name == p.Key {
				return Decision{}, fmt.Errorf("ingest: live %q: the playback name is the stream key: %w", live.ID, prism.ErrInvalid)
			}
			return Decision{Live: live, Playback: name}, nil
		}
		if errors.Is(err, prism.ErrNotFound) || ctx.Err() != nil || e.hold == 0 {
			return Decision{}, err
		}
		again := time.NewTimer(e.poll)
		select {
		case <-again.C:
		case <-over.C:
			again.Stop()
			return Decision{}, err
		case <-ctx.Done():
			again.Stop()
			return Decision{}, fmt.Errorf("ingest: holding a publish: %w", ctx.Err())
		}
	}
}

func (e *storeEvents) Started(ctx context.Context, p Publish) error {
	live, err := e.onAir(ctx, p)
	if err != nil {
		return err
	}
	if err := e.store.IngestStarted(ctx, live.ID, live.Broadcast, p.Session); err != nil {
		return fmt.Errorf("ingest: start of a publisher of live %q: %w", live.ID, err)
	}
	return nil
}

func (e *storeEvents) Heartbeat(ctx context.Context, p Publish) error {
	live, err := e.onAir(ctx, p)
	if err != nil {
		return err
	}
	if err := e.store.IngestSeen(ctx, live.ID, p.Session); err != nil {
		return fmt.Errorf("ingest: heartbeat of live %q: %w", live.ID, err)
	}
	return nil
}

func (e *storeEvents) Ended(ctx context.Context, p Publish) error {
	live, err := e.find(ctx, p)
	if errors.Is(err, prism.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := e.store.IngestEnded(ctx, live.ID, p.Session); err != nil {
		return fmt.Errorf("ingest: end of a publisher of live %q: %w", live.ID, err)
	}
	return nil
}

// onAir finds the live of the key; one that is not on air is an ErrConflict.
func (e *storeEvents) onAir(ctx context.Context, p Publish) (prism.Live, error) {
	live, err := e.find(ctx, p)
	if err != nil {
		return prism.Live{}, err
	}
	if live.Status != prism.StatusOnAir {
		return prism.Live{}, fmt.Errorf("ingest: live %q is %s: %w", live.ID, live.Status, prism.ErrConflict)
	}
	return live, nil
}

func (e *storeEvents) find(ctx context.Context, p Publish) (prism.Live, error) {
	if p.Key == "" || len(p.Key) > MaxKey {
		return prism.Live{}, fmt.Errorf("ingest: a stream key of %d bytes: %w", len(p.Key), prism.ErrNotFound)
	}
	live, err := e.store.LiveByStreamKey(ctx, prism.KeyDigest(p.Key))
	if err != nil {
		return prism.Live{}, fmt.Errorf("ingest: look-up of a stream key: %w", err)
	}
	return live, nil
}
