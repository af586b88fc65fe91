package prismtest

import (
	"fmt"
	"sync"

	"github.com/b2bprism/b2bprism/prism"
)

// racers is how many goroutines a race has.
const racers = 16

// parallel runs n calls at once and returns their results. A call that fails
// fails the test: being one of many is no reason to.
func parallel[T any](k *kit, n int, call func(i int) (T, error)) []T {
	k.t.Helper()
	results, errs := make([]T, n), make([]error, n)
	var wg sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-ready
			results[i], errs[i] = call(i)
		})
	}
	close(ready)
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			k.t.Fatalf("call %d of %d parallel ones failed: %v; a store retries or locks by itself when calls meet", i, n, err)
		}
	}
	return results
}

// during runs check again and again until work is done. check runs in a
// goroutine of its own and reports by its error.
func during(k *kit, check func() error, work func()) {
	k.t.Helper()
	stop, found := make(chan struct{}), make(chan error, 1)
	go func() {
		var first error
		for {
			if err := check(); err != nil && first == nil {
				first = err
			}
			select {
			case <-stop:
				found <- first
				return
			default:
			}
		}
	}()
	finish := sync.OnceValue(func() error { close(stop); return <-found })
	// work may end the test; the goroutine must not outlive it.
	defer func() { _ = finish() }()
	work()
	if err := finish(); err != nil {
		k.t.Errorf("%v", err)
	}
}

// atMostOneOnAir is a check for during.
func (k *kit) atMostOneOnAir() error {
	onAir, err := k.Lives.Lives(k.ctx, k.Owner, k.EnabledChannel, prism.LiveFilter{Status: prism.StatusOnAir})
	if err != nil {
		return fmt.Errorf("list lives during parallel starts: %w", err)
	}
	if len(onAir) > 1 {
		return fmt.Errorf("%d lives of the channel were on air at one moment, want at most 1 at any instant: end the other in the transaction that starts, and let the database hold it (a unique index over the channel where status is ON_AIR)", len(onAir))
	}
	return nil
}

type broadcastID struct {
	live      string
	broadcast int
}

func (s *suite) races() {
	s.rule("parallel starts of a channel's lives: one on air at any moment, each other ended once", func(k *kit) {
		k.silence()
		lives := make([]prism.Live, racers)
		for i := range lives {
			lives[i] = k.create(fmt.Sprintf("racer %d", i))
		}
		during(k, k.atMostOneOnAir, func() {
			for round := 1; round <= 3; round++ {
				k.silence()
				results := parallel(k, racers, func(i int) (prism.StartResult, error) {
					return k.Lives.StartLive(k.ctx, k.Owner, lives[i].ID)
				})
				ended := make(map[broadcastID]int)
				for i, r := range results {
					if !r.Changed || r.Live.ID != lives[i].ID || r.Live.Broadcast != round {
						k.t.Errorf("start %d of round %d: Changed %v, live %q, broadcast %d; want true, %q, %d: each live was off air", i, round, r.Changed, r.Live.ID, r.Live.Broadcast, lives[i].ID, round)
					}
					if r.Ended != nil {
						ended[broadcastID{r.Ended.ID, r.Ended.Broadcast}]++
					}
				}
				onAir := k.list(prism.LiveFilter{Status: prism.StatusOnAir})
				if len(onAir) != 1 {
					k.t.Fatalf("%d lives are on air after %d parallel starts, want 1", len(onAir), racers)
				}
				for _, l := range lives {
					want := 1
					if l.ID == onAir[0].ID {
						want = 0
					}
					if got := ended[broadcastID{l.ID, round}]; got != want {
						k.t.Errorf("round %d: live %q was reported in Ended %d times, want %d: exactly the start that ends it reports it", round, l.ID, got, want)
					}
				}
			}
		})
	})
	s.rule("parallel starts of one live begin one broadcast", func(k *kit) {
		k.silence()
		l := k.create("once")
		for round := 1; round <= 3; round++ {
			results := parallel(k, racers, func(int) (prism.StartResult, error) {
				return k.Lives.StartLive(k.ctx, k.Owner, l.ID)
			})
			changed := 0
			for _, r := range results {
				if r.Changed {
					changed++
				}
				if r.Live.Status != prism.StatusOnAir || r.Live.Broadcast != round {
					k.t.Errorf("a parallel start returned %s, broadcast %d; want ON_AIR, %d", r.Live.Status, r.Live.Broadcast, round)
				}
			}
			if changed != 1 {
				k.t.Errorf("Changed is true for %d of %d parallel starts of one live, want 1", changed, racers)
			}
			k.end(l.ID, prism.EndOptions{})
		}
	})
	s.rule("of parallel ends of one broadcast exactly one changes it", func(k *kit) {
		k.silence()
		l := k.create("ended by many")
		for round := 1; round <= 3; round++ {
			k.start(l.ID)
			results := parallel(k, racers, func(i int) (prism.EndResult, error) {
				if i%2 == 0 {
					return k.Lives.EndLive(k.ctx, "", l.ID, prism.EndOptions{AsService: true, OnlyBroadcast: round})
				}
				return k.Lives.EndLive(k.ctx, k.Owner, l.ID, prism.EndOptions{})
			})
			changed := 0
			for _, r := range results {
				if r.Changed {
					changed++
				}
				if r.Live.Status != prism.StatusEnd {
					k.t.Errorf("a parallel end returned a live that is %s, want END", r.Live.Status)
				}
			}
			if changed != 1 {
				k.t.Errorf("Changed is true for %d of %d parallel ends, want exactly 1: update WHERE status = ON_AIR and look at the rows affected", changed, racers)
			}
		}
	})
	s.rule("a broadcast ends once when ends meet the start of another live", func(k *kit) {
		k.silence()
		for range 3 {
			first, second := k.onAir("first"), k.create("second")
			ends := parallel(k, racers, func(i int) (int, error) {
				if i%4 == 0 {
					r, err := k.Lives.StartLive(k.ctx, k.Owner, second.ID)
					if err == nil && r.Ended != nil && r.Ended.ID == first.ID {
						return 1, nil
					}
					return 0, err
				}
				r, err := k.Lives.EndLive(k.ctx, k.Owner, first.ID, prism.EndOptions{OnlyBroadcast: first.Broadcast})
				if err == nil && r.Changed {
					return 1, nil
				}
				return 0, err
			})
			total := 0
			for _, n := range ends {
				total += n
			}
			if total != 1 {
				k.t.Errorf("the end of one broadcast was reported %d times, by Changed or Ended, want exactly once", total)
			}
			if got := k.live(second.ID).Status; got != prism.StatusOnAir {
				k.t.Errorf("the started live is %s, want ON_AIR", got)
			}
		}
	})
}
