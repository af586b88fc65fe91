package oauth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// A store that fails at any one step yields no token, an answer that says so,
// and a server that goes on as if nothing had happened.
func TestStoreFailsAtEachStep(t *testing.T) {
	t.Parallel()
	for _, fault := range []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"unavailable", prism.ErrUnavailable, 503, "temporarily_unavailable"},
		{"late", context.DeadlineExceeded, 504, "temporarily_unavailable"},
		{"cancelled", context.Canceled, 504, "temporarily_unavailable"},
		{"broken", errors.New("broken"), 500, "server_error"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			code := r.code()
			fails := func(method string, call func() answer) {
				t.Helper()
				r.store.failWith(method, fault.err)
				a := call()
				r.store.failWith(method, nil)
				if a.status != fault.status || a.Error != fault.code {
					t.Errorf("%s: %d %s, want %d %s", method, a.status, a.Error, fault.status, fault.code)
				}
				if e := r.lastRefusal(); e.Code != fault.code || e.ClientID != clientID {
					t.Errorf("%s: TokenRefused %+v", method, e)
				}
			}
			redeem := func() answer { return r.redeem(code) }
			fails("FindCode", redeem)
			fails("RedeemCode", redeem)
			r.users.fail(fault.err)
			r.wantError(redeem(), fault.status, fault.code)
			r.users.fail(nil)
			pair := r.mustOK(redeem())

			refresh := func() answer { return r.refresh(pair.RefreshToken) }
			fails("FindRefresh", refresh)
			fails("RotateRefresh", refresh)
			r.users.fail(fault.err)
			r.wantError(refresh(), fault.status, fault.code)
			r.users.fail(nil)
			r.mustOK(refresh())

			r.store.failWith("FindAccess", fault.err)
			if _, err := r.server.Verify(context.Background(), pair.AccessToken); !errors.Is(err, fault.err) || errors.Is(err, prism.ErrUnauthorized) {
				t.Errorf("Verify: %v", err)
			}
			r.store.failWith("FindAccess", nil)
			r.wantWorks(pair.AccessToken, true)

			// A replay that could not be punished is no success, and the next one is.
			fails("RevokeFamily", redeem)
			r.wantWorks(pair.AccessToken, true)
			r.wantError(redeem(), http.StatusBadRequest, "invalid_grant")
			r.wantWorks(pair.AccessToken, false)
		})
	}
}

func TestUserIsAskedBeforeEveryToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code, pair := r.code(), r.signIn()
	r.users.set(prism.User{ID: "u1", Disabled: true})
	r.wantError(r.redeem(code), http.StatusBadRequest, "invalid_grant")
	r.wantError(r.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
	r.users.set(prism.User{ID: "u1"})
	r.mustOK(r.redeem(code))
	r.mustOK(r.refresh(pair.RefreshToken))
}

func TestPairNeverOutlivesTheSignIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *oauth.Config) { c.RefreshTotalTTL = 13 * time.Hour })
	pair := r.signIn()
	if pair.ExpiresIn != int64(12*time.Hour/time.Second) || pair.TokenType != "bearer" || pair.Scope != "" {
		t.Errorf("%s", pair.body)
	}
	r.clock.advance(10 * time.Hour)
	pair = r.mustOK(r.refresh(pair.RefreshToken))
	if pair.ExpiresIn != int64(3*time.Hour/time.Second) {
		t.Errorf("expires_in %d, want 3 hours", pair.ExpiresIn)
	}
	r.clock.advance(3 * time.Hour)
	r.wantWorks(pair.AccessToken, false)
	r.wantError(r.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
}

// The PRISM client may lose an answer: the old refresh token works as long as
// no token of the new pair was used.
func TestLostAnswerIsRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	lost := r.mustOK(r.refresh(pair.RefreshToken))
	r.clock.advance(24 * time.Hour)
	again := r.mustOK(r.refresh(pair.RefreshToken))
	r.wantWorks(again.AccessToken, true) // marks the generation as used
	r.wantError(r.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
	r.wantWorks(again.AccessToken, false)
	r.wantError(r.refresh(lost.RefreshToken), http.StatusBadRequest, "invalid_grant")
}

