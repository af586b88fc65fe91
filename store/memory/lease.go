package memory

import (
	"context"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// lease is who has a job. It is over at until.
type lease struct {
	holder string
	until  time.Time
}

// Lease implements prism.Leaser. As nothing is shared between processes, it
// keeps apart only what runs in this one.
func (s *Store) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	if err := prism.CheckLease(job, holder, d); err != nil {
		return false, err
	}
	if err := s.lock(ctx); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	now := s.now()
	if present, ok := s.leases[job]; ok && present.holder != holder && now.Before(present.until) {
		return false, nil
	}
	s.leases[job] = lease{holder, now.Add(d)}
	return true, nil
}

// Release implements prism.Leaser.
func (s *Store) Release(ctx context.Context, job, holder string) error {
	if err := prism.CheckRelease(job, holder); err != nil {
		return err
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.leases[job].holder == holder {
		delete(s.leases, job)
	}
	return nil
}
