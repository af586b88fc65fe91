package prism

import (
	"context"
	"fmt"
	"time"
)

// DuplicateWindow is how soon after a live its twin must have been made for
// the two to count as one create that was sent twice.
const DuplicateWindow = 10 * time.Minute

// SweepStore deletes what nobody needs any more. The ready stores implement
// it; a Sweeper calls it.
type SweepStore interface {
	// SweepLives deletes up to limit duplicates that were created before the
	// given time, oldest first, with their chat, and returns how many. A
	// duplicate is RESERVED, was never started, and has a twin: another live
	// of its channel, in any state, with the same title, description and
	// scope, that was created later, but by no more than DuplicateWindow, and
	// whose ReservedAt is no more than DuplicateWindow away from its own.
	// PRISM makes duplicates when a create timed out and the streamer tried
	// again; lives of one title that are planned for different days are none.
	SweepLives(ctx context.Context, before time.Time, limit int) (int, error)
	// SweepBans deletes up to limit bans that are over, and returns how many.
	// It lifts no ban: one that is over bans nobody, deleted or not.
	SweepBans(ctx context.Context, limit int) (int, error)
	Leaser
}

// MaxLeaseName is the most bytes of a job's or a holder's name.
const MaxLeaseName = 100

// Leaser lets one of several instances do a job. A lease runs on the clock of
// the store, and is over by itself when its time is: what a holder that died
// had is free again. Job and holder are 1 to MaxLeaseName bytes and compared
// byte by byte; holder must be different in every process.
type Leaser interface {
	// Lease gives the job to holder for the given time from now, and reports
	// whether it did: not while another holder has it. The present holder
	// gets it anew, which prolongs the lease or cuts it short. It returns
	// ErrInvalid for a name that is empty or too long and for a time that is
	// not positive.
	Lease(ctx context.Context, job, holder string, d time.Duration) (held bool, err error)
	// Release gives the job back. It changes nothing for another's lease, and
	// a job that nobody has is no error.
	Release(ctx context.Context, job, holder string) error
}

// CheckLease returns an error that wraps ErrInvalid and names the argument, if
// Leaser.Lease must refuse it. It is for implementers.
func CheckLease(job, holder string, d time.Duration) error {
	if d <= 0 {
		return InvalidField("d", "is not positive")
	}
	return CheckRelease(job, holder)
}

// CheckRelease is CheckLease for Leaser.Release.
func CheckRelease(job, holder string) error {
	for _, n := range []struct{ field, name string }{{"job", job}, {"holder", holder}} {
		switch {
		case n.name == "":
			return InvalidField(n.field, "is empty")
		case len(n.name) > MaxLeaseName:
			return InvalidField(n.field, fmt.Sprintf("is longer than %d bytes", MaxLeaseName))
		}
	}
	return nil
}
