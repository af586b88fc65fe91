package prismtest_test

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
)

const (
	oneHolder = "a lease is one holder's until it is given back"
	overAlone = "a lease is over by itself"
)

// leaseMistakes are those with leases and with standings.
var leaseMistakes = map[string]mistake{
	"gives a job to all":    onLeases(oneHolder, func(s *memory.Store) prism.SweepStore { return givesToAll{s} }),
	"lets anybody release":  onLeases(oneHolder, func(s *memory.Store) prism.SweepStore { return &anyoneReleases{Store: s} }),
	"knows one job":         onLeases(oneHolder, func(s *memory.Store) prism.SweepStore { return oneJob{s} }),
	"folds holders' case":   onLeases("jobs and holders are told apart", func(s *memory.Store) prism.SweepStore { return foldsHolders{s} }),
	"pads jobs with spaces": onLeases("jobs and holders are told apart", func(s *memory.Store) prism.SweepStore { return padsJobs{s} }),
	"takes any name":        onLeases("a lease without a name or a time", func(s *memory.Store) prism.SweepStore { return takesAnyName{s} }),
	"leases for ever":       onLeases(overAlone, func(s *memory.Store) prism.SweepStore { return leasesForEver{s} }),
	"prolongs nothing":      onLeases(overAlone, func(s *memory.Store) prism.SweepStore { return &prolongsNothing{Store: s} }),
	"cuts nothing short":    onLeases(overAlone, func(s *memory.Store) prism.SweepStore { return cutsNothing{s} }),
	"looks, then takes a job": onLeases("of parallel Leases of one job", func(s *memory.Store) prism.SweepStore {
		return &looksThenTakes{Store: s, holders: make(map[string]string)}
	}),
	"leases without ctx": onLeases("a call whose ctx is over", func(s *memory.Store) prism.SweepStore { return leasesAnyway{s} }),

	"standing of all lives":  onStandings("Standing in a live that does not exist", func(s *memory.Store) prism.StandingSource { return standsEverywhere{s} }),
	"owner without case":     onStandings("Standing knows the owner", func(s *memory.Store) prism.StandingSource { return foldsOwner{s} }),
	"remembers standings":    onStandings("Standing knows a manager at once", func(s *memory.Store) prism.StandingSource { return &remembers{Store: s} }),
	"standing knows no ban":  onStandings("Standing knows a ban", func(s *memory.Store) prism.StandingSource { return knowsNoBan{s} }),
	"standing without a ctx": onStandings("a call whose ctx is over", func(s *memory.Store) prism.StandingSource { return standsAnyway{s} }),
}

func onLeases(rule string, broken func(s *memory.Store) prism.SweepStore) mistake {
	return mistake{rule, func(f *prismtest.Fixture, s *memory.Store) { f.Sweep, f.SecondSweep = broken(s), nil }}
}

func onStandings(rule string, broken func(s *memory.Store) prism.StandingSource) mistake {
	return mistake{rule, func(f *prismtest.Fixture, s *memory.Store) { f.Standings = broken(s) }}
}

type givesToAll struct{ *memory.Store }

func (s givesToAll) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	_, err := s.Store.Lease(ctx, job, holder, d)
	return err == nil, err
}

type anyoneReleases struct {
	*memory.Store
	holder string
}

func (s *anyoneReleases) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	held, err := s.Store.Lease(ctx, job, holder, d)
	if held {
		s.holder = holder
	}
	return held, err
}

func (s *anyoneReleases) Release(ctx context.Context, job, holder string) error {
	return s.Store.Release(ctx, job, cmp.Or(s.holder, holder))
}

type oneJob struct{ *memory.Store }

func (s oneJob) Lease(ctx context.Context, _, holder string, d time.Duration) (bool, error) {
	return s.Store.Lease(ctx, "job", holder, d)
}

type foldsHolders struct{ *memory.Store }

func (s foldsHolders) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	return s.Store.Lease(ctx, job, strings.ToLower(holder), d)
}

type padsJobs struct{ *memory.Store }

func (s padsJobs) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	return s.Store.Lease(ctx, strings.TrimRight(job, " "), holder+job[len(strings.TrimRight(job, " ")):], d)
}

type takesAnyName struct{ *memory.Store }

func (s takesAnyName) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	return s.Store.Lease(ctx, cut(job), cut(holder), max(d, time.Second))
}

// cut makes any text a name.
func cut(name string) string { return cmp.Or(name, "x")[:min(max(len(name), 1), prism.MaxLeaseName)] }

type leasesForEver struct{ *memory.Store }

func (s leasesForEver) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	return s.Store.Lease(ctx, job, holder, d+1000*time.Hour)
}

type prolongsNothing struct {
	*memory.Store
	holder string
}

func (s *prolongsNothing) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	if s.holder == holder {
		return true, nil
	}
	held, err := s.Store.Lease(ctx, job, holder, d)
	if held {
		s.holder = holder
	}
	return held, err
}

type cutsNothing struct{ *memory.Store }

func (s cutsNothing) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	return s.Store.Lease(ctx, job, holder, max(d, time.Minute))
}

type looksThenTakes struct {
	*memory.Store
	mu      sync.Mutex
	holders map[string]string
}

func (s *looksThenTakes) Lease(ctx context.Context, job, holder string, _ time.Duration) (bool, error) {
	s.mu.Lock()
	present := s.holders[job]
	s.mu.Unlock()
	if present != "" && present != holder {
		return false, ctx.Err()
	}
	time.Sleep(10 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holders[job] = holder
	return true, ctx.Err()
}

type leasesAnyway struct{ *memory.Store }

func (s leasesAnyway) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	_, err := s.Store.Lease(context.WithoutCancel(ctx), job, holder, d)
	return false, cmp.Or(err, ctx.Err())
}

type standsEverywhere struct{ *memory.Store }

func (s standsEverywhere) Standing(ctx context.Context, liveID, userID string) (prism.Standing, error) {
	standing, err := s.Store.Standing(ctx, liveID, userID)
	if err != nil {
		return prism.Standing{}, ctx.Err()
	}
	return standing, nil
}

type foldsOwner struct{ *memory.Store }

func (s foldsOwner) Standing(ctx context.Context, liveID, userID string) (prism.Standing, error) {
	return s.Store.Standing(ctx, liveID, strings.ToLower(userID))
}

type remembers struct {
	*memory.Store
	known map[string]prism.Standing
}

func (s *remembers) Standing(ctx context.Context, liveID, userID string) (prism.Standing, error) {
	if standing, ok := s.known[liveID+userID]; ok {
		return standing, nil
	}
	standing, err := s.Store.Standing(ctx, liveID, userID)
	if s.known == nil {
		s.known = make(map[string]prism.Standing)
	}
	s.known[liveID+userID] = standing
	return standing, err
}

type knowsNoBan struct{ *memory.Store }

func (s knowsNoBan) Standing(ctx context.Context, liveID, userID string) (prism.Standing, error) {
	standing, err := s.Store.Standing(ctx, liveID, userID)
	standing.Banned = false
	return standing, err
}

type standsAnyway struct{ *memory.Store }

func (s standsAnyway) Standing(ctx context.Context, liveID, userID string) (prism.Standing, error) {
	return s.Store.Standing(context.WithoutCancel(ctx), liveID, userID)
}
