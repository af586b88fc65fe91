package prism

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Defaults and bounds of SweeperOptions.
const (
	DefaultSweepInterval = 10 * time.Minute
	MinSweepInterval     = time.Second
	DefaultDuplicateAge  = 24 * time.Hour
	// MinDuplicateAge leaves a streamer time to start a live that was created,
	// and its twin time to be created.
	MinDuplicateAge   = time.Hour
	DefaultSweepLimit = 1000
	MaxSweepLimit     = 10_000
	DefaultSweepSteps = 100
)

const (
	// sweepJob is the job that a Sweeper leases.
	sweepJob = "prism sweep"
	// sweepLease is how long the job is leased for each step. Another instance
	// waits that long when this one dies in the middle of it.
	sweepLease = time.Minute
	// sweepStepTimeout and leaseTimeout end a step before its lease is over.
	sweepStepTimeout = 30 * time.Second
	leaseTimeout     = 10 * time.Second
)

// SweeperOptions describe a Sweeper.
type SweeperOptions struct {
	// Store is what is swept. Required.
	Store SweepStore
	// Interval is the time between two runs: 10 minutes by default, at least
	// 1 s. Negative leaves it to the host; see Sweeper.Sweep.
	Interval time.Duration
	// DuplicateAge is how old a duplicate must be to be deleted: 24 hours by
	// default, at least 1.
	DuplicateAge time.Duration
	// Limit is the most that one step deletes, so that no database is held
	// for long: 1,000 by default, 1 to 10,000. Steps is the most steps of a
	// run, for lives and for bans each: 100 by default. The rest waits for the
	// next run.
	Limit, Steps int
	// Logger gets what was deleted and what failed. nil is silent.
	Logger *zap.Logger
	// Now is the clock that the store's times are compared with; nil means
	// time.Now.
	Now func() time.Time
}

// Sweeper deletes what nobody needs any more: duplicates of lives that were
// never started, and bans that are over. Every instance of a host may have
// one; a lease of the store sees to it that one at a time sweeps. It is safe
// for concurrent use.
type Sweeper struct {
	opt    SweeperOptions
	holder string
	turn   chan struct{} // held by the run
	stop   context.CancelFunc
	loop   sync.WaitGroup
}

// NewSweeper starts a Sweeper. It reports every problem of its options at
// once, each naming the field. Unless Interval is negative it runs a goroutine
// until Close; the first run is after an Interval.
func NewSweeper(opt SweeperOptions) (*Sweeper, error) {
	opt = opt.withDefaults()
	if err := opt.check(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Sweeper{opt: opt, holder: rand.Text(), turn: make(chan struct{}, 1), stop: stop}
	if opt.Interval > 0 {
		s.loop.Go(func() { s.run(ctx) })
	}
	return s, nil
}

func (o SweeperOptions) withDefaults() SweeperOptions {
	if o.Interval == 0 {
		o.Interval = DefaultSweepInterval
	}
	if o.DuplicateAge == 0 {
		o.DuplicateAge = DefaultDuplicateAge
	}
	if o.Limit == 0 {
		o.Limit = DefaultSweepLimit
	}
	if o.Steps == 0 {
		o.Steps = DefaultSweepSteps
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (o SweeperOptions) check() error {
	var errs []error
	problem := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("prism: SweeperOptions."+field+" "+format, args...))
	}
	if o.Store == nil {
		problem("Store", "is missing: the ready stores are SweepStores")
	}
	if o.Interval > 0 && o.Interval < MinSweepInterval {
		problem("Interval", "is %v, want at least %v", o.Interval, MinSweepInterval)
	}
	if o.DuplicateAge < MinDuplicateAge {
		problem("DuplicateAge", "is %v, want at least %v", o.DuplicateAge, MinDuplicateAge)
	}
	if o.Limit < 1 || o.Limit > MaxSweepLimit {
		problem("Limit", "is %d, want 1 to %d", o.Limit, MaxSweepLimit)
	}
	if o.Steps < 1 {
		problem("Steps", "is %d, want 0 for the default or a positive number", o.Steps)
	}
	return errors.Join(errs...)
}

func (s *Sweeper) run(ctx context.Context) {
	ticker := time.NewTicker(s.opt.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		n, err := s.Sweep(ctx)
		if n > 0 {
			s.opt.Logger.Info("prism: swept duplicates of lives and bans that are over", zap.Int("deleted", n))
		}
		if err != nil && ctx.Err() == nil {
			s.opt.Logger.Error("prism: sweeping duplicates of lives and bans failed", zap.Error(err))
		}
	}
}

// Close stops the runs and waits for one that is at work, which it cuts short:
// the store takes back the step. It may be called again and always returns
// nil. Sweep goes on working.
func (s *Sweeper) Close() error {
	s.stop()
	s.loop.Wait()
	return nil
}

// Sweep makes one run and returns how much it deleted: nothing, without an
// error, while another instance is at it. A host that gave a negative Interval
// calls it by its own schedule. When lives cannot be swept, bans are tried
// nevertheless; the errors come back joined.
func (s *Sweeper) Sweep(ctx context.Context) (n int, err error) {
	// Two runs of one holder would both have the lease.
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return 0, fmt.Errorf("prism: wait for another sweep: %w", ctx.Err())
	}
	held, err := s.lease(ctx)
	if err != nil || !held {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.release(ctx)) }()

	before := s.opt.Now().Add(-s.opt.DuplicateAge)
	lives, livesErr := s.sweepAll(ctx, "lives", func(ctx context.Context) (int, error) {
		return s.opt.Store.SweepLives(ctx, before, s.opt.Limit)
	})
	bans, bansErr := s.sweepAll(ctx, "bans", func(ctx context.Context) (int, error) {
		return s.opt.Store.SweepBans(ctx, s.opt.Limit)
	})
	return lives + bans, errors.Join(livesErr, bansErr)
}

// sweepAll makes steps until nothing is left, the run is over, or the lease is
// another's.
func (s *Sweeper) sweepAll(ctx context.Context, what string, step func(context.Context) (int, error)) (total int, err error) {
	for range s.opt.Steps {
		if held, err := s.lease(ctx); err != nil || !held {
			return total, err
		}
		stepCtx, cancel := context.WithTimeout(ctx, sweepStepTimeout)
		n, err := step(stepCtx)
		cancel()
		if err != nil {
			return total, fmt.Errorf("prism: sweep %s: %w", what, err)
		}
		total += n
		if n < s.opt.Limit {
			return total, nil
		}
	}
	return total, nil
}

// lease takes the job for one more step.
func (s *Sweeper) lease(ctx context.Context) (held bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	held, err = s.opt.Store.Lease(ctx, sweepJob, s.holder, sweepLease)
	if err != nil {
		return false, fmt.Errorf("prism: lease the sweep: %w", err)
	}
	return held, nil
}

// release gives the job back, also when ctx is over: else no instance could
// sweep until the lease is.
func (s *Sweeper) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTimeout)
	defer cancel()
	if err := s.opt.Store.Release(ctx, sweepJob, s.holder); err != nil {
		return fmt.Errorf("prism: release the sweep: %w", err)
	}
	return nil
}
