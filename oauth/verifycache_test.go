package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// wantLookups checks how often call made the server look an access token up.
func (r *rig) wantLookups(want int, what string, call func()) {
	r.t.Helper()
	before := r.store.called("FindAccess")
	call()
	if got := r.store.called("FindAccess") - before; got != want {
		r.t.Errorf("%s: %d lookups, want %d", what, got, want)
	}
}

func TestTokenIsNotLookedUpAgainWithinTheCacheTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  time.Duration
		ttl  time.Duration // 0: every check asks
	}{
		{"default", 0, oauth.DefaultVerifyCacheTTL},
		{"a millisecond", time.Millisecond, time.Millisecond},
		{"the longest", oauth.MaxVerifyCacheTTL, oauth.MaxVerifyCacheTTL},
		{"off", -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(cfg *oauth.Config) { cfg.VerifyCacheTTL = c.set })
			token := r.signIn().AccessToken
			check := func() { r.wantWorks(token, true) }
			r.wantLookups(1, "first", check)
			if c.ttl == 0 {
				r.wantLookups(1, "at once", check)
				return
			}
			calls := len(r.store.calls)
			check()
			r.clock.advance(c.ttl - 1)
			check()
			if n := len(r.store.calls) - calls; n != 0 {
				t.Errorf("%d calls of the store within the cache time", n)
			}
			r.clock.advance(1)
			r.wantLookups(1, "when the time is over", check)
			r.wantLookups(0, "after that", check)
		})
	}
}

// An age that is not known is too old.
func TestClockThatGoesBackForgetsTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	token := r.signIn().AccessToken
	r.wantWorks(token, true)
	r.clock.advance(-time.Nanosecond)
	r.wantLookups(1, "an earlier time", func() { r.wantWorks(token, true) })
}

func TestCacheKeepsExpiry(t *testing.T) {
	t.Parallel()
	const text = "abcdefghijabcdefghijabcdefghijabcdefghij123"
	for _, c := range []struct {
		name          string
		token, family time.Duration
		want          string
	}{
		{"of the token", 5 * time.Second, time.Hour, "oauth: the access token has expired"},
		{"of the sign-in", time.Hour, 5 * time.Second, "oauth: the access token's sign-in is over or was revoked"},
	} {
		store := &oneToken{digest: oauth.DigestOf(text)}
		r := newRig(t, func(cfg *oauth.Config) { cfg.Store = store })
		store.token = oauth.Token{Generation: 1, ExpiresAt: r.clock.now().Add(c.token), Family: oauth.Family{
			ID: "f", UserID: "u1", Generation: 1, Used: true, ExpiresAt: r.clock.now().Add(c.family),
		}}
		r.wantWorks(text, true)
		r.clock.advance(5*time.Second - 1)
		r.wantWorks(text, true)
		r.clock.advance(1)
		if _, err := r.server.Verify(context.Background(), text); !errors.Is(err, prism.ErrUnauthorized) || err.Error()[:len(c.want)] != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Each way in which this server ends a sign-in works at once, for a token that
// it has just found good.
func TestRevocationIsImmediate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, revoke := range map[string]func(r *rig, code string, pair answer) error{
		"RevokeUser": func(r *rig, _ string, _ answer) error {
			_, err := r.server.RevokeUser(ctx, "u1")
			return err
		},
		"RevokeFamily": func(r *rig, _ string, _ answer) error {
			return r.server.RevokeFamily(ctx, r.issued[0].FamilyID)
		},
		"revocation endpoint, access token": func(r *rig, _ string, pair answer) error {
			r.revokeAs(clientID, clientSecret, "token", pair.AccessToken)
			return nil
		},
		"revocation endpoint, refresh token": func(r *rig, _ string, pair answer) error {
			r.revokeAs(clientID, clientSecret, "token", pair.RefreshToken, "token_type_hint", "refresh_token")
			return nil
		},
		"replayed code": func(r *rig, code string, _ answer) error {
			r.wantError(r.redeem(code), http.StatusBadRequest, "invalid_grant")
			return nil
		},
		"reuse of an old refresh token": func(r *rig, _ string, pair answer) error {
			next := r.mustOK(r.refresh(pair.RefreshToken))
			r.wantWorks(next.AccessToken, true)
			r.wantWorks(pair.AccessToken, true)
			r.clock.advance(oauth.DefaultRefreshGrace + time.Second)
			r.wantWorks(pair.AccessToken, true)
			r.wantError(r.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
			return nil
		},
		"Manager.RemoveAccessToken": func(r *rig, _ string, pair answer) error {
			return r.server.Manager().RemoveAccessToken(ctx, pair.AccessToken)
		},
		"Manager.RemoveRefreshToken": func(r *rig, _ string, pair answer) error {
			return r.server.Manager().RemoveRefreshToken(ctx, pair.RefreshToken)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			code := r.code()
			pair := r.mustOK(r.redeem(code))
			r.login = asUser("u2")
			other := r.signIn()
			r.wantWorks(pair.AccessToken, true)
			r.wantWorks(other.AccessToken, true)
			if err := revoke(r, code, pair); err != nil {
				t.Fatal(err)
			}
			r.wantWorks(pair.AccessToken, false)
			r.wantWorks(other.AccessToken, true)
		})
	}
}

// staleCodes is a Store that finds each code as it was before its use, as one
// that is asked just before a parallel call redeems it.
type staleCodes struct{ *faultStore }

func (s staleCodes) FindCode(ctx context.Context, digest oauth.Digest) (oauth.Code, error) {
	code, err := s.faultStore.FindCode(ctx, digest)
	code.UsedAt = time.Time{}
	return code, err
}

func TestReplayThatOnlyTheStoreKnowsOfIsImmediate(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *oauth.Config) { c.Store = staleCodes{c.Store.(*faultStore)} })
	code := r.code()
	pair := r.mustOK(r.redeem(code))
	r.wantWorks(pair.AccessToken, true)
	r.wantError(r.redeem(code), http.StatusBadRequest, "invalid_grant")
	if n := r.store.called("RedeemCode"); n != 2 {
		t.Fatalf("%d redemptions, want 2", n)
	}
	r.wantWorks(pair.AccessToken, false)
}

