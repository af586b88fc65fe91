package prismtest

import (
	"fmt"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// wantLeaseFor asks for a lease and fails unless it is given, or refused.
func (k *kit) wantLeaseFor(when string, leaser prism.Leaser, job, holder string, d time.Duration, want bool) {
	k.t.Helper()
	held, err := leaser.Lease(k.ctx, job, holder, d)
	k.noError("Lease "+when, err)
	if held != want {
		k.t.Errorf("Lease %s: held is %v, want %v", when, held, want)
	}
}

func (k *kit) wantLease(when string, leaser prism.Leaser, job, holder string, want bool) {
	k.t.Helper()
	k.wantLeaseFor(when, leaser, job, holder, time.Hour, want)
}

// elsewhere is the second handle, where there is one.
func (k *kit) elsewhere() prism.SweepStore {
	if k.SecondSweep != nil {
		return k.SecondSweep
	}
	return k.Sweep
}

func (s *suite) leases() {
	s.rule("a lease is one holder's until it is given back", func(k *kit) {
		job, a, b := unique("job"), unique("holder"), unique("holder")
		k.noError("Release of a job that nobody has", k.Sweep.Release(k.ctx, job, a))
		k.wantLease("of a free job", k.Sweep, job, a, true)
		k.wantLease("of a job that another has", k.elsewhere(), job, b, false)
		k.wantLease("by the present holder, who prolongs it", k.Sweep, job, a, true)
		k.wantLease("of another job", k.elsewhere(), unique("job"), b, true)
		k.noError("Release of another's lease, which changes nothing", k.elsewhere().Release(k.ctx, job, b))
		k.wantLease("after somebody else released it", k.elsewhere(), job, b, false)
		k.noError("Release", k.Sweep.Release(k.ctx, job, a))
		k.noError("Release again", k.Sweep.Release(k.ctx, job, a))
		k.wantLease("of a job that was given back", k.elsewhere(), job, b, true)
		k.wantLease("by the holder before", k.Sweep, job, a, false)
		k.noError("a late Release of the holder before, which changes nothing", k.Sweep.Release(k.ctx, job, a))
		k.wantLease("after a late release of the holder before", k.Sweep, job, a, false)
	})
	s.rule("jobs and holders are told apart byte by byte", func(k *kit) {
		job, holder := unique("job"), unique("holder")
		alike := func(name string) []string {
			return []string{strings.ToUpper(name), name + " ", name + "\u0301", name[:len(name)-1], strings.Repeat("x", prism.MaxLeaseName)}
		}
		k.wantLease("of a free job", k.Sweep, job, holder, true)
		for _, other := range alike(holder) {
			k.wantLease(fmt.Sprintf("by %q while %q has the job", other, holder), k.Sweep, job, other, false)
			k.noError("Release by another", k.Sweep.Release(k.ctx, job, other))
		}
		k.wantLease("by another holder, after names that are nearly alike released", k.Sweep, job, unique("holder"), false)
		for _, other := range alike(job) {
			k.wantLease(fmt.Sprintf("of job %q while %q is taken", other, job), k.Sweep, other, holder, true)
			k.noError("Release", k.Sweep.Release(k.ctx, other, holder))
		}
	})
	s.rule("a lease without a name or a time is ErrInvalid", func(k *kit) {
		job, holder, long := unique("job"), unique("holder"), strings.Repeat("x", prism.MaxLeaseName+1)
		for _, bad := range []struct {
			what, job, holder string
			d                 time.Duration
		}{
			{"no job", "", holder, time.Hour},
			{"no holder", job, "", time.Hour},
			{"a job of 101 bytes", long, holder, time.Hour},
			{"a holder of 101 bytes", job, long, time.Hour},
			{"no time", job, holder, 0},
			{"a negative time", job, holder, -time.Hour},
		} {
			held, err := k.Sweep.Lease(k.ctx, bad.job, bad.holder, bad.d)
			k.wantError("Lease with "+bad.what, err, prism.ErrInvalid)
			if held {
				k.t.Errorf("Lease with %s: held is true beside an error, want false", bad.what)
			}
		}
		k.wantLease("after calls that were not valid, of a job that nobody has", k.Sweep, job, unique("holder"), true)
	})
	s.part(s.has.Advance != nil, "Advance", func() {
		s.rule("a lease is over by itself, unless its holder prolongs it", func(k *kit) {
			job, a, b := unique("job"), unique("holder"), unique("holder")
			k.wantLeaseFor("of a free job", k.Sweep, job, a, time.Minute, true)
			k.Advance(50 * time.Second)
			k.wantLeaseFor("by the holder, who prolongs it", k.Sweep, job, a, time.Minute, true)
			k.Advance(59 * time.Second)
			k.wantLeaseFor("a second before the prolonged lease is over", k.elsewhere(), job, b, time.Minute, false)
			k.Advance(2 * time.Second)
			k.wantLeaseFor("a second after the lease was over", k.elsewhere(), job, b, time.Minute, true)
			k.wantLeaseFor("by the holder before, whose lease was taken over", k.Sweep, job, a, time.Minute, false)
			k.noError("Release by the holder before", k.Sweep.Release(k.ctx, job, a))
			k.wantLeaseFor("after the holder before released it", k.Sweep, job, a, time.Minute, false)
			k.Advance(61 * time.Second)
			k.wantLeaseFor("after that lease was over, by the holder before", k.Sweep, job, a, time.Hour, true)
			k.wantLeaseFor("by the holder, who cuts it short", k.Sweep, job, a, time.Second, true)
			k.Advance(2 * time.Second)
			k.wantLeaseFor("after a lease that was cut short", k.elsewhere(), job, b, time.Minute, true)
		})
	})
	s.rule("of parallel Leases of one job exactly one is held", func(k *kit) {
		job := unique("job")
		holders := make([]string, racers)
		for i := range holders {
			holders[i] = unique("holder")
		}
		leaserOf := func(i int) prism.Leaser {
			if i%2 == 1 {
				return k.elsewhere()
			}
			return k.Sweep
		}
		race := func(when string) (winner int) {
			k.t.Helper()
			winner = -1
			for i, held := range parallel(k, racers, func(i int) (bool, error) {
				return leaserOf(i).Lease(k.ctx, job, holders[i], time.Hour)
			}) {
				if held && winner >= 0 {
					k.t.Fatalf("Lease %s: both call %d and call %d hold the job, want exactly one of %d", when, winner, i, racers)
				}
				if held {
					winner = i
				}
			}
			if winner < 0 {
				k.t.Fatalf("Lease %s: none of %d parallel calls holds the job, want exactly one", when, racers)
			}
			return winner
		}
		winner := race("of a job that is new")
		for i, held := range parallel(k, racers, func(i int) (bool, error) {
			return leaserOf(i).Lease(k.ctx, job, holders[winner], time.Hour)
		}) {
			if !held {
				k.t.Errorf("Lease by its holder, call %d of %d parallel ones: held is false, want true", i, racers)
			}
		}
		k.noError("Release", k.Sweep.Release(k.ctx, job, holders[winner]))
		race("of a job that was given back")
		if k.Advance != nil {
			k.Advance(time.Hour + time.Second)
			race("of a job whose lease was over")
		}
	})
}
