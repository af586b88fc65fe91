package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

func TestRevocationEndsTheWholeSignIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		pick func(first, second answer) string
		hint string
		wait time.Duration
	}{
		{name: "access token", pick: func(_, second answer) string { return second.AccessToken }},
		{name: "refresh token", pick: func(_, second answer) string { return second.RefreshToken }},
		{name: "old access token", pick: func(first, _ answer) string { return first.AccessToken }},
		{name: "rotated refresh token", pick: func(first, _ answer) string { return first.RefreshToken }},
		{name: "access token, right hint", pick: func(_, second answer) string { return second.AccessToken }, hint: "access_token"},
		{name: "access token, wrong hint", pick: func(_, second answer) string { return second.AccessToken }, hint: "refresh_token"},
		{name: "refresh token, right hint", pick: func(_, second answer) string { return second.RefreshToken }, hint: "refresh_token"},
		{name: "refresh token, wrong hint", pick: func(_, second answer) string { return second.RefreshToken }, hint: "access_token"},
		{name: "refresh token, unknown hint", pick: func(_, second answer) string { return second.RefreshToken }, hint: "id_token"},
		{name: "expired access token", pick: func(_, second answer) string { return second.AccessToken }, wait: oauth.DefaultAccessTTL},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			other := r.signIn() // another sign-in of the same user and client
			first := r.signIn()
			second := r.mustOK(r.refresh(first.RefreshToken))
			r.clock.advance(c.wait)
			if a := r.revokeAs(clientID, clientSecret, "token", c.pick(first, second), "token_type_hint", c.hint); a.status != http.StatusOK {
				t.Fatalf("%d %s", a.status, a.body)
			}
			for _, token := range []string{first.AccessToken, second.AccessToken} {
				r.wantWorks(token, false)
			}
			for _, token := range []string{first.RefreshToken, second.RefreshToken} {
				r.wantError(r.refresh(token), http.StatusBadRequest, "invalid_grant")
			}
			r.mustOK(r.refresh(other.RefreshToken))
			if families, err := r.server.Families(context.Background(), "u1"); err != nil || len(families) != 1 {
				t.Errorf("Families: %+v, %v, want the other one", families, err)
			}
			if len(r.reused) != 0 {
				t.Errorf("a revocation was reported as reuse: %+v", r.reused)
			}
		})
	}
}

func TestRevocationOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	code := r.code()
	for _, token := range []string{"x", strings.Repeat("a", 43), code, "\x00", flipLast(pair.AccessToken)} {
		if a := r.revoke(token); a.status != http.StatusOK {
			t.Errorf("%q: %d %s", token, a.status, a.body)
		}
	}
	r.wantError(r.revokeAs(clientID, clientSecret), http.StatusBadRequest, "invalid_request")
	r.wantError(r.revokeAs(clientID, clientSecret, "token", pair.AccessToken, "token", "x"), http.StatusBadRequest, "invalid_request")
	if n := r.store.called("RevokeFamily"); n != 0 {
		t.Errorf("%d families were revoked", n)
	}
	r.mustOK(r.redeem(code))
	for range 2 { // again is no error
		if a := r.revoke(pair.AccessToken); a.status != http.StatusOK {
			t.Errorf("%d", a.status)
		}
	}
}

func TestRevocationByAnotherClient(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
		r.wantError(r.revokeAs(otherID, otherSecret, "token", token), http.StatusBadRequest, "invalid_grant")
		r.wantError(r.revokeAs(clientID, otherSecret, "token", token), http.StatusUnauthorized, "invalid_client")
	}
	if n := r.store.called("RevokeFamily"); n != 0 {
		t.Errorf("%d families were revoked", n)
	}
	r.wantWorks(pair.AccessToken, true)
	r.mustOK(r.refresh(pair.RefreshToken))
}

// Whatever goes wrong in the store, the client must learn that the token may
// still be alive: 503, or 504 when time ran out (RFC 7009 section 2.2.1).
func TestRevocationFailsLoudly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"broken": {errors.New("syntax error near UPDATE"), http.StatusServiceUnavailable},
		"late":   {context.DeadlineExceeded, http.StatusGatewayTimeout},
	} {
		for _, method := range []string{"FindAccess", "FindRefresh", "RevokeFamily"} {
			r := newRig(t)
			pair := r.signIn()
			r.store.failWith(method, c.err)
			a := r.revoke(pair.RefreshToken)
			r.store.failWith(method, nil)
			r.wantError(a, c.status, "temporarily_unavailable")
			if a.header.Get("Retry-After") == "" || strings.Contains(a.body, "UPDATE") {
				t.Errorf("%s, %s: %v %s", name, method, a.header, a.body)
			}
			r.wantWorks(pair.AccessToken, true)
		}
	}
}
