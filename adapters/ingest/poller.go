package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// Defaults of PollerOptions.
const (
	DefaultPollInterval = 5 * time.Second
	// DefaultPollGrace is longer than a hook can take.
	DefaultPollGrace = 10 * time.Second
)

// PollerOptions describe a Poller.
type PollerOptions struct {
	// Server is asked who publishes. Required.
	Server PublisherControl
	// Events are told. Required.
	Events Events
	// Interval is the time between two passes: 5 s by default, at least
	// 10 ms. A pass takes at most 10 s. A Watcher's timeout must be longer.
	Interval time.Duration
	// Grace is how long a publisher that was never known as its live's may
	// stay: its hook may still be held. 10 s by default; negative means not
	// at all. One that was known before is dropped at once.
	Grace time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets who was dropped and what failed, without keys. nil is
	// silent.
	Logger *zap.Logger
}

// Poller gives a media server that sends no heartbeats the effect of one: it
// asks who publishes, calls Events.Heartbeat for every publisher whose bytes
// still grow, and drops those that have no right to publish any more. nginx
// needs none: it sends updates.
//
// While the server cannot be asked there are no heartbeats: a Poller is the
// Source that keeps a Watcher from taking lives for idle then. Set it in
// WatcherOptions.Sources.
//
// It also finds publishers that a media server let in because the hook found
// nobody, as node-media-server does. It drops nobody because the service
// failed.
type Poller struct {
	opt    PollerOptions
	passes passes

	mu sync.Mutex
	// seen are the sessions of the pass before.
	seen map[string]sighting

	// watchedMu is apart from mu, which is held while the server is asked.
	watchedMu sync.Mutex
	watched   watchedTime
}

// sighting is what a Poller remembers of a session.
type sighting struct {
	received int64
	// known is set once a heartbeat was taken.
	known bool
	// refusedAt is when the first heartbeat was refused; zero if none was.
	refusedAt time.Time
}

// NewPoller starts a Poller. Close stops it.
func NewPoller(opt PollerOptions) (*Poller, error) {
	if opt.Interval == 0 {
		opt.Interval = DefaultPollInterval
	}
	if opt.Grace == 0 {
		opt.Grace = DefaultPollGrace
	}
	if opt.Logger == nil {
		opt.Logger = zap.NewNop()
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	var errs []error
	if opt.Server == nil {
		errs = append(errs, errors.New("ingest: PollerOptions.Server is nil"))
	}
	if opt.Events == nil {
		errs = append(errs, errors.New("ingest: PollerOptions.Events is nil"))
	}
	if opt.Interval < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("ingest: PollerOptions.Interval: %s is under 10ms", opt.Interval))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	p := &Poller{opt: opt}
	p.passes = startPasses(opt.Interval, p.Check, opt.Logger, "the look at who publishes failed")
	return p, nil
}

// Close stops the Poller and waits for a pass that runs. It may be called
// again. A Poller that is closed watches nothing.
func (p *Poller) Close() error {
	p.passes.stop()
	p.looked(time.Time{}, false)
	return nil
}

// Watched implements Source, alike for all lives: it is true if, since the
// given time, the server could be asked and heartbeats could be recorded in
// every pass.
func (p *Poller) Watched(_ prism.Live, since time.Time) bool {
	p.watchedMu.Lock()
	defer p.watchedMu.Unlock()
	return p.watched.covers(since)
}

// looked records whether the look that began at now was a good one.
func (p *Poller) looked(now time.Time, good bool) {
	p.watchedMu.Lock()
	defer p.watchedMu.Unlock()
	if good {
		p.watched = p.watched.goesOn(now)
	} else {
		p.watched = watchedTime{}
	}
}

// Check makes one pass. A publisher that cannot be looked up or dropped does
// not keep the others; the errors come back joined.
func (p *Poller) Check(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	begin := p.opt.Now()
	publishers, err := p.opt.Server.Publishers(ctx)
	good := err == nil
	defer func() { p.looked(begin, good) }()
	if err != nil && len(publishers) == 0 {
		return err
	}
	seen := make(map[string]sighting, len(publishers))
	errs := []error{err}
	for _, pub := range publishers {
		now, before := p.seen[pub.Session], p.seen[pub.Session]
		now.received = pub.Received
		if now.known && pub.Received >= 0 && pub.Received == before.received {
			seen[pub.Session] = now
			continue // connected, but nothing came in
		}
		err := p.opt.Events.Heartbeat(ctx, pub.Publish)
		switch {
		case err == nil:
			now.known, now.refusedAt = true, time.Time{}
		case !mustGo(err):
			good = false
			errs = append(errs, fmt.Errorf("ingest: heartbeat of session %q: %w", pub.Session, err))
		case p.mayStay(&now):
		default:
			p.opt.Logger.Info("publisher dropped", zap.String("session", pub.Session), zap.Error(err))
			if err := p.opt.Server.Drop(ctx, pub); err != nil && !errors.Is(err, errors.ErrUnsupported) {
				errs = append(errs, err)
			}
		}
		seen[pub.Session] = now
	}
	p.seen = seen
	return errors.Join(errs...)
}

// mayStay reports whether a publisher that was refused has time left.
func (p *Poller) mayStay(s *sighting) bool {
	now := p.opt.Now()
	if s.refusedAt.IsZero() {
		s.refusedAt = now
	}
	return !s.known && now.Sub(s.refusedAt) < p.opt.Grace
}
