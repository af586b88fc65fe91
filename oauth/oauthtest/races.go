package oauthtest

import (
	"errors"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// racers is how many goroutines a race has.
const racers = 64

// parallel runs n calls at once and returns their results. A call that fails
// fails the test: being one of many is no reason to.
func parallel[T any](k *kit, n int, call func(i int) (T, error)) []T {
	k.Helper()
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
			k.Fatalf("call %d of %d parallel ones failed: %v; a store retries or locks by itself when calls meet", i, n, err)
		}
	}
	return results
}

// redeemed is what came of a parallel RedeemCode.
type redeemed int

const (
	redeemedOK redeemed = iota
	redeemedUsed
	redeemedNotFound
)

func (k *kit) tryRedeem(r oauth.Redemption) (redeemed, error) {
	err := k.store.RedeemCode(k.ctx, r)
	switch {
	case err == nil:
		return redeemedOK, nil
	case errors.Is(err, oauth.ErrCodeUsed):
		return redeemedUsed, nil
	case errors.Is(err, prism.ErrNotFound):
		return redeemedNotFound, nil
	}
	return 0, err
}

func (s *suite) races() {
	s.rule("of parallel redemptions of a code one succeeds, and its family is revoked", func(k *kit) {
		for range 3 {
			code := k.saveCode(start)
			redemptions := make([]oauth.Redemption, racers)
			for i := range redemptions {
				redemptions[i] = redemptionOf(code, start)
			}
			results := parallel(k, racers, func(i int) (redeemed, error) { return k.tryRedeem(redemptions[i]) })
			winner := -1
			for i, got := range results {
				switch {
				case got == redeemedOK && winner >= 0:
					k.Fatalf("two of %d parallel redemptions of one code succeeded: mark the code WHERE it is unused, and look at the rows affected", racers)
				case got == redeemedOK:
					winner = i
				case got != redeemedUsed:
					k.Errorf("a redemption of a code that another one used is ErrNotFound, want oauth.ErrCodeUsed")
				}
			}
			if winner < 0 {
				k.Fatalf("none of %d parallel redemptions of one code succeeded, want exactly one", racers)
			}
			for i, r := range redemptions {
				if i != winner {
					k.wantIssued("a redemption that lost", r.Pair, false)
				}
			}
			k.wantRevoked("a replay that came while the redemption was being stored must revoke it too", redemptions[winner].Pair.Access, start)
		}
	})
	s.rule("another client's parallel calls do not touch a redemption", func(k *kit) {
		code := k.saveCode(start)
		own := redemptionOf(code, start)
		results := parallel(k, racers, func(i int) (redeemed, error) {
			if i == racers/2 {
				return k.tryRedeem(own)
			}
			r := redemptionOf(code, start)
			r.ClientID = "kit-other-client"
			return k.tryRedeem(r)
		})
		for i, got := range results {
			if want := map[bool]redeemed{true: redeemedOK, false: redeemedNotFound}[i == racers/2]; got != want {
				k.Errorf("parallel redemption %d: outcome %d, want %d (0 success, 1 used, 2 not found)", i, got, want)
			}
		}
		k.wantRevoked("after another client's calls", own.Pair.Access, time.Time{})
	})
	s.rule("RevokeUser during redemptions leaves no family alive", func(k *kit) {
		for range 5 {
			const codes = 8
			redemptions := make([]oauth.Redemption, codes)
			for i := range redemptions {
				redemptions[i] = redemptionOf(k.saveCode(start), start)
			}
			results := parallel(k, codes+1, func(i int) (redeemed, error) {
				if i == codes {
					_, err := k.store.RevokeUser(k.ctx, k.user, start)
					return 0, err
				}
				return k.tryRedeem(redemptions[i])
			})
			if alive := k.families(start); len(alive) != 0 {
				k.Fatalf("%d families are alive after RevokeUser met their redemptions: either the code is deleted first, or the family is revoked", len(alive))
			}
			for i, r := range redemptions {
				k.wantIssued("a redemption that met RevokeUser", r.Pair, results[i] == redeemedOK)
			}
		}
	})
}

