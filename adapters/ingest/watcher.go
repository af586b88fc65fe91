package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// Defaults and bounds of WatcherOptions.
const (
	DefaultIngestTimeout = 30 * time.Second
	// MinIngestTimeout leaves room for a heartbeat or two.
	MinIngestTimeout = time.Second

	maxWatchInterval = 5 * time.Second
	passTimeout      = 10 * time.Second
	passLimit        = 1000
)

// WatcherOptions describe a Watcher.
type WatcherOptions struct {
	// Store is where hooks record what comes in. Required.
	Store prism.IngestStore
	// End ends one broadcast of a live: the EndBroadcast method of a
	// *prism.Service. Required.
	End func(ctx context.Context, liveID string, opt prism.EndOptions, reason prism.EndReason) (prism.EndResult, error)
	// Timeout is how long a live on air may be without packets, from the last
	// one or from its start: 30 s by default, at least MinIngestTimeout. It
	// must be longer than the heartbeats of the media server are apart.
	Timeout time.Duration
	// Sources are what records heartbeats in place of the media servers: the
	// Poller of each server that has one, and the LiveStationIngest. A live
	// that one of them does not watch is not ended. nil is right only where
	// the servers send heartbeats by themselves, as nginx does.
	Sources []Source
	// Interval is the time between two passes: by default a sixth of Timeout,
	// at most 5 s. At least 10 ms.
	Interval time.Duration
	// Logger gets what was ended and what failed. nil is silent.
	Logger *zap.Logger
	// Now is the clock that the store's times are compared with; nil means
	// time.Now.
	Now func() time.Time
}

// Watcher ends lives whose publisher is gone and did not come back, and those
// that were started and never got one. Several may run on one store: a
// broadcast is ended once, and goes on if a packet came in at the last moment.
//
// Heartbeats are not recorded while the service or its store is down, so after
// its own start and after a pass that failed a Watcher waits for Timeout before
// it ends anything. For the same reason it ends no live while the API of a
// media server, which a Source asks, is down, nor until Timeout after it is
// back.
type Watcher struct {
	opt    WatcherOptions
	passes passes

	mu sync.Mutex
	// since is when the store began to answer; zero after a failure.
	since time.Time
}

// NewWatcher starts a Watcher. Close stops it.
func NewWatcher(opt WatcherOptions) (*Watcher, error) {
	if opt.Timeout == 0 {
		opt.Timeout = DefaultIngestTimeout
	}
	if opt.Interval == 0 {
		opt.Interval = min(opt.Timeout/6, maxWatchInterval)
	}
	if opt.Logger == nil {
		opt.Logger = zap.NewNop()
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	var errs []error
	if opt.Store == nil {
		errs = append(errs, errors.New("ingest: WatcherOptions.Store is nil"))
	}
	if opt.End == nil {
		errs = append(errs, errors.New("ingest: WatcherOptions.End is nil"))
	}
	if slices.Contains(opt.Sources, nil) {
		errs = append(errs, errors.New("ingest: WatcherOptions.Sources has a nil"))
	}
	if opt.Timeout < MinIngestTimeout {
		errs = append(errs, fmt.Errorf("ingest: WatcherOptions.Timeout: %s is under %s", opt.Timeout, MinIngestTimeout))
	}
	if opt.Interval < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("ingest: WatcherOptions.Interval: %s is under 10ms", opt.Interval))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	opt.Sources = slices.Clone(opt.Sources)
	w := &Watcher{opt: opt, since: opt.Now()}
	w.passes = startPasses(opt.Interval, w.Check, opt.Logger, "the watch for idle lives failed")
	return w, nil
}

// Close stops the Watcher and waits for a pass that runs. It may be called
// again.
func (w *Watcher) Close() error {
	w.passes.stop()
	return nil
}

// Check makes one pass: it ends every live that is idle for the timeout and was
// watched all that time, with reason prism.EndedByIngestTimeout. A live that
// cannot be ended does not keep the others; the errors come back joined.
func (w *Watcher) Check(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	now := w.opt.Now()
	before := now.Add(-w.opt.Timeout)
	idle, err := w.opt.Store.IdleLives(ctx, before, passLimit)
	if err != nil {
		w.since = time.Time{}
		return fmt.Errorf("ingest: look for idle lives: %w", err)
	}
	if w.since.IsZero() {
		w.since = now
	}
	if w.since.After(before) {
		return nil
	}
	var errs []error
	for _, live := range idle {
		if !w.watched(live, before) {
			continue
		}
		res, err := w.opt.End(ctx, live.ID,
			prism.EndOptions{OnlyBroadcast: live.Broadcast, IdleBefore: before}, prism.EndedByIngestTimeout)
		switch {
		case errors.Is(err, prism.ErrNotFound): // deleted meanwhile
		case err != nil:
			errs = append(errs, fmt.Errorf("ingest: end of idle live %q: %w", live.ID, err))
		case res.Changed:
			w.opt.Logger.Info("live ended: its ingest is gone", zap.String("live", live.ID), zap.Int("broadcast", live.Broadcast))
		}
	}
	return errors.Join(errs...)
}

// watched reports whether every source has looked after the live since a time.
// Which of them has its publisher is not known.
func (w *Watcher) watched(live prism.Live, since time.Time) bool {
	return !slices.ContainsFunc(w.opt.Sources, func(s Source) bool { return !s.Watched(live, since) })
}
