package sqlstore

import (
	"context"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	findHolder   = `SELECT holder FROM prism_lease WHERE job = ?`
	releaseLease = `DELETE FROM prism_lease WHERE job = ? AND holder = ?`
)

// Lease implements prism.Leaser. The row of the job, which one statement takes
// or leaves, decides for all processes. Time is that of the Store of whoever
// asks: where the clocks of two processes differ by some seconds, the one that
// is ahead takes a lease over that much too early, so a lease must be longer
// than the job and the difference together. Whoever holds one past its end
// does the job beside the next holder. It returns prism.ErrInvalid also for a
// name that the database cannot hold.
func (s *Store) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	if err := prism.CheckLease(job, holder, d); err != nil {
		return false, err
	}
	held := false
	err := s.write(ctx, func(t transaction) error {
		now := t.now()
		// Rounded up, else a very short lease would be over before it began.
		until := micros(now.Add(d + time.Microsecond - 1))
		if _, err := t.exec(t.engine.takeLease, job, holder, micros(now), until); err != nil {
			return err
		}
		var holds string
		err := t.one("lease", findHolder, []any{job}, &holds)
		held = holds == holder
		return err
	})
	return held && err == nil, err
}

// Release implements prism.Leaser.
func (s *Store) Release(ctx context.Context, job, holder string) error {
	if err := prism.CheckRelease(job, holder); err != nil {
		return err
	}
	return s.write(ctx, func(t transaction) error {
		_, err := t.exec(releaseLease, job, holder)
		return err
	})
}
