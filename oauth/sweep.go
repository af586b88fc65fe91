package oauth

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
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
)

// Sweep deletes up to 1,000 records that expired a day ago or earlier, and
// returns how many it deleted. The Server does so itself every SweepInterval;
// a host that turned that off calls Sweep until it returns less than 1,000.
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
	s.sweeper.Go(func() {
		ticker := time.NewTicker(s.cfg.SweepInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				s.sweepAll(ctx)
			}
		}
	})
}

// sweepAll sweeps until nothing is left to delete, in bounded steps and up to
// sweepSteps of them: after an outage of a week the rest waits for the next run.
func (s *Server) sweepAll(ctx context.Context) {
	for range sweepSteps {
		n, err := s.Sweep(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.log.Error("sweeping expired codes and tokens failed", zap.Error(err))
			}
			return
		}
		if n < sweepLimit {
			return
		}
	}
}