func (s *suite) rotationRaces() {
	s.rule("parallel refreshes with one token: one rotates, siblings follow up to MaxPairs", func(k *kit) {
		r := k.signIn(start)
		rotations, results := k.rotateAtOnce(r.Pair.Refresh)
		count := make(map[oauth.Outcome]int)
		for i, outcome := range results {
			count[outcome]++
			k.wantIssued("a parallel refresh", rotations[i].Pair, outcome == oauth.OutcomeRotated || outcome == oauth.OutcomeSibling)
		}
		if count[oauth.OutcomeRotated] != 1 || count[oauth.OutcomeSibling] != oauth.MaxPairs-1 || count[oauth.OutcomeRefused] != racers-oauth.MaxPairs {
			k.Errorf("%d parallel refreshes: %d rotated, %d siblings, %d refused, %d reused; want 1, %d, %d, 0: lock the family's row while Family.Rotate decides",
				racers, count[oauth.OutcomeRotated], count[oauth.OutcomeSibling], count[oauth.OutcomeRefused], count[oauth.OutcomeReused], oauth.MaxPairs-1, racers-oauth.MaxPairs)
		}
		want := r.Family
		want.Generation, want.RotatedAt, want.Pairs = 2, start, oauth.MaxPairs
		k.wantFamily("after parallel refreshes", r.Pair.Access, want)
	})
	s.rule("parallel refreshes with siblings: one rotates, the others follow", func(k *kit) {
		r := k.signIn(start)
		pairs := make([]oauth.Pair, 0, 8)
		pairs = append(pairs, k.rotate("the current refresh token", r.Pair.Refresh, start, oauth.OutcomeRotated))
		for len(pairs) < cap(pairs) {
			pairs = append(pairs, k.rotate("the refresh token before", r.Pair.Refresh, start, oauth.OutcomeSibling))
		}
		rotated := 0
		for _, outcome := range parallel(k, len(pairs), func(i int) (oauth.Outcome, error) {
			outcome, _, err := k.store.RotateRefresh(k.ctx, k.rotationOf(pairs[i].Refresh, start))
			return outcome, err
		}) {
			switch outcome {
			case oauth.OutcomeRotated:
				rotated++
			case oauth.OutcomeSibling:
			case oauth.OutcomeRefused, oauth.OutcomeReused:
				k.Errorf("a parallel refresh with a sibling: outcome %d, want rotated or sibling", outcome)
			}
		}
		if f := k.family(r.Pair.Access); rotated != 1 || f.Generation != 3 || f.Pairs != len(pairs) {
			k.Errorf("%d parallel refreshes with siblings rotated %d times, to generation %d with %d pairs; want 1, 3, %d", len(pairs), rotated, f.Generation, f.Pairs, len(pairs))
		}
	})
	s.rule("revocation during refreshes holds", func(k *kit) {
		for name, revoke := range map[string]func(r oauth.Redemption, at time.Time) error{
			"RevokeFamily": func(r oauth.Redemption, at time.Time) error { return k.store.RevokeFamily(k.ctx, r.Family.ID, at) },
			"RevokeUser": func(_ oauth.Redemption, at time.Time) error {
				_, err := k.store.RevokeUser(k.ctx, k.user, at)
				return err
			},
			"a code replay": func(r oauth.Redemption, at time.Time) error {
				r.Pair, r.Now = newPair(at), at
				if got, err := k.tryRedeem(r); err != nil || got != redeemedUsed {
					return errors.Join(errors.New("a replayed code is not ErrCodeUsed"), err)
				}
				return nil
			},
		} {
			r := k.signIn(start)
			at := start.Add(time.Second)
			rotations := make([]oauth.Rotation, racers)
			for i := range rotations {
				rotations[i] = k.rotationOf(r.Pair.Refresh, start)
			}
			issued := parallel(k, racers, func(i int) (bool, error) {
				if i == racers/2 {
					return false, revoke(r, at)
				}
				outcome, _, err := k.store.RotateRefresh(k.ctx, rotations[i])
				if errors.Is(err, prism.ErrNotFound) {
					return false, nil
				}
				return outcome == oauth.OutcomeRotated || outcome == oauth.OutcomeSibling, err
			})
			k.wantRevoked(name+" during refreshes (a refresh must not write back a family that was alive)", r.Pair.Access, at)
			for i, rotation := range rotations {
				k.wantIssued("a refresh during "+name, rotation.Pair, issued[i])
			}
			if alive := k.families(start); len(alive) != 0 {
				k.Errorf("%d families are alive after %s met refreshes", len(alive), name)
			}
		}
	})
	s.rule("parallel use and rotation keep the mark where it belongs", func(k *kit) {
		r := k.signIn(start)
		parallel(k, racers, func(i int) (struct{}, error) {
			if i == racers/2 {
				_, _, err := k.store.RotateRefresh(k.ctx, k.rotationOf(r.Pair.Refresh, start))
				return struct{}{}, err
			}
			return struct{}{}, k.store.MarkUsed(k.ctx, r.Family.ID, 1)
		})
		if f := k.family(r.Pair.Access); f.Generation != 2 || f.Used {
			k.Errorf("after a rotation met MarkUsed of the generation before: generation %d, Used %v; want 2, false", f.Generation, f.Used)
		}
	})
}

// rotateAtOnce uses one refresh token in parallel.
func (k *kit) rotateAtOnce(refresh oauth.Digest) ([]oauth.Rotation, []oauth.Outcome) {
	k.Helper()
	rotations := make([]oauth.Rotation, racers)
	for i := range rotations {
		rotations[i] = k.rotationOf(refresh, start)
	}
	return rotations, parallel(k, racers, func(i int) (oauth.Outcome, error) {
		outcome, _, err := k.store.RotateRefresh(k.ctx, rotations[i])
		return outcome, err
	})
}