// A revocation costs the others nothing, and neither whoever signs in again.
func TestRevocationForgetsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var others []string
	r.login = asUser("u2")
	for range 8 {
		token := r.signIn().AccessToken
		r.wantWorks(token, true)
		others = append(others, token)
	}
	r.login = nil
	r.wantWorks(r.signIn().AccessToken, true)
	for _, family := range r.issued[len(others):] {
		if err := r.server.RevokeFamily(context.Background(), family.FamilyID); err != nil {
			t.Fatal(err)
		}
	}
	again := r.signIn().AccessToken
	r.wantLookups(1, "who signed in again", func() {
		r.wantWorks(again, true)
		r.wantWorks(again, true)
	})
	before := r.store.called("FindAccess")
	for _, token := range others {
		r.wantWorks(token, true)
	}
	// Families are noted by their hashes, so one or two may be taken for another.
	if n := r.store.called("FindAccess") - before; n > 2 {
		t.Errorf("%d of %d other tokens were forgotten", n, len(others))
	}
}

// A revocation whose outcome is not known makes the next check ask.
func TestFailedRevocationForgetsTheToken(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for method, call := range map[string]func(r *rig, pair answer){
		"RevokeUser":    func(r *rig, _ answer) { _, _ = r.server.RevokeUser(ctx, "u1") },
		"RevokeFamily":  func(r *rig, _ answer) { _ = r.server.RevokeFamily(ctx, r.issued[0].FamilyID) },
		"RotateRefresh": func(r *rig, pair answer) { r.refresh(pair.RefreshToken) },
	} {
		r := newRig(t)
		pair := r.signIn()
		r.wantWorks(pair.AccessToken, true)
		r.store.failWith(method, prism.ErrUnavailable)
		call(r, pair)
		r.wantLookups(1, method, func() { r.wantWorks(pair.AccessToken, true) })
	}
}

// What the store could not answer, or answered with no, is asked again.
func TestOnlyGoodTokensAreRemembered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	r.store.failWith("FindAccess", prism.ErrUnavailable)
	r.wantLookups(2, "a failure", func() {
		r.wantWorks(pair.AccessToken, false)
		r.wantWorks(pair.AccessToken, false)
	})
	r.store.failWith("FindAccess", nil)
	r.wantLookups(2, "an unknown token", func() {
		r.wantWorks(flipLast(pair.AccessToken), false)
		r.wantWorks(flipLast(pair.AccessToken), false)
	})
	r.wantWorks(pair.AccessToken, true)
	if err := r.server.RevokeFamily(context.Background(), r.issued[0].FamilyID); err != nil {
		t.Fatal(err)
	}
	r.wantLookups(2, "a revoked token", func() {
		r.wantWorks(pair.AccessToken, false)
		r.wantWorks(pair.AccessToken, false)
	})
}