// Between finding and consuming, another call may have come first: what the
// store then says is answered like what it said before.
func TestStoreDecidesLast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
		reused int
	}{
		{"used meanwhile", fmt.Errorf("db: %w", oauth.ErrCodeUsed), 400, "invalid_grant", 1},
		{"gone meanwhile", fmt.Errorf("db: %w", prism.ErrNotFound), 400, "invalid_grant", 0},
		{"late by its own deadline", fmt.Errorf("db: %w", prism.ErrTimeout), 504, "temporarily_unavailable", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			code := r.code()
			r.store.failWith("RedeemCode", c.err)
			r.wantError(r.redeem(code), c.status, c.code)
			if len(r.reused) != c.reused || len(r.issued) != 0 {
				t.Errorf("traced %+v, %+v", r.reused, r.issued)
			}
		})
	}
	r := newRig(t)
	pair := r.signIn()
	r.store.failWith("RotateRefresh", fmt.Errorf("db: %w", prism.ErrNotFound))
	r.wantError(r.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
}

// unknownOutcome is a Store of a newer version, or a wrong one.
type unknownOutcome struct{ *faultStore }

func (unknownOutcome) RotateRefresh(context.Context, oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	return oauth.Outcome(99), oauth.Family{}, nil
}

func TestUnknownOutcomeIsNoSuccess(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *oauth.Config) { c.Store = unknownOutcome{c.Store.(*faultStore)} })
	r.wantError(r.refresh(r.signIn().RefreshToken), http.StatusInternalServerError, "server_error")
}

func TestPKCERequiredSinceTheCodeWasIssued(t *testing.T) {
	t.Parallel()
	client := testClients()[0]
	r := newRig(t, func(c *oauth.Config) {
		c.Clients = sourceFunc(func(string) (oauth.Client, error) { return client, nil })
	})
	code := r.code()
	client.RequirePKCE = true
	r.wantError(r.redeem(code), http.StatusBadRequest, "invalid_grant")
}

func TestClientThatWentAwayIsNoErrorInTheLog(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := r.code()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	req := tokenRequest(http.MethodGet, "grant_type=authorization_code&code="+code).WithContext(ctx)
	r.wantError(r.serveToken(req), http.StatusGatewayTimeout, "temporarily_unavailable")
	if n := r.logs.FilterLevelExact(zap.ErrorLevel).Len(); n != 0 {
		t.Errorf("%d errors in the log", n)
	}
	r.mustOK(r.redeem(code))
}

func TestTokensAreNeverTheSame(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	seen := map[string]bool{}
	for range 200 {
		code := r.code()
		pair := r.mustOK(r.redeem(code))
		for _, text := range []string{code, pair.AccessToken, pair.RefreshToken} {
			if raw, err := base64.RawURLEncoding.DecodeString(text); err != nil || len(raw) != 32 || seen[text] {
				t.Fatalf("%d bytes, %v, seen before: %t", len(raw), err, seen[text])
			}
			seen[text] = true
		}
	}
}

func TestDigestOf(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 43, 86, 87, 1000} {
		text := strings.Repeat("a", n)
		if got := oauth.DigestOf(text); got != sha256.Sum256([]byte(text)) {
			t.Errorf("%d bytes: %x", n, got)
		}
	}
}

// What is known to be refused is not brought to the store.
func TestRefusedBeforeTheStoreIsAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *oauth.Config) {
		c.CodeTTL, c.AccessTTL, c.RefreshIdleTTL = oauth.MaxCodeTTL, time.Hour, time.Hour
	})
	wantReason := func(a answer, reason string) {
		t.Helper()
		r.wantError(a, http.StatusBadRequest, "invalid_grant")
		if got := r.lastRefusal().Reason; got != reason {
			t.Errorf("reason %q, want %q", got, reason)
		}
	}
	code := r.code()
	r.clock.advance(oauth.MaxCodeTTL - time.Microsecond)
	pair := r.mustOK(r.redeem(code))
	code = r.code()
	a := r.token("grant_type", "authorization_code", "code", code, "code_verifier", verifier)
	wantReason(a, "code_verifier without a challenge")
	r.clock.advance(oauth.MaxCodeTTL)
	wantReason(r.redeem(code), "code expired")
	r.clock.advance(time.Hour)
	wantReason(r.refresh(pair.RefreshToken), "refresh token expired")
	if _, err := r.server.RevokeUser(context.Background(), "u1"); err != nil {
		t.Fatal(err)
	}
	wantReason(r.refresh(pair.RefreshToken), "sign-in over or revoked")
	if redeemed, rotated := r.store.called("RedeemCode"), r.store.called("RotateRefresh"); redeemed != 1 || rotated != 0 {
		t.Errorf("%d redemptions and %d rotations, want 1 and 0", redeemed, rotated)
	}
}
