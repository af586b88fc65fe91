package oauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// form serves a request of the standard dialect as it is.
func (r *rig) form(serve http.HandlerFunc, id, secret string, pairs ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	serve(w, formRequest("/oauth2/x", id, secret, query(pairs...)))
	return w
}

// exchange is a token request with a code, its verifier left out if "".
func (r *rig) exchange(id, secret, code, verifier string) *httptest.ResponseRecorder {
	return r.form(r.server.ServeToken, id, secret, "grant_type", "authorization_code", "code", code,
		"redirect_uri", redirectURI, "code_verifier", verifier)
}

var pkce = []string{"code_challenge", challenge, "code_challenge_method", "S256"}

// Attacks on codes, clients and access tokens.
var tokenAttacks = []attack{
	{section: "2.4", name: "password grant", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return r.form(r.server.ServeToken, clientID, clientSecret, "grant_type", "password", "username", "u1", "password", "s3cret password")
	}, status: 400, error: "unsupported_grant_type"},
	{section: "2.5", name: "client without a secret", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		code := r.code()
		return r.form(r.server.ServeToken, "", "", "client_id", clientID, "grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI)
	}, status: 401, error: "invalid_client"},
	{section: "2.5", name: "secret of another client", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return r.exchange(clientID, otherSecret, r.code(), "")
	}, status: 401, error: "invalid_client"},
	{section: "4.3.1", name: "code from the browser's history", run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		code := r.code()
		pair := r.mustOK(r.redeem(code))
		w := r.exchange(clientID, clientSecret, code, "")
		r.wantWorks(pair.AccessToken, false)
		r.wantReuse("code")
		return w
	}, status: 400, error: "invalid_grant", families: 0, tokens: 1},
	{section: "4.3.1", name: "code after its minute", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		code := r.code()
		r.clock.advance(oauth.DefaultCodeTTL)
		return r.exchange(clientID, clientSecret, code, "")
	}, status: 400, error: "invalid_grant"},
	{section: "4.5", name: "code injection: another session's challenge", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		stolen := r.code(pkce...)
		w := r.exchange(clientID, clientSecret, stolen, strings.Repeat("attackers-own", 4))
		r.mustOK(r.token("grant_type", "authorization_code", "code", stolen, "code_verifier", verifier)) // it burnt nothing
		return w
	}, status: 400, error: "invalid_grant", families: 1, tokens: 1},
	{section: "4.5", name: "code of client A with the credentials of B", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		stolen := r.code()
		w := r.exchange(otherID, otherSecret, stolen, "")
		r.mustOK(r.redeem(stolen))
		return w
	}, status: 400, error: "invalid_grant", families: 1, tokens: 1},
	{section: "4.5", name: "code for another redirect URI", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		code := r.code("client_id", manyURIsID)
		return r.form(r.server.ServeToken, manyURIsID, clientSecret, "grant_type", "authorization_code", "code", code,
			"redirect_uri", "com.example.app:/cb")
	}, status: 400, error: "invalid_grant"},
	{section: "4.5", name: "64 redemptions at once", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		code := r.code()
		answers := inParallel(64, func() *httptest.ResponseRecorder { return r.exchange(clientID, clientSecret, code, "") })
		slices.SortFunc(answers, func(a, b *httptest.ResponseRecorder) int { return a.Code - b.Code })
		return answers[1] // all but the first were refused
	}, status: 400, error: "invalid_grant", families: 0, tokens: 1},
	{section: "4.8", name: "PKCE downgrade: challenge stripped", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return r.exchange(clientID, clientSecret, r.code(), verifier)
	}, status: 400, error: "invalid_grant"},
	{section: "4.8", name: "PKCE downgrade: verifier left out", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return r.exchange(clientID, clientSecret, r.code(pkce...), "")
	}, status: 400, error: "invalid_grant"},
	{section: "4.8", name: "PKCE downgrade: challenge as verifier", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return r.exchange(clientID, clientSecret, r.code(pkce...), challenge)
	}, status: 400, error: "invalid_grant"},
	{section: "4.9", name: "stolen access token after the user left", run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		pair := r.signIn()
		if _, err := r.server.RevokeUser(context.Background(), "u1"); err != nil {
			t.Fatal(err)
		}
		r.wantWorks(pair.AccessToken, false)
		return r.form(r.server.ServeToken, clientID, clientSecret, "grant_type", "refresh_token", "refresh_token", pair.RefreshToken)
	}, status: 400, error: "invalid_grant", tokens: 1},
	{section: "4.10", name: "stolen token at another client's introspection", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return r.form(r.server.ServeIntrospect, otherID, otherSecret, "token", r.signIn().AccessToken)
	}, status: 200, text: `{"active":false}`, families: 1, tokens: 1},
	{section: "4.10", name: "stolen token revoked by another client", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return r.form(r.server.ServeRevoke, otherID, otherSecret, "token", r.signIn().RefreshToken)
	}, status: 400, error: "invalid_grant", families: 1, tokens: 1},
	{section: "4.15", name: "client as resource owner", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return r.form(r.server.ServeToken, clientID, clientSecret, "grant_type", "client_credentials", "scope", "live")
	}, status: 400, error: "unsupported_grant_type"},
}

