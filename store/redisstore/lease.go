package redisstore

import (
	"context"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

var _ prism.Leaser = (*Store)(nil)

// Lease implements prism.Leaser, so that of all instances with the same Redis
// and Prefix one at a time sweeps. It runs on the clock of Redis, in whole
// milliseconds, and a call is one round trip. A fail-over may lose the latest
// leases: two instances can then do a job at once.
func (s *Store) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	if err := prism.CheckLease(job, holder, d); err != nil {
		return false, err
	}
	// Rounded up: Redis takes no time to live of 0.
	ttl := (d-1)/time.Millisecond + 1
	reply, err := s.run(ctx, leaseScript, []string{s.key(kindLease, job)}, holder, int64(ttl))
	if err != nil {
		return false, err
	}
	held, ok := reply.(int64)
	if !ok {
		return false, unreadable("answer about the lease")
	}
	return held == 1, nil
}

// Release implements prism.Leaser.
func (s *Store) Release(ctx context.Context, job, holder string) error {
	if err := prism.CheckRelease(job, holder); err != nil {
		return err
	}
	_, err := s.run(ctx, releaseScript, []string{s.key(kindLease, job)}, holder)
	return err
}
