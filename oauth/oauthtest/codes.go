package oauthtest

import (
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
)

func (s *suite) codes() {
	s.rule("FindCode returns a code as it was saved", func(k *kit) {
		full := k.saveCode(start)
		bare := oauth.Code{Digest: newDigest(), FamilyID: unique("family"), ClientID: k.client, UserID: "auth0|사용자", RedirectURI: "https://client.example/", ExpiresAt: start}
		k.noError("SaveCode without scope and challenge", k.store.SaveCode(k.ctx, bare))
		for _, want := range []oauth.Code{full, bare} {
			got, err := k.store.FindCode(k.ctx, want.Digest)
			k.noError("FindCode (used and expired ones are no error)", err)
			if diff := cmp.Diff(want, got, sameTimes); diff != "" {
				k.Errorf("FindCode (-saved +found):\n%s", diff)
			}
		}
	})
	s.rule("FindCode of an unknown code is ErrNotFound", func(k *kit) {
		k.saveCode(start)
		for _, digest := range []oauth.Digest{newDigest(), {}} {
			_, err := k.store.FindCode(k.ctx, digest)
			k.wantNotFound("FindCode of an unknown code", err)
		}
	})
	s.rule("codes and tokens are looked up by their own kind only", func(k *kit) {
		r := k.signIn(start)
		_, err := k.store.FindAccess(k.ctx, r.Pair.Refresh)
		k.wantNotFound("FindAccess of a refresh token", err)
		_, err = k.store.FindRefresh(k.ctx, r.Pair.Access)
		k.wantNotFound("FindRefresh of an access token", err)
		_, err = k.store.FindAccess(k.ctx, r.Code)
		k.wantNotFound("FindAccess of a code", err)
		_, err = k.store.FindRefresh(k.ctx, r.Code)
		k.wantNotFound("FindRefresh of a code", err)
		_, err = k.store.FindCode(k.ctx, r.Pair.Access)
		k.wantNotFound("FindCode of an access token", err)
		_, _, err = k.store.RotateRefresh(k.ctx, k.rotationOf(r.Pair.Access, start))
		k.wantNotFound("RotateRefresh with an access token", err)
		again := redemptionOf(oauth.Code{Digest: r.Pair.Refresh, ClientID: k.client, UserID: k.user, FamilyID: unique("family")}, start)
		k.wantNotFound("RedeemCode with a refresh token", k.store.RedeemCode(k.ctx, again))
		k.wantRevoked("the family after all that", r.Pair.Access, time.Time{})
	})
}

func (s *suite) redemption() {
	s.rule("RedeemCode marks the code and stores the family and its pair", func(k *kit) {
		code := k.saveCode(start)
		now := start.Add(time.Second)
		r := redemptionOf(code, now)
		k.noError("RedeemCode", k.store.RedeemCode(k.ctx, r))
		used, err := k.store.FindCode(k.ctx, code.Digest)
		k.noError("FindCode of a used code", err)
		code.UsedAt = now
		if diff := cmp.Diff(code, used, sameTimes); diff != "" {
			k.Errorf("the code after RedeemCode (-want +found):\n%s", diff)
		}
		access, err := k.store.FindAccess(k.ctx, r.Pair.Access)
		k.noError("FindAccess", err)
		want := oauth.Token{Generation: 1, ExpiresAt: r.Pair.AccessExpiresAt, Family: r.Family}
		if diff := cmp.Diff(want, access, sameTimes); diff != "" {
			k.Errorf("the access token (-want +found):\n%s", diff)
		}
		refresh, err := k.store.FindRefresh(k.ctx, r.Pair.Refresh)
		k.noError("FindRefresh", err)
		want.ExpiresAt = r.Pair.RefreshExpiresAt
		if diff := cmp.Diff(want, refresh, sameTimes); diff != "" {
			k.Errorf("the refresh token (-want +found):\n%s", diff)
		}
	})
	s.rule("RedeemCode works until just before ExpiresAt, and not at it", func(k *kit) {
		for _, tt := range []struct {
			name string
			at   time.Duration
			ok   bool
		}{
			{"a microsecond before ExpiresAt", codeLife - time.Microsecond, true},
			{"at ExpiresAt", codeLife, false},
			{"a microsecond after ExpiresAt", codeLife + time.Microsecond, false},
		} {
			r := redemptionOf(k.saveCode(start), start.Add(tt.at))
			err := k.store.RedeemCode(k.ctx, r)
			if tt.ok {
				k.noError("RedeemCode "+tt.name, err)
			} else {
				k.wantNotFound("RedeemCode "+tt.name, err)
				k.wantUnused(r.Code)
			}
			k.wantIssued("RedeemCode "+tt.name, r.Pair, tt.ok)
		}
	})
	s.rule("RedeemCode of another client burns nothing", func(k *kit) {
		code := k.saveCode(start)
		foreign := redemptionOf(code, start)
		foreign.ClientID, foreign.Family.ClientID = "kit-other-client", "kit-other-client"
		k.wantNotFound("RedeemCode of another client", k.store.RedeemCode(k.ctx, foreign))
		k.wantIssued("RedeemCode of another client", foreign.Pair, false)
		k.wantUnused(code.Digest)

		own := redemptionOf(code, start)
		k.noError("RedeemCode of the code's client after that", k.store.RedeemCode(k.ctx, own))
		foreign = redemptionOf(code, start)
		foreign.ClientID = "kit-other-client"
		k.wantNotFound("RedeemCode of a used code by another client", k.store.RedeemCode(k.ctx, foreign))
		k.wantRevoked("a replay by another client, who must not be able to revoke", own.Pair.Access, time.Time{})
	})
	s.rule("RedeemCode of an unknown code is ErrNotFound", func(k *kit) {
		r := redemptionOf(oauth.Code{Digest: newDigest(), FamilyID: unique("family"), ClientID: k.client, UserID: k.user}, start)
		k.wantNotFound("RedeemCode of an unknown code", k.store.RedeemCode(k.ctx, r))
		k.wantIssued("RedeemCode of an unknown code", r.Pair, false)
	})
	s.rule("a replayed code is ErrCodeUsed and revokes its family", func(k *kit) {
		bystander := k.signIn(start)
		r := k.signIn(start)
		second := k.rotate("the first refresh token", r.Pair.Refresh, start.Add(time.Second), oauth.OutcomeRotated)
		for i := range 2 {
			replay := r
			replay.Pair, replay.Now = newPair(start), start.Add(time.Duration(2+i)*time.Second)
			if err := k.store.RedeemCode(k.ctx, replay); !errors.Is(err, oauth.ErrCodeUsed) {
				k.Errorf("RedeemCode of a used code: got error %v, want one that wraps oauth.ErrCodeUsed", err)
			}
			k.wantIssued("RedeemCode of a used code", replay.Pair, false)
		}
		k.wantRevoked("after a replay (the first one's time stays)", r.Pair.Access, start.Add(2*time.Second))
		k.wantRevoked("after a replay", second.Access, start.Add(2*time.Second))
		_, _, err := k.store.RotateRefresh(k.ctx, k.rotationOf(second.Refresh, start.Add(3*time.Second)))
		k.wantNotFound("RotateRefresh in a family that a replay revoked", err)
		k.wantRevoked("the user's other family", bystander.Pair.Access, time.Time{})
	})
}

func (k *kit) wantUnused(code oauth.Digest) {
	k.Helper()
	got, err := k.store.FindCode(k.ctx, code)
	k.noError("FindCode", err)
	if !got.UsedAt.IsZero() {
		k.Errorf("a refused RedeemCode marked the code as used at %v: it must change nothing", got.UsedAt)
	}
}
