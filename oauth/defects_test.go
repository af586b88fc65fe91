package oauth_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/oauth"
)

// The defects of github.com/go-oauth2/oauth2/v4 v4.5.4, one test for each that
// says why our server does not have it.

func TestDefect01RefreshAuthenticatesClient(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	for name, c := range map[string]struct {
		id, secret, code string
		status           int
	}{
		"wrong secret":         {clientID, "wrong", "invalid_client", 401},
		"empty secret":         {clientID, "", "invalid_client", 401},
		"another's secret":     {clientID, otherSecret, "invalid_client", 401},
		"unknown client":       {"Nobody", clientSecret, "invalid_client", 401},
		"another client":       {otherID, otherSecret, "invalid_grant", 400},
		"client id with a NUL": {clientID + "\x00", clientSecret, "invalid_client", 401},
	} {
		a := r.tokenAs(c.id, c.secret, "grant_type", "refresh_token", "refresh_token", pair.RefreshToken)
		if a.status != c.status || a.Error != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.Error, c.status, c.code)
		}
	}
	if n := r.store.called("RotateRefresh"); n != 0 {
		t.Errorf("foreign calls rotated %d times", n)
	}
	r.wantWorks(pair.AccessToken, true)
	r.mustOK(r.refresh(pair.RefreshToken))
}

func TestDefect02RefreshNeverWidensScope(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn("scope", "live")
	if pair.Scope != "live" {
		t.Errorf("scope %q", pair.Scope)
	}
	for _, scope := range []string{"admin", "live chat", "chat", "live admin", "LIVE", "live\tchat", `li"ve`} {
		a := r.token("grant_type", "refresh_token", "token", pair.RefreshToken, "scope", scope)
		r.wantError(a, http.StatusBadRequest, "invalid_scope")
	}
	for _, scope := range []string{"", "live", "live live", " live "} {
		a := r.mustOK(r.token("grant_type", "refresh_token", "token", pair.RefreshToken, "scope", scope))
		if p, err := r.server.Verify(context.Background(), a.AccessToken); err != nil || p.Scope != "live" {
			t.Errorf("scope %q: %+v, %v", scope, p, err)
		}
	}
}

func TestDefect03NoRedirectToUncheckedURI(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, q := range map[string]string{
		"unknown client":      authorizeQuery("client_id", "nobody", "redirect_uri", "https://evil.example/phish"),
		"no client":           authorizeQuery("client_id", "-"),
		"unregistered uri":    authorizeQuery("redirect_uri", "https://evil.example/phish"),
		"and an error beside": authorizeQuery("redirect_uri", "https://evil.example/phish", "response_type", "token"),
		"uri twice":           authorizeQuery() + "&redirect_uri=https://evil.example/",
		"same uri twice":      authorizeQuery() + "&redirect_uri=" + redirectURI,
		"client twice":        authorizeQuery() + "&client_id=" + otherID,
		"empty uri":           authorizeQuery("redirect_uri", ""),
		"no uri, many":        authorizeQuery("client_id", manyURIsID, "redirect_uri", "-"),
		"bad escape":          authorizeQuery() + "&x=%zz",
		"semicolon":           authorizeQuery() + ";x=1",
		"too long":            authorizeQuery() + "&x=" + strings.Repeat("a", 16<<10),
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r.login = func(*http.Request, string) (string, string, error) { return "", "", oauth.ErrDenied }
			w := r.authorize(method, q)
			if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
				t.Errorf("%s: %s: status %d, Location %q", name, method, w.Code, w.Header().Get("Location"))
			}
			if strings.Contains(w.Body.String(), "evil.example") {
				t.Errorf("%s: the page shows the address", name)
			}
		}
	}
}