// Remembering tokens of one generation does not hide the first use of the next,
// which ends the acceptance of the refresh token before it.
func TestFirstUseIsRecordedBesideRememberedTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *oauth.Config) { c.RefreshGrace = -1 })
	first := r.signIn()
	r.wantWorks(first.AccessToken, true)
	r.mustOK(r.refresh(first.RefreshToken)) // its answer is lost
	r.wantWorks(first.AccessToken, true)    // remembered; says nothing of the next generation
	second := r.mustOK(r.refresh(first.RefreshToken))
	r.wantWorks(second.AccessToken, true)
	if n := r.store.called("MarkUsed"); n != 2 {
		t.Errorf("%d marks, want one for each generation", n)
	}
	r.wantError(r.refresh(first.RefreshToken), http.StatusBadRequest, "invalid_grant")
	r.wantWorks(second.AccessToken, false)
}

// A store that lags behind, as a replica does, may not know the token's
// generation yet. Then the use is still to be recorded.
func TestTokenOfAFutureGenerationIsNotRemembered(t *testing.T) {
	t.Parallel()
	const text = "abcdefghijabcdefghijabcdefghijabcdefghij123"
	const end = 1 << 40
	store := &oneToken{digest: oauth.DigestOf(text)}
	r := newRig(t, func(c *oauth.Config) {
		store.Store, c.Store = c.Store, store
	})
	store.token = oauth.Token{
		Generation: 2, ExpiresAt: time.Unix(end, 0), Family: oauth.Family{ID: "f", UserID: "u1", Generation: 1, ExpiresAt: time.Unix(end, 0)},
	}
	r.wantWorks(text, true)
	store.token.Family.Generation = 2
	r.wantWorks(text, true)
	if n := r.store.called("MarkUsed"); n != 1 {
		t.Errorf("%d marks, want 1", n)
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	const entries = 4
	r := newRig(t, func(c *oauth.Config) { c.VerifyCacheEntries = entries + 3 })
	var tokens []string
	for range entries + 1 {
		r.clock.advance(time.Millisecond)
		tokens = append(tokens, r.signIn().AccessToken)
		r.wantWorks(tokens[len(tokens)-1], true)
	}
	r.wantLookups(0, "the latest", func() {
		for _, token := range tokens[1:] {
			r.wantWorks(token, true)
		}
	})
	r.wantLookups(1, "the one before them", func() { r.wantWorks(tokens[0], true) })
}

// Introspection tells another party, which may remember the answer itself.
func TestIntrospectionAlwaysAsks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	r.wantWorks(pair.AccessToken, true)
	r.wantLookups(2, "introspection", func() {
		for range 2 {
			r.introspectAs(clientID, clientSecret, "token", pair.AccessToken)
		}
	})
	r.wantLookups(0, "Manager.LoadAccessToken", func() {
		info, err := r.server.Manager().LoadAccessToken(context.Background(), pair.AccessToken)
		if err != nil || info.GetUserID() != "u1" || info.GetClientID() != clientID || info.GetAccessExpiresIn() != oauth.DefaultAccessTTL {
			t.Errorf("%+v, %v", info, err)
		}
	})
}

// What another process revoked ends within the cache time.
func TestRevocationElsewhereTakesEffectWithinTheCacheTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	elsewhere := newRig(t, func(c *oauth.Config) { c.Store = r.store })
	pair := r.signIn()
	r.wantWorks(pair.AccessToken, true)
	if _, err := elsewhere.server.RevokeUser(context.Background(), "u1"); err != nil {
		t.Fatal(err)
	}
	elsewhere.wantWorks(pair.AccessToken, false)
	r.clock.advance(oauth.DefaultVerifyCacheTTL - 1)
	r.wantWorks(pair.AccessToken, true)
	r.clock.advance(1)
	r.wantWorks(pair.AccessToken, false)
}
