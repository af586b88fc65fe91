package oauth

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// sweepLimit is the most records that one Sweep deletes, so that no
	// database is held for long.
	sweepLimit = 1000
	// sweepSteps is how many Sweeps the Server does in a row.
	sweepSteps = 100
	// sweepDelay is how long records are kept after they expired: a used code
	// or an old refresh token that comes back is still known as reuse.
	sweepDelay = 24 * time.Hour

	// sweepJob is the job that the Servers of several instances share out.
	sweepJob = "oauth sweep"
	// sweepLease is how long the job is leased for each Sweep. Another
	// instance waits that long when this one dies in the middle of it.
	sweepLease = time.Minute
	// sweepTimeout and leaseTimeout end a Sweep before its lease is over.
	sweepTimeout = 30 * time.Second
	leaseTimeout = 10 * time.Second
)

// Sweep deletes up to 1,000 records that expired a day ago or earlier, and
// returns how many it deleted. The Server does so itself every SweepInterval,
// one instance at a time if the Store is a prism.Leaser; a host that turned
// that off calls Sweep until it returns less than 1,000. Sweep asks for no
// lease: several at once do no harm but work.
func (s *Server) Sweep(ctx context.Context) (int, error) {
	n, err := s.cfg.Store.Sweep(ctx, s.now().Add(-sweepDelay), sweepLimit)
	if err != nil {
		return n, fmt.Errorf("oauth: sweep: %w", err)
	}
	return n, nil
}

func (s *Server) startSweeper() {
	ctx, stop := context.WithCancel(context.Background())
	s.stopSweeper = stop
	if s.cfg.SweepInterval < 0 {
		return
	}
	turns := sweepTurns{holder: rand.Text()}
	turns.leaser, _ = s.cfg.Store.(prism.Leaser)
	s.sweeper.Go(func() {
		ticker := time.NewTicker(s.cfg.SweepInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				s.sweepAll(ctx, turns)
			}
		}
	})
}

// sweepAll sweeps until nothing is left to delete, another instance has the
// job, or sweepSteps are done: after an outage of a week the rest waits for
// the next run.
func (s *Server) sweepAll(ctx context.Context, turns sweepTurns) {
	if err := s.sweepInTurn(ctx, turns); err != nil && ctx.Err() == nil {
		s.log.Error("sweeping expired codes and tokens failed", zap.Error(err))
	}
}

func (s *Server) sweepInTurn(ctx context.Context, turns sweepTurns) error {
	if mine, err := turns.take(ctx); err != nil || !mine {
		return err
	}
	// Without ctx: else no instance could sweep until the lease is over.
	defer func() {
		if err := turns.giveBack(context.WithoutCancel(ctx)); err != nil {
			s.log.Warn("the sweep of expired codes and tokens was not given back", zap.Error(err))
		}
	}()
	for range sweepSteps {
		n, err := s.sweepOnce(ctx)
		if err != nil || n < sweepLimit {
			return err
		}
		if mine, err := turns.take(ctx); err != nil || !mine {
			return err
		}
	}
	return nil
}

func (s *Server) sweepOnce(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	return s.Sweep(ctx)
}

// sweepTurns are taken in turns by the instances of a host. Without a leaser
// it is always everybody's.
type sweepTurns struct {
	leaser prism.Leaser
	holder string
}

// take reports whether the next Sweep is this instance's.
func (t sweepTurns) take(ctx context.Context) (bool, error) {
	if t.leaser == nil {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	mine, err := t.leaser.Lease(ctx, sweepJob, t.holder, sweepLease)
	if err != nil {
		return false, fmt.Errorf("oauth: lease the sweep: %w", err)
	}
	return mine, nil
}

func (t sweepTurns) giveBack(ctx context.Context) error {
	if t.leaser == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	if err := t.leaser.Release(ctx, sweepJob, t.holder); err != nil {
		return fmt.Errorf("oauth: release the sweep: %w", err)
	}
	return nil
}