func (r *rig) refreshForm(token string) *httptest.ResponseRecorder {
	return r.form(r.server.ServeToken, clientID, clientSecret, "grant_type", "refresh_token", "refresh_token", token)
}

// Section 4.14: the owner or the thief rotates first; the other comes within
// the grace time or after it. What a thief gains ends with the next rotation
// after the grace time.
var refreshAttacks = []attack{
	{section: "2.2.2", name: "refresh token of another client", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		pair := r.signIn()
		w := r.form(r.server.ServeToken, otherID, otherSecret, "grant_type", "refresh_token", "refresh_token", pair.RefreshToken)
		r.mustOK(r.refresh(pair.RefreshToken))
		return w
	}, status: 400, error: "invalid_grant", families: 1, tokens: 2},
	{section: "2.2.2", name: "refresh token as access token", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		pair := r.signIn()
		r.wantWorks(pair.RefreshToken, false)
		return r.refreshForm(pair.AccessToken)
	}, status: 400, error: "invalid_grant", families: 1, tokens: 1},
	{section: "2.3", name: "wider scope by refresh", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		pair := r.signIn("scope", "live")
		return r.form(r.server.ServeToken, clientID, clientSecret, "grant_type", "refresh_token", "refresh_token", pair.RefreshToken, "scope", "live chat")
	}, status: 400, error: "invalid_scope", families: 1, tokens: 1},
	{section: "4.14", name: "thief after the owner's rotation", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		stolen := r.signIn()
		owner := r.mustOK(r.refresh(stolen.RefreshToken))
		r.wantWorks(owner.AccessToken, true)
		r.clock.advance(oauth.DefaultRefreshGrace + time.Microsecond)
		w := r.refreshForm(stolen.RefreshToken)
		r.wantWorks(owner.AccessToken, false)
		r.wantReuse("refresh_token")
		return w
	}, status: 400, error: "invalid_grant", families: 0, tokens: 2},
	{section: "4.14", name: "owner after the thief's rotation", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		owner := r.signIn()
		thief := r.mustOK(r.refresh(owner.RefreshToken))
		r.wantWorks(thief.AccessToken, true)
		r.clock.advance(oauth.DefaultRefreshGrace + time.Microsecond)
		w := r.refreshForm(owner.RefreshToken)
		r.wantWorks(thief.AccessToken, false)
		r.wantError(r.refresh(thief.RefreshToken), http.StatusBadRequest, "invalid_grant")
		r.wantReuse("refresh_token")
		return w
	}, status: 400, error: "invalid_grant", families: 0, tokens: 2},
	{section: "4.14", name: "thief within the grace time is found at the next rotation", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		stolen := r.signIn()
		owner := r.mustOK(r.refresh(stolen.RefreshToken))
		thief := r.mustOK(r.refresh(stolen.RefreshToken)) // a sibling
		r.wantWorks(owner.AccessToken, true)
		r.clock.advance(oauth.DefaultRefreshGrace + time.Microsecond)
		owner = r.mustOK(r.refresh(owner.RefreshToken))
		r.wantWorks(owner.AccessToken, true)
		r.clock.advance(oauth.DefaultRefreshGrace + time.Microsecond)
		w := r.refreshForm(thief.RefreshToken)
		r.wantWorks(owner.AccessToken, false)
		r.wantReuse("refresh_token")
		return w
	}, status: 400, error: "invalid_grant", families: 0, tokens: 4},
	{section: "4.14", name: "token of two rotations ago, within the grace time", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		stolen := r.signIn()
		owner := r.mustOK(r.refresh(stolen.RefreshToken))
		r.mustOK(r.refresh(owner.RefreshToken))
		return r.refreshForm(stolen.RefreshToken) // refused, and the owner goes on
	}, status: 400, error: "invalid_grant", families: 1, tokens: 3},
	{section: "4.14", name: "token that was not used for long", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		pair := r.signIn()
		r.clock.advance(oauth.DefaultRefreshIdleTTL)
		return r.refreshForm(pair.RefreshToken)
	}, status: 400, error: "invalid_grant", families: 1, tokens: 1},
	{section: "4.14", name: "more siblings than any client needs", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		stolen := r.signIn()
		for range oauth.MaxPairs {
			r.mustOK(r.refresh(stolen.RefreshToken))
		}
		return r.refreshForm(stolen.RefreshToken)
	}, status: 400, error: "invalid_grant", families: 1, tokens: 1 + oauth.MaxPairs},
	{section: "4.14", name: "refresh after the client revoked", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		pair := r.signIn()
		if a := r.revoke(pair.AccessToken); a.status != http.StatusOK {
			r.t.Errorf("revoke: %d", a.status)
		}
		return r.refreshForm(pair.RefreshToken)
	}, status: 400, error: "invalid_grant", families: 0, tokens: 1},
}

