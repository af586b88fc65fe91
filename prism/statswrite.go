package prism

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// run writes at every interval, and before it when there is much to write.
func (s *Statistics) run(stop <-chan struct{}) {
	ticker := time.NewTicker(s.opt.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		case <-s.early:
		}
		select {
		case <-stop: // Close writes what is left
			return
		default:
		}
		// A write that runs is not given up at Close: one that was cut off
		// may have been committed.
		ctx, cancel := context.WithTimeout(context.Background(), s.opt.Timeout)
		err := s.Flush(ctx)
		cancel()
		s.tell(err)
	}
}

// tell logs that the store began to fail, or that it is back.
func (s *Statistics) tell(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.failing
	s.failing = err != nil
	switch {
	case s.failing && !was:
		s.opt.Logger.Error("prism: numbers of lives could not be written, and are kept for the next try", zap.Error(err))
	case !s.failing && (was || s.dropped > 0):
		s.opt.Logger.Info("prism: numbers of lives are written again", zap.Int("dropped_heartbeats", s.dropped))
		s.dropped = 0
	}
}

// Flush writes all that was given before it was called: when it returns nil,
// the store has it. What could not be written stays for the next try. It waits
// for another write that runs, and returns the store's error, or one that
// wraps ctx.Err().
func (s *Statistics) Flush(ctx context.Context) error {
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-ctx.Done():
		return fmt.Errorf("prism: wait for another write of statistics: %w", ctx.Err())
	}

	s.mu.Lock()
	if s.pending.empty() {
		s.mu.Unlock()
		return nil
	}
	batch := s.pending
	s.pending = newPendingStats()
	s.mu.Unlock()

	defer func() {
		// Also after a panic of the store: what it did not take is not lost.
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drop(s.pending.before(batch, s.opt.MaxHeartbeats))
	}()
	return errors.Join(s.saveStats(ctx, &batch), s.saveViewers(ctx, &batch))
}

// saveStats takes out of the batch what it has written.
func (s *Statistics) saveStats(ctx context.Context, batch *pendingStats) error {
	reports := batch.reports()
	for len(reports) > 0 {
		next := reports[:min(len(reports), s.opt.BatchSize)]
		reports = reports[len(next):]
		err := saveAll(next, func(part []StatsReport) error { return s.opt.Store.SaveStats(ctx, part) }, func(r StatsReport, err error) {
			s.opt.Logger.Error("prism: the store refused the numbers of a live, so they are dropped", zap.String("live", r.LiveID), zap.Error(err))
		}, func(r StatsReport) { delete(batch.lives, r.LiveID) })
		if err != nil {
			return fmt.Errorf("prism: write the numbers of lives: %w", err)
		}
	}
	return nil
}

func (s *Statistics) saveViewers(ctx context.Context, batch *pendingStats) error {
	beats := batch.heartbeats()
	for len(beats) > 0 {
		next := beats[:min(len(beats), s.opt.BatchSize)]
		beats = beats[len(next):]
		err := saveAll(next, func(part []ViewerHeartbeat) error { return s.opt.Store.SaveViewers(ctx, part) }, func(b ViewerHeartbeat, err error) {
			s.opt.Logger.Error("prism: the store refused a viewer's heartbeat, so it is dropped", zap.String("live", b.LiveID), zap.Error(err))
		}, func(b ViewerHeartbeat) { delete(batch.viewers, b) })
		if err != nil {
			return fmt.Errorf("prism: write the heartbeats of viewers: %w", err)
		}
	}
	return nil
}

// saveAll saves the items in one call. If the store finds one of them not
// valid it would find so for ever, so saveAll then looks for that one by
// halves, and refuses it. What is saved or refused is done with.
func saveAll[T any](items []T, save func([]T) error, refused func(T, error), done func(T)) error {
	err := save(items)
	if errors.Is(err, ErrInvalid) {
		if len(items) > 1 {
			middle := len(items) / 2
			if err := saveAll(items[:middle], save, refused, done); err != nil {
				return err
			}
			return saveAll(items[middle:], save, refused, done)
		}
		refused(items[0], err)
		err = nil
	}
	if err != nil {
		return err
	}
	for _, item := range items {
		done(item)
	}
	return nil
}

// Close writes what is left and stops: Add, Set and ViewerSeen return
// ErrUnavailable from then on. A write that runs is waited for, so that Close
// may take twice StatisticsOptions.Timeout. It returns the error of the last
// write; what is left then is written by Flush or by another Close.
func (s *Statistics) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.loop.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), s.opt.Timeout)
	defer cancel()
	return s.Flush(ctx)
}
