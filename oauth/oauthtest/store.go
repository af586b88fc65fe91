package oauthtest

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// TestStore holds a store against the contract of oauth.Store. Each rule is a
// subtest of its own, named after what it demands.
//
// open is called once per rule. It may return the same data again: users,
// clients, codes and tokens are new each time. Only sweeping looks at all that
// is there. Clean up with t.Cleanup.
func TestStore(t *testing.T, open func(t *testing.T) oauth.Store) {
	t.Helper()
	s := &suite{t: t, open: open}
	s.codes()
	s.redemption()
	s.tickets()
	s.tokens()
	s.rotation()
	s.rotationClock()
	s.machine()
	s.revocation()
	s.ids()
	s.sweeping()
	s.context()
	s.races()
	s.rotationRaces()
}

type suite struct {
	t    *testing.T
	open func(t *testing.T) oauth.Store
}

func (s *suite) rule(name string, check func(k *kit)) {
	s.t.Run(name, func(t *testing.T) {
		check(&kit{T: t, store: s.open(t), ctx: t.Context(), client: unique("client"), user: unique("user")})
	})
}

// kit is one rule at work, with a client and a user of its own.
type kit struct {
	*testing.T
	store        oauth.Store
	ctx          context.Context
	client, user string
}

// start is the time at which the kit's users sign in. The stores have no clock
// of their own, so any time does.
var start = time.Date(2026, 11, 22, 9, 0, 0, 123456000, time.UTC)

// The lives of what the kit issues.
const (
	codeLife    = time.Minute
	accessLife  = time.Hour
	refreshLife = 10 * time.Hour
	familyLife  = 24 * time.Hour
	grace       = time.Minute
)

// sameTimes lets a store keep whole microseconds.
var sameTimes = cmpopts.EquateApproxTime(time.Microsecond)

// unique returns a text that no store has seen.
func unique(kind string) string { return "kit-" + kind + "-" + rand.Text() }

func newDigest() oauth.Digest { return oauth.DigestOf(rand.Text()) }

func newPair(now time.Time) oauth.Pair {
	return oauth.Pair{
		Access: newDigest(), AccessExpiresAt: now.Add(accessLife),
		Refresh: newDigest(), RefreshExpiresAt: now.Add(refreshLife),
	}
}

// saveCode saves a code that is issued at the given time.
func (k *kit) saveCode(now time.Time) oauth.Code {
	k.Helper()
	code := oauth.Code{
		Digest: newDigest(), FamilyID: unique("family"), ClientID: k.client, UserID: k.user,
		Scope: "live chat", RedirectURI: "https://client.example/cb?a=1&b=%20", Challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
		ExpiresAt: now.Add(codeLife),
	}
	k.noError("SaveCode", k.store.SaveCode(k.ctx, code))
	return code
}

// redemptionOf is the first use of a code.
func redemptionOf(code oauth.Code, now time.Time) oauth.Redemption {
	return oauth.Redemption{
		Code: code.Digest, ClientID: code.ClientID, Pair: newPair(now), Now: now,
		Family: oauth.Family{
			ID: code.FamilyID, ClientID: code.ClientID, UserID: code.UserID, Scope: code.Scope,
			CreatedAt: now, ExpiresAt: now.Add(familyLife), Generation: 1, RotatedAt: now, Pairs: 1,
		},
	}
}

// signIn redeems a code at the given time.
func (k *kit) signIn(now time.Time) oauth.Redemption {
	k.Helper()
	r := redemptionOf(k.saveCode(now), now)
	k.noError("RedeemCode", k.store.RedeemCode(k.ctx, r))
	return r
}

func (k *kit) rotationOf(refresh oauth.Digest, now time.Time) oauth.Rotation {
	return oauth.Rotation{Refresh: refresh, ClientID: k.client, Pair: newPair(now), Now: now, Grace: grace}
}

// rotate uses a refresh token and wants an outcome. It returns the new pair.
func (k *kit) rotate(what string, refresh oauth.Digest, now time.Time, want oauth.Outcome) oauth.Pair {
	k.Helper()
	r := k.rotationOf(refresh, now)
	got, family, err := k.store.RotateRefresh(k.ctx, r)
	k.noError("RotateRefresh with "+what, err)
	if got != want {
		k.Fatalf("RotateRefresh with %s: outcome %d, want %d: do what Family.Rotate decides", what, got, want)
	}
	issued := want == oauth.OutcomeRotated || want == oauth.OutcomeSibling
	k.wantIssued("RotateRefresh with "+what, r.Pair, issued)
	if issued {
		k.wantFamily("RotateRefresh with "+what, r.Pair.Access, family)
	}
	return r.Pair
}

// wantIssued fails unless both tokens of a pair are there, or neither is.
func (k *kit) wantIssued(what string, p oauth.Pair, issued bool) {
	k.Helper()
	_, accessErr := k.store.FindAccess(k.ctx, p.Access)
	_, refreshErr := k.store.FindRefresh(k.ctx, p.Refresh)
	if issued {
		k.noError(what+": FindAccess of its pair", accessErr)
		k.noError(what+": FindRefresh of its pair", refreshErr)
		return
	}
	k.wantNotFound(what+": FindAccess of a pair that must not be stored", accessErr)
	k.wantNotFound(what+": FindRefresh of a pair that must not be stored", refreshErr)
}

// family reads a family through an access token.
func (k *kit) family(access oauth.Digest) oauth.Family {
	k.Helper()
	token, err := k.store.FindAccess(k.ctx, access)
	k.noError("FindAccess", err)
	return token.Family
}

func (k *kit) wantFamily(what string, access oauth.Digest, want oauth.Family) {
	k.Helper()
	if diff := cmp.Diff(want, k.family(access), sameTimes); diff != "" {
		k.Errorf("%s: the family is not as it must be (-want +stored):\n%s", what, diff)
	}
}

// wantRevoked fails unless the family was revoked at the time, or is not when
// the time is zero.
func (k *kit) wantRevoked(what string, access oauth.Digest, at time.Time) {
	k.Helper()
	if got := k.family(access).RevokedAt; got.IsZero() != at.IsZero() || got.Sub(at).Abs() > time.Microsecond {
		k.Errorf("%s: RevokedAt is %v, want %v", what, got, at)
	}
}

func (k *kit) noError(what string, err error) {
	k.Helper()
	if err != nil {
		k.Fatalf("%s: unexpected error: %v", what, err)
	}
}

func (k *kit) wantNotFound(what string, err error) {
	k.Helper()
	if !errors.Is(err, prism.ErrNotFound) {
		k.Errorf("%s: got error %v; the contract demands one that wraps prism.ErrNotFound", what, err)
	}
	if errors.Is(err, oauth.ErrCodeUsed) {
		k.Errorf("%s: the error must not wrap oauth.ErrCodeUsed as well: %v", what, err)
	}
}
