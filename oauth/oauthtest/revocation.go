package oauthtest

import (
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
)

func (s *suite) revocation() {
	s.rule("RevokeFamily revokes one family, once", func(k *kit) {
		r, other := k.signIn(start), k.signIn(start)
		at := start.Add(time.Minute)
		k.noError("RevokeFamily", k.store.RevokeFamily(k.ctx, r.Family.ID, at))
		k.noError("RevokeFamily again", k.store.RevokeFamily(k.ctx, r.Family.ID, at.Add(time.Hour)))
		k.wantRevoked("after two RevokeFamily (the first one's time stays)", r.Pair.Access, at)
		k.wantRevoked("another family of the user", other.Pair.Access, time.Time{})
		_, _, err := k.store.RotateRefresh(k.ctx, k.rotationOf(r.Pair.Refresh, at))
		k.wantNotFound("RotateRefresh in a revoked family", err)
		k.wantRevoked("RotateRefresh in a revoked family", r.Pair.Access, at)
		k.noError("RevokeFamily of an unknown family", k.store.RevokeFamily(k.ctx, "kit-no-family", at))
	})
	s.rule("RevokeUser revokes the user's families and deletes unused codes", func(k *kit) {
		a, b := k.signIn(start), k.signIn(start)
		gone := k.signIn(start)
		k.noError("RevokeFamily", k.store.RevokeFamily(k.ctx, gone.Family.ID, start))
		unused := k.saveCode(start)
		someone := &kit{T: k.T, store: k.store, ctx: k.ctx, client: k.client, user: unique("user")}
		other, othersCode := someone.signIn(start), someone.saveCode(start)

		at := start.Add(time.Second)
		k.wantRevokedCount("the first RevokeUser", at, 2)
		k.wantRevoked("after RevokeUser", a.Pair.Access, at)
		k.wantRevoked("after RevokeUser", b.Pair.Access, at)
		k.wantRevoked("a family that was revoked before", gone.Pair.Access, start)
		k.wantRevoked("another user's family", other.Pair.Access, time.Time{})
		_, err := k.store.FindCode(k.ctx, unused.Digest)
		k.wantNotFound("FindCode of an unused code after RevokeUser", err)
		r := redemptionOf(unused, at)
		k.wantNotFound("RedeemCode of an unused code after RevokeUser", k.store.RedeemCode(k.ctx, r))
		k.wantIssued("RedeemCode of an unused code after RevokeUser", r.Pair, false)
		_, err = k.store.FindCode(k.ctx, a.Code)
		k.noError("FindCode of a used code after RevokeUser, which deletes unused ones only", err)
		k.noError("RedeemCode of another user's code after RevokeUser", k.store.RedeemCode(k.ctx, redemptionOf(othersCode, at)))

		k.wantRevokedCount("the second RevokeUser", at.Add(time.Second), 0)
		k.wantRevoked("after the second RevokeUser (the first one's time stays)", a.Pair.Access, at)
		n, err := k.store.RevokeUser(k.ctx, "kit-no-user", at)
		k.noError("RevokeUser of an unknown user", err)
		if n != 0 {
			k.Errorf("RevokeUser of an unknown user revoked %d families", n)
		}
		k.signIn(at.Add(time.Minute))
		if got := k.families(at.Add(time.Minute)); len(got) != 1 {
			k.Errorf("a user who signs in after RevokeUser has %d families, want 1", len(got))
		}
	})
	s.rule("Families returns the user's families that are alive, newest first", func(k *kit) {
		if got := k.families(start); len(got) != 0 {
			k.Errorf("a user who never signed in has %d families, want none and no error", len(got))
		}
		ages := []time.Duration{2 * time.Hour, 0, 3 * time.Hour, time.Hour}
		signedIn := make([]oauth.Family, 0, len(ages))
		for _, age := range ages {
			signedIn = append(signedIn, k.signIn(start.Add(age)).Family)
		}
		(&kit{T: k.T, store: k.store, ctx: k.ctx, client: k.client, user: unique("user")}).signIn(start)
		slices.SortFunc(signedIn, func(a, b oauth.Family) int { return b.CreatedAt.Compare(a.CreatedAt) })
		if diff := cmp.Diff(signedIn, k.families(start.Add(4*time.Hour)), sameTimes); diff != "" {
			k.Errorf("Families (-want +got), newest CreatedAt first:\n%s", diff)
		}
		oldest := signedIn[len(signedIn)-1]
		if got := k.families(oldest.ExpiresAt.Add(-time.Microsecond)); len(got) != 4 {
			k.Errorf("a microsecond before the oldest family expires there are %d, want 4", len(got))
		}
		if got := k.families(oldest.ExpiresAt); len(got) != 3 {
			k.Errorf("when the oldest family expires there are %d, want 3: one is not alive at ExpiresAt", len(got))
		}
		k.noError("RevokeFamily", k.store.RevokeFamily(k.ctx, signedIn[0].ID, start.Add(5*time.Hour)))
		if got := k.families(start.Add(5 * time.Hour)); len(got) != 3 || got[0].ID != signedIn[1].ID {
			k.Errorf("Families lists a family that was revoked: %v", got)
		}
	})
}

func (k *kit) families(now time.Time) []oauth.Family {
	k.Helper()
	families, err := k.store.Families(k.ctx, k.user, now)
	k.noError("Families", err)
	return families
}

func (k *kit) wantRevokedCount(what string, now time.Time, want int) {
	k.Helper()
	got, err := k.store.RevokeUser(k.ctx, k.user, now)
	k.noError(what, err)
	if got != want {
		k.Errorf("%s returned %d, want %d: the families that it revoked itself", what, got, want)
	}
}
