package oauth_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
)

func TestIntrospection(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn("scope", "live chat")
	exp := func(d time.Duration) float64 { return float64(r.clock.now().Add(d).Unix()) }
	for name, c := range map[string]struct {
		token string
		want  map[string]any
	}{
		"access": {pair.AccessToken, map[string]any{"active": true, "scope": "live chat", "client_id": clientID, "sub": "u1",
			"iss": publicURL, "token_type": "bearer", "exp": exp(oauth.DefaultAccessTTL)}},
		"refresh": {pair.RefreshToken, map[string]any{"active": true, "scope": "live chat", "client_id": clientID, "sub": "u1",
			"iss": publicURL, "exp": exp(oauth.DefaultRefreshIdleTTL)}},
	} {
		for _, hint := range []string{"", "access_token", "refresh_token", "x"} {
			a := r.introspectAs(clientID, clientSecret, "token", c.token, "token_type_hint", hint)
			var got map[string]any
			if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusOK {
				t.Fatalf("%s: %d %v", name, a.status, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s, hint %q: %s", name, hint, diff)
			}
		}
	}
}

// What is not good, or not the client's own, is answered alike.
func TestIntrospectionSaysNoMoreThanInactive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	inactive := func(name string, a answer) {
		t.Helper()
		if a.status != http.StatusOK || a.body != `{"active":false}` {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	ask := func(token string) answer { return r.introspectAs(clientID, clientSecret, "token", token) }
	code := r.code()
	first := r.signIn("scope", "live")
	for name, token := range map[string]string{"unknown": strings.Repeat("a", 43), "malformed": "x", "a code": code, "NUL": "\x00"} {
		inactive(name, ask(token))
	}
	r.mustOK(r.redeem(code)) // asking burnt nothing
	for _, token := range []string{first.AccessToken, first.RefreshToken} {
		inactive("another client's", r.introspectAs(otherID, otherSecret, "token", token))
	}
	second := r.mustOK(r.refresh(first.RefreshToken))
	if !r.active(first.RefreshToken) {
		t.Error("a refresh token within the grace time is not active")
	}
	r.wantWorks(second.AccessToken, true)
	r.clock.advance(oauth.DefaultRefreshGrace + time.Microsecond)
	inactive("rotated", ask(first.RefreshToken))
	if len(r.reused) != 0 || !r.active(second.RefreshToken) {
		t.Error("asking about an old refresh token counted as its use")
	}
	r.clock.advance(oauth.DefaultAccessTTL)
	inactive("expired", ask(second.AccessToken))
	third := r.signIn()
	if err := r.server.Manager().RemoveAccessToken(t.Context(), third.AccessToken); err != nil {
		t.Fatal(err)
	}
	inactive("revoked", ask(third.AccessToken))
	inactive("revoked refresh", ask(third.RefreshToken))
	r.wantError(r.introspectAs(clientID, clientSecret), http.StatusBadRequest, "invalid_request")
	r.wantError(r.introspectAs(clientID, "wrong", "token", first.AccessToken), http.StatusUnauthorized, "invalid_client")
}

// A resource server that introspects shows that the answer with the token was
// not lost.
func TestIntrospectionCountsAsUse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.signIn()
	second := r.mustOK(r.refresh(first.RefreshToken))
	if !r.active(second.AccessToken) {
		t.Fatal("not active")
	}
	r.clock.advance(oauth.DefaultRefreshGrace + time.Microsecond)
	r.wantError(r.refresh(first.RefreshToken), http.StatusBadRequest, "invalid_grant")
	r.wantReuse("refresh_token")
}