// A wrong secret and an unknown client differ neither in the answer nor in the
// class of time that it takes, in either dialect.
func TestUnknownClientLooksLikeAWrongSecret(t *testing.T) {
	r := newRig(t)
	requests := map[string]func(id string) *http.Request{
		"PRISM": func(id string) *http.Request {
			req := tokenRequest(http.MethodGet, "grant_type=refresh_token&token=x")
			req.Header.Set("X-Prism-Client-Id", id)
			req.Header.Set("X-Prism-Client-Secret", "WrongWrongWrongWrong")
			return req
		},
		"basic": func(id string) *http.Request {
			return formRequest("/oauth2/token", id, "WrongWrongWrongWrong", query("grant_type", "refresh_token", "refresh_token", "x"))
		},
		"post": func(id string) *http.Request {
			return formRequest("/oauth2/token", "", "", query("client_id", id, "client_secret", "WrongWrongWrongWrong"))
		},
	}
	for dialect, request := range requests {
		serve := r.server.ServeToken
		if dialect == "PRISM" {
			serve = r.server.ServePRISMToken
		}
		const known, unknown = 0, 1
		var best [2]time.Duration
		var shown [2]string
		for range 40 {
			for i, id := range []string{clientID, "Unknown0000000000001"} {
				batch := make([]*http.Request, 50)
				for j := range batch {
					batch[j] = request(id)
				}
				start := time.Now()
				for _, req := range batch {
					w := httptest.NewRecorder()
					serve(w, req)
					shown[i] = w.Result().Status + w.Body.String() + url.Values(w.Header()).Encode()
				}
				if took := time.Since(start); best[i] == 0 || took < best[i] {
					best[i] = took
				}
			}
		}
		if shown[known] != shown[unknown] {
			t.Errorf("%s: the answers differ:\n%s\n%s", dialect, shown[known], shown[unknown])
		}
		if ratio := float64(best[known]) / float64(best[unknown]); ratio > 2 || ratio < 0.5 {
			t.Errorf("%s: wrong secret %v, unknown client %v", dialect, best[known], best[unknown])
		}
	}
}
