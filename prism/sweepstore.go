package prism

import (
	"context"
	"time"
)

// DuplicateWindow is how soon after a live its twin must have been made for
// the two to count as one create that was sent twice.
const DuplicateWindow = 10 * time.Minute

// SweepStore deletes what nobody needs any more. The ready stores implement
// it; a Sweeper calls it.
type SweepStore interface {
	// SweepLives deletes up to limit duplicates that were created before the
	// given time, oldest first, and returns how many. A duplicate is RESERVED,
	// was never started, and its channel got within DuplicateWindow after it
	// another live with the same title, description and scope: PRISM makes
	// them when a create timed out and the streamer tried again.
	SweepLives(ctx context.Context, before time.Time, limit int) (int, error)
	// SweepBans deletes up to limit bans that are over, and returns how many.
	SweepBans(ctx context.Context, limit int) (int, error)
	Leaser
}

// Leaser lets one of several instances do a job.
type Leaser interface {
	// Lease gives the job to holder for the given time from now, and reports
	// whether it did: not while another holder has it. The present holder
	// prolongs its lease. Job and holder are 1 to 100 bytes; holder must be
	// different in every process.
	Lease(ctx context.Context, job, holder string, d time.Duration) (held bool, err error)
	// Release gives the job back. It changes nothing for another's lease.
	Release(ctx context.Context, job, holder string) error
}