func TestDefect04RedirectURIByteExact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, uri := range []string{
		"https://evilapp.example.com/cb", "https://evil-app.example.com/cb", "https://app.example.com.evil.example/cb",
		"https://app.example.com@evil.example/cb", "https://user@app.example.com/cb", "https://app.example.com:443/cb",
		"https://app.example.com:8443/cb", "http://app.example.com/cb", "https://APP.example.com/cb", "HTTPS://app.example.com/cb",
		"https://app.example.com/CB", "https://app.example.com/cb/", "https://app.example.com/cb/../cb", "https://app.example.com/./cb",
		"https://app.example.com//cb", "https://app.example.com/cb#", "https://app.example.com/cb#x", "https://app.example.com/cb?",
		"https://app.example.com/cb?x=1", "https://app.example.com/%63b", "https://app.example.com/cb%00", "https://app.example.com/cb\n",
		" https://app.example.com/cb", "https://app.example.com/cb ", `https://app.example.com\@evil.example/cb`, `https://evil.example\app.example.com/cb`,
		"//app.example.com/cb", "/cb", "cb", "javascript:alert(1)", "javascript://app.example.com/%0aalert(1)", "data:text/html,x",
		"https://app.example.com./cb", "https://app.example.com", "https:app.example.com/cb", "https:///app.example.com/cb", "https://аpp.example.com/cb",
	} {
		w := r.authorize(http.MethodGet, authorizeQuery("redirect_uri", uri))
		if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
			t.Errorf("%q: status %d, Location %q", uri, w.Code, w.Header().Get("Location"))
		}
	}
	if n := r.store.called("SaveCode"); n != 0 {
		t.Errorf("%d codes were saved", n)
	}
}

func TestDefect05CodeIsRedeemedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := r.code()
	answers := inParallel(64, func() answer { return r.redeem(code) })
	ok := 0
	for _, a := range answers {
		if a.status == http.StatusOK {
			ok++
		} else {
			r.wantError(a, http.StatusBadRequest, "invalid_grant")
		}
	}
	if ok != 1 {
		t.Errorf("%d of 64 parallel redemptions succeeded, want 1", ok)
	}
}

func TestDefect06RefreshRotatesOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	answers := inParallel(64, func() answer { return r.refresh(pair.RefreshToken) })
	ok := 0
	for _, a := range answers {
		if a.status == http.StatusOK {
			ok++
			r.wantWorks(a.AccessToken, true)
		} else {
			r.wantError(a, http.StatusBadRequest, "invalid_grant")
		}
	}
	if ok != oauth.MaxPairs {
		t.Errorf("%d of 64 parallel refreshes succeeded, want %d", ok, oauth.MaxPairs)
	}
	families, err := r.server.Families(context.Background(), "u1")
	if err != nil || len(families) != 1 || families[0].Generation != 2 {
		t.Errorf("families %+v, %v: want one in generation 2", families, err)
	}
	siblings := 0
	for _, e := range r.issued {
		if e.Sibling {
			siblings++
		}
	}
	if siblings != oauth.MaxPairs-1 {
		t.Errorf("%d siblings, want %d", siblings, oauth.MaxPairs-1)
	}
}

func inParallel[T any](n int, f func() T) []T {
	results := make([]T, n)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			results[i] = f()
		})
	}
	close(start)
	wg.Wait()
	return results
}

func TestDefect07ReuseRevokesFamily(t *testing.T) {
	t.Parallel()
	t.Run("code", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		code := r.code()
		pair := r.mustOK(r.redeem(code))
		r.clock.advance(oauth.DefaultCodeTTL + time.Hour) // a used code is a replay even when expired
		r.wantError(r.redeem(code), http.StatusBadRequest, "invalid_grant")
		r.wantWorks(pair.AccessToken, false)
		r.wantError(r.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
		r.wantReuse("code")
	})
	t.Run("refresh token", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		first := r.signIn()
		second := r.mustOK(r.refresh(first.RefreshToken))
		r.wantWorks(second.AccessToken, true) // the client has the answer
		r.clock.advance(oauth.DefaultRefreshGrace + time.Microsecond)
		r.wantError(r.refresh(first.RefreshToken), http.StatusBadRequest, "invalid_grant")
		r.wantWorks(first.AccessToken, false)
		r.wantWorks(second.AccessToken, false)
		r.wantError(r.refresh(second.RefreshToken), http.StatusBadRequest, "invalid_grant")
		r.wantReuse("refresh_token")
	})
	t.Run("by a foreign client burns nothing", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		code := r.code()
		pair := r.mustOK(r.redeem(code))
		a := r.tokenAs(otherID, otherSecret, "grant_type", "authorization_code", "code", code)
		r.wantError(a, http.StatusBadRequest, "invalid_grant")
		r.wantWorks(pair.AccessToken, true)
	})
}

