package oauthtest

import (
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// past is when the records to sweep are from: so long ago that nothing else in
// the store is older.
var past = time.Date(1991, 2, 3, 4, 5, 6, 0, time.UTC)

// sweepAll sweeps until nothing is left and returns how many were deleted.
func (k *kit) sweepAll(before time.Time, limit int) int {
	k.Helper()
	total := 0
	for range 1000 {
		n, err := k.store.Sweep(k.ctx, before, limit)
		k.noError("Sweep", err)
		if n < 0 || n > limit {
			k.Fatalf("Sweep with limit %d returned %d", limit, n)
		}
		if n == 0 {
			return total
		}
		total += n
	}
	k.Fatalf("1000 calls of Sweep with limit %d each deleted something: it must count what it deletes", limit)
	return total
}

func (k *kit) wantSwept(what string, before time.Time, want int) {
	k.Helper()
	if got := k.sweepAll(before, 1000); got != want {
		k.Errorf("Sweep %s deleted %d records, want %d", what, got, want)
	}
}

func (s *suite) sweeping() {
	s.rule("Sweep deletes what expired before the time, and only that", func(k *kit) {
		k.sweepAll(past.Add(2*familyLife), 1000) // what an earlier run left
		r := k.signIn(past)
		unused := k.saveCode(past.Add(time.Hour))
		k.wantSwept("before anything expired", past, 0)
		k.wantSwept("at the code's ExpiresAt", past.Add(codeLife), 0)
		_, err := k.store.FindCode(k.ctx, r.Code)
		k.noError("FindCode of a used code that has not expired before the time", err)
		k.wantSwept("after the code's ExpiresAt", past.Add(codeLife+time.Microsecond), 1)
		_, err = k.store.FindCode(k.ctx, r.Code)
		k.wantNotFound("FindCode of a swept code", err)
		k.wantIssued("Sweep of the code", r.Pair, true)

		k.wantSwept("at the access token's ExpiresAt", past.Add(accessLife), 0)
		k.wantSwept("after the access token's ExpiresAt", past.Add(accessLife+time.Microsecond), 1)
		_, err = k.store.FindAccess(k.ctx, r.Pair.Access)
		k.wantNotFound("FindAccess of a swept token", err)
		if got := k.families(past.Add(accessLife)); len(got) != 1 {
			k.Errorf("a family with a refresh token left was swept")
		}
		_, err = k.store.FindRefresh(k.ctx, r.Pair.Refresh)
		k.noError("FindRefresh of a token that has not expired before the time", err)

		k.wantSwept("after all of it expired (the other code, the refresh token, the family)", past.Add(refreshLife+time.Microsecond), 3)
		_, err = k.store.FindRefresh(k.ctx, r.Pair.Refresh)
		k.wantNotFound("FindRefresh of a swept token", err)
		_, err = k.store.FindCode(k.ctx, unused.Digest)
		k.wantNotFound("FindCode of a swept code that was never used", err)
		if got := k.families(past.Add(refreshLife)); len(got) != 0 {
			k.Errorf("Families lists a family that has no token left: Sweep deletes it")
		}
		n, err := k.store.RevokeUser(k.ctx, k.user, past.Add(refreshLife))
		k.noError("RevokeUser after Sweep", err)
		if n != 0 {
			k.Errorf("RevokeUser after Sweep revoked %d families, want 0", n)
		}
	})
	s.rule("Sweep leaves families that can go on", func(k *kit) {
		k.sweepAll(past.Add(2*familyLife), 1000)
		r := k.signIn(past)
		at := past.Add(refreshLife - time.Second)
		pair := k.rotate("the current refresh token", r.Pair.Refresh, at, oauth.OutcomeRotated)
		k.wantSwept("after the first pair expired (the code and the pair)", past.Add(refreshLife+time.Microsecond), 3)
		k.wantIssued("Sweep of the pair before", pair, true)
		k.rotate("the current refresh token after Sweep of the one before", pair.Refresh, at.Add(time.Hour), oauth.OutcomeRotated)
	})
	s.rule("Sweep keeps revoked families whose tokens have not expired", func(k *kit) {
		k.sweepAll(past.Add(2*familyLife), 1000)
		r := k.signIn(past)
		k.noError("RevokeFamily", k.store.RevokeFamily(k.ctx, r.Family.ID, past))
		k.wantSwept("of a revoked family (its code has expired)", past.Add(accessLife), 1)
		k.wantIssued("Sweep of a revoked family", r.Pair, true)
		k.wantRevoked("after Sweep", r.Pair.Access, past)
	})
	s.rule("Sweep deletes at most its limit", func(k *kit) {
		k.sweepAll(past.Add(2*familyLife), 1000)
		const signIns, each = 5, 4 // a code, two tokens, a family
		for range signIns {
			k.signIn(past)
		}
		keep := k.signIn(start)
		n, err := k.store.Sweep(k.ctx, past.Add(familyLife), 0)
		k.noError("Sweep with limit 0", err)
		if n != 0 {
			k.Errorf("Sweep with limit 0 deleted %d records", n)
		}
		if got := k.sweepAll(past.Add(familyLife), 3); got != signIns*each {
			k.Errorf("Sweep by threes deleted %d records, want %d", got, signIns*each)
		}
		k.wantIssued("Sweep of older records", keep.Pair, true)
	})
	s.rule("parallel sweeps count each record once", func(k *kit) {
		k.sweepAll(past.Add(2*familyLife), 1000)
		const signIns, each = 10, 4
		for range signIns {
			k.signIn(past)
		}
		total := 0
		for _, n := range parallel(k, 8, func(int) (int, error) {
			return k.store.Sweep(k.ctx, past.Add(familyLife), 1000)
		}) {
			total += n
		}
		total += k.sweepAll(past.Add(familyLife), 1000)
		if total != signIns*each {
			k.Errorf("parallel sweeps counted %d records, want %d", total, signIns*each)
		}
	})
}
