package oauth_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// modelFamily is what the property test knows of one sign-in.
type modelFamily struct {
	code    string
	codeEnd time.Time
	used    bool // the code was redeemed
	dead    bool // revoked or reuse
	end     time.Time
	access  []modelToken
	refresh []modelToken
}

type modelToken struct {
	text string
	end  time.Time
}

// Any interleaving of sign-ins, redemptions, replays, refreshes with any token,
// uses, revocations and time keeps: one redemption per code, no token outlives
// its family or its own life, and every token that was issued works until then.
func TestEngineProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const total = 40 * time.Hour
		r := newRig(t, func(c *oauth.Config) {
			c.RefreshTotalTTL = total
			c.RefreshIdleTTL = 20 * time.Hour
		})
		defer func() { _ = r.server.Close() }()
		var families []*modelFamily
		pick := func() *modelFamily {
			return families[rapid.IntRange(0, len(families)-1).Draw(rt, "family")]
		}
		check := func() {
			now := r.clock.now()
			for i, f := range families {
				for _, token := range f.access {
					want := !f.dead && now.Before(f.end) && now.Before(token.end)
					_, err := r.server.Manager().LoadAccessToken(context.Background(), token.text)
					if (err == nil) != want {
						rt.Fatalf("family %d: access token works: %v, want %v", i, err, want)
					}
				}
			}
		}
		take := func(f *modelFamily, a answer) {
			now := r.clock.now()
			f.access = append(f.access, modelToken{a.AccessToken, now.Add(time.Duration(a.ExpiresIn) * time.Second)})
			f.refresh = append(f.refresh, modelToken{a.RefreshToken, now.Add(20 * time.Hour)})
			if end := now.Add(time.Duration(a.ExpiresIn) * time.Second); end.After(f.end) {
				rt.Fatalf("an access token outlives its family by %v", end.Sub(f.end))
			}
			if _, err := r.server.Verify(context.Background(), a.AccessToken); err != nil {
				rt.Fatalf("a token of a 200 does not verify: %v", err)
			}
		}
		actions := map[string]func(*rapid.T){
			"sign in": func(*rapid.T) {
				families = append(families, &modelFamily{code: r.code(), codeEnd: r.clock.now().Add(oauth.DefaultCodeTTL)})
			},
			"redeem": func(rt *rapid.T) {
				if len(families) == 0 {
					return
				}
				f := pick()
				now := r.clock.now()
				want := !f.used && !f.dead && now.Before(f.codeEnd)
				a := r.redeem(f.code)
				if (a.status == http.StatusOK) != want {
					rt.Fatalf("redeem: %d, want ok %v", a.status, want)
				}
				if !want {
					f.dead = f.dead || f.used
					return
				}
				f.used, f.end = true, now.Add(total)
				take(f, a)
			},
			"refresh": func(rt *rapid.T) {
				if len(families) == 0 {
					return
				}
				f := pick()
				if len(f.refresh) == 0 {
					return
				}
				token := f.refresh[rapid.IntRange(0, len(f.refresh)-1).Draw(rt, "token")]
				before := len(r.reused)
				a := r.refresh(token.text)
				now := r.clock.now()
				alive := !f.dead && now.Before(f.end) && now.Before(token.end)
				if a.status == http.StatusOK && !alive {
					rt.Fatal("a refresh of a dead family or token succeeded")
				}
				if a.status == http.StatusOK {
					take(f, a)
				}
				f.dead = f.dead || len(r.reused) > before
			},
			"foreign client": func(rt *rapid.T) {
				if len(families) == 0 {
					return
				}
				f := pick()
				if a := r.tokenAs(otherID, otherSecret, "grant_type", "authorization_code", "code", f.code); a.status == http.StatusOK {
					rt.Fatal("a foreign client redeemed")
				}
				for _, token := range f.refresh {
					if a := r.tokenAs(otherID, otherSecret, "grant_type", "refresh_token", "token", token.text); a.status == http.StatusOK {
						rt.Fatal("a foreign client refreshed")
					}
				}
			},
			"revoke user": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "rarely") != 0 {
					return
				}
				if _, err := r.server.RevokeUser(context.Background(), "u1"); err != nil {
					rt.Fatal(err)
				}
				for _, f := range families {
					f.dead = true
				}
			},
			"time": func(rt *rapid.T) {
				r.clock.advance(time.Duration(rapid.SampledFrom([]int{1, 30, 59, 61, 3600, 8 * 3600}).Draw(rt, "seconds")) * time.Second)
			},
			"": func(*rapid.T) { check() },
		}
		rt.Repeat(actions)
	})
}

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
	r := newRig(t, func(c *oauth.Config) { c.CodeTTL, c.RefreshIdleTTL = oauth.MaxCodeTTL, time.Hour })
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