func (r *rig) wantReuse(what string) {
	r.t.Helper()
	if len(r.reused) != 1 || r.reused[0].What != what || r.reused[0].UserID != "u1" || r.reused[0].FamilyID == "" {
		r.t.Errorf("Trace.ReuseDetected: %+v", r.reused)
	}
	if n := r.logs.FilterLevelExact(zap.WarnLevel).Len(); n != 1 {
		r.t.Errorf("%d warnings in the log, want 1", n)
	}
}

func TestDefect08MissingVerifierIsInvalidGrant(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := r.code("code_challenge", challenge, "code_challenge_method", "S256")
	r.wantError(r.redeem(code), http.StatusBadRequest, "invalid_grant")
	for _, wrong := range []string{"", "x", challenge, verifier + "a", verifier[:42], strings.Repeat("a", 129), verifier[:42] + "!"} {
		a := r.token("grant_type", "authorization_code", "code", code, "code_verifier", wrong)
		r.wantError(a, http.StatusBadRequest, "invalid_grant")
	}
	r.mustOK(r.token("grant_type", "authorization_code", "code", code, "code_verifier", verifier))
}

func TestDefect09PKCEIsS256Only(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, q := range map[string]string{
		"plain":                  authorizeQuery("code_challenge", challenge, "code_challenge_method", "plain"),
		"no method":              authorizeQuery("code_challenge", challenge),
		"lower-case method":      authorizeQuery("code_challenge", challenge, "code_challenge_method", "s256"),
		"method alone":           authorizeQuery("code_challenge_method", "S256"),
		"short":                  authorizeQuery("code_challenge", challenge[:42], "code_challenge_method", "S256"),
		"long":                   authorizeQuery("code_challenge", challenge+"A", "code_challenge_method", "S256"),
		"padded":                 authorizeQuery("code_challenge", challenge+"=", "code_challenge_method", "S256"),
		"standard base64":        authorizeQuery("code_challenge", challenge[:42]+"+", "code_challenge_method", "S256"),
		"client that requires":   authorizeQuery("client_id", pkceID),
		"requires, but is plain": authorizeQuery("client_id", pkceID, "code_challenge", challenge, "code_challenge_method", "plain"),
	} {
		w := r.authorize(http.MethodGet, q)
		_, got := r.location(w)
		if got.Get("error") != "invalid_request" || got.Has("code") {
			t.Errorf("%s: %v", name, got)
		}
	}
	t.Run("no downgrade", func(t *testing.T) {
		code := r.code()
		a := r.token("grant_type", "authorization_code", "code", code, "code_verifier", verifier)
		r.wantError(a, http.StatusBadRequest, "invalid_grant")
		r.mustOK(r.redeem(code))
	})
	t.Run("required per client", func(t *testing.T) {
		code := r.code("client_id", pkceID, "code_challenge", challenge, "code_challenge_method", "S256")
		r.mustOK(r.tokenAs(pkceID, clientSecret, "grant_type", "authorization_code", "code", code, "code_verifier", verifier))
	})
}

func TestDefect10UnknownClientAndBadRedirectAreNo500(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.wantError(r.tokenAs("Nobody", "x", "grant_type", "authorization_code", "code", "x"), http.StatusUnauthorized, "invalid_client")
	code := r.code()
	for _, uri := range []string{"https://evil.example/cb", redirectURI + "/", "x"} {
		a := r.token("grant_type", "authorization_code", "code", code, "redirect_uri", uri)
		r.wantError(a, http.StatusBadRequest, "invalid_grant")
	}
	r.mustOK(r.token("grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI, "state", "ignored"))
}
