package oauth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func TestDefect11StatusCodesOfRFC6749(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct {
		name   string
		params []string
		status int
		code   string
	}{
		{"no grant type", []string{"code", "x"}, 400, "invalid_request"},
		{"empty grant type", []string{"grant_type", ""}, 400, "invalid_request"},
		{"password", []string{"grant_type", "password"}, 400, "unsupported_grant_type"},
		{"client credentials", []string{"grant_type", "client_credentials"}, 400, "unsupported_grant_type"},
		{"the misprint", []string{"grant_type", "refresh token"}, 400, "unsupported_grant_type"},
		{"no code", []string{"grant_type", "authorization_code"}, 400, "invalid_request"},
		{"unknown code", []string{"grant_type", "authorization_code", "code", strings.Repeat("a", 43)}, 400, "invalid_grant"},
		{"malformed code", []string{"grant_type", "authorization_code", "code", "x"}, 400, "invalid_grant"},
		{"no refresh token", []string{"grant_type", "refresh_token"}, 400, "invalid_request"},
		{"unknown refresh token", []string{"grant_type", "refresh_token", "token", strings.Repeat("a", 43)}, 400, "invalid_grant"},
		{"malformed refresh token", []string{"grant_type", "refresh_token", "_token", "\x00"}, 400, "invalid_grant"},
	} {
		a := r.token(c.params...)
		if a.status != c.status || a.Error != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.name, a.status, a.Error, c.status, c.code)
		}
		if a.header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: WWW-Authenticate on %d", c.name, a.status)
		}
		if e := r.lastRefusal(); e.Code != c.code || e.ClientID != clientID || e.Reason == "" {
			t.Errorf("%s: TokenRefused %+v", c.name, e)
		}
	}
	if wrong, unknown := r.tokenAs(clientID, "wrong"), r.tokenAs("Nobody", "wrong"); wrong.body != unknown.body || wrong.status != unknown.status {
		t.Errorf("a wrong secret and an unknown client differ: %s %s", wrong.body, unknown.body)
	}
	a := r.tokenAs(clientID, "wrong")
	r.wantError(a, http.StatusUnauthorized, "invalid_client")
	if a.header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate (RFC 9110 section 11.6.1)")
	}
	if e := r.lastRefusal(); e.ClientID != "" {
		t.Errorf("TokenRefused names a client that was not authenticated: %+v", e)
	}
}

func TestDefect12EmptySecretNeverPasses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	old := oauth.Secret{Digest: oauth.DigestOf("old"), NotAfter: now}
	next := oauth.Secret{Digest: oauth.DigestOf("next"), NotBefore: now.Add(time.Second)}
	for _, c := range []struct {
		name    string
		secrets []oauth.Secret
		secret  string
		want    bool
	}{
		{"client without secrets", nil, "", false},
		{"client without secrets, any", nil, "x", false},
		{"zero secret", []oauth.Secret{{}}, "", false},
		{"secret of nothing", []oauth.Secret{oauth.NewSecret("")}, "", false},
		{"right", []oauth.Secret{oauth.NewSecret("a")}, "a", true},
		{"second of two", []oauth.Secret{oauth.NewSecret("a"), oauth.NewSecret("b")}, "b", true},
		{"ended", []oauth.Secret{old, oauth.NewSecret("b")}, "old", false},
		{"not begun", []oauth.Secret{next, oauth.NewSecret("b")}, "next", false},
		{"the same secret twice", []oauth.Secret{oauth.NewSecret("a"), oauth.NewSecret("a")}, "a", true},
	} {
		if got := (oauth.Client{Secrets: c.secrets}).Authenticate(c.secret, now); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDefect13StoreSeesDigestsOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn("code_challenge", "-")
	pair = r.mustOK(r.refresh(pair.RefreshToken))
	r.wantWorks(pair.AccessToken, true)
	digest := oauth.DigestOf(pair.AccessToken)
	if !strings.Contains(r.store.given.String(), fmt.Sprint(digest)) {
		t.Error("the store did not get the token's digest: the test looks at nothing")
	}
	r.checkLog() // compares what the store was given with every secret
}

func TestDefect14TokensOfOneInstantDiffer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	seen := map[string]bool{}
	for range 20 {
		next := r.mustOK(r.refresh(pair.RefreshToken))
		for _, token := range []string{next.AccessToken, next.RefreshToken} {
			if seen[token] {
				t.Fatal("a token was issued twice")
			}
			seen[token] = true
		}
		r.wantWorks(next.AccessToken, true)
		r.wantWorks(pair.AccessToken, true) // a running live goes on with the token it began with
		pair = next
	}
}

func TestDefect15TokensHave256Bits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := r.code()
	pair := r.mustOK(r.redeem(code))
	for _, token := range []string{code, pair.AccessToken, pair.RefreshToken} {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
		if err != nil || len(raw) != 32 {
			t.Errorf("a token of %d bytes, %v", len(raw), err)
		}
	}
}

func TestDefect16AccessTokenHasALifeOfItsOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *oauth.Config) { c.Store = shortRefresh{c.Store} })
	pair := r.signIn()
	r.clock.advance(time.Hour)
	r.wantError(r.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
	r.wantWorks(pair.AccessToken, true)
	r.clock.advance(11*time.Hour - time.Microsecond)
	r.wantWorks(pair.AccessToken, true)
	r.clock.advance(time.Microsecond)
	r.wantWorks(pair.AccessToken, false)

	pair = r.signIn()
	if err := r.server.Manager().RemoveRefreshToken(context.Background(), pair.RefreshToken); err != nil {
		t.Fatal(err)
	}
	r.wantWorks(pair.AccessToken, false)
}

// shortRefresh is a Store with refresh tokens that end before the access tokens
// beside them, which Config does not allow.
type shortRefresh struct{ oauth.Store }

func (s shortRefresh) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	r.Pair.RefreshExpiresAt = r.Now.Add(time.Hour)
	return s.Store.RedeemCode(ctx, r)
}

func TestDefect17DuplicatesAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := r.code()
	pair := r.signIn()
	good := query("grant_type", "authorization_code", "code", code).Encode()
	for name, rawQuery := range map[string]string{
		"code twice":       good + "&code=" + code,
		"grant type twice": good + "&grant_type=refresh_token",
		"state twice":      good + "&state=a&state=b",
		"bad escape":       good + "&x=%z",
		"semicolon":        good + ";x=1",
		"too long":         good + "&x=" + strings.Repeat("a", 16<<10),
		"tokens differ":    query("grant_type", "refresh_token", "token", pair.RefreshToken, "_token", "x").Encode(),
		"last differs":     query("grant_type", "refresh_token", "token", pair.RefreshToken, "refresh_token", "x").Encode(),
		"token twice":      query("grant_type", "refresh_token", "token", pair.RefreshToken, "token", pair.RefreshToken).Encode(),
	} {
		req := tokenRequest(http.MethodGet, rawQuery)
		if a := r.serveToken(req); a.status != http.StatusBadRequest || a.Error != "invalid_request" {
			t.Errorf("%s: %d %s", name, a.status, a.Error)
		}
	}
	for _, name := range []string{"X-Prism-Client-Id", "X-Prism-Client-Secret"} {
		req := tokenRequest(http.MethodGet, good)
		req.Header.Add(name, req.Header.Get(name))
		r.wantError(r.serveToken(req), http.StatusUnauthorized, "invalid_client")
		req.Header.Del(name)
		r.wantError(r.serveToken(req), http.StatusUnauthorized, "invalid_client")
	}
	// Nothing of that burnt the code. A body changes nothing, nor does the state,
	// as long as the authorization endpoint takes it.
	req := tokenRequest(http.MethodGet, good+"&state="+strings.Repeat("%0A", 4<<10))
	req.Body = http.NoBody
	r.mustOK(r.serveToken(req))
	r.mustOK(r.token("grant_type", "refresh_token", "token", pair.RefreshToken, "_token", pair.RefreshToken, "refresh_token", pair.RefreshToken))
}

func tokenRequest(method, rawQuery string) *http.Request {
	req := httptest.NewRequest(method, publicURL+"/v1/service/oauth2/token", nil)
	req.URL.RawQuery = rawQuery
	req.Header.Set("X-Prism-Client-Id", clientID)
	req.Header.Set("X-Prism-Client-Secret", clientSecret)
	return req
}

func TestDefect18KindsOfTokenAreApart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := r.code()
	r.wantWorks(code, false)
	r.wantError(r.refresh(code), http.StatusBadRequest, "invalid_grant")
	pair := r.mustOK(r.redeem(code))
	r.wantWorks(pair.RefreshToken, false)
	r.wantError(r.refresh(pair.AccessToken), http.StatusBadRequest, "invalid_grant")
	r.wantError(r.redeem(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
	r.wantWorks(pair.AccessToken, true)
}

func TestDefect19WrappedErrorsAreUnderstood(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{fmt.Errorf("db: %w", fmt.Errorf("pool: %w", prism.ErrUnavailable)), 503, "temporarily_unavailable"},
		{fmt.Errorf("db: %w", context.DeadlineExceeded), 504, "temporarily_unavailable"},
		{errors.Join(errors.New("x"), prism.ErrUnavailable), 503, "temporarily_unavailable"},
		{errors.New("syntax error near SELECT"), 500, "server_error"},
		{fmt.Errorf("db: %w", prism.ErrNotFound), 400, "invalid_grant"},
	} {
		r.store.failWith("FindRefresh", c.err)
		a := r.refresh(pair.RefreshToken)
		r.wantError(a, c.status, c.code)
		if strings.Contains(a.body, "SELECT") || strings.Contains(a.body, "db:") {
			t.Errorf("the answer shows internals: %s", a.body)
		}
		if (a.header.Get("Retry-After") != "") != (c.code == "temporarily_unavailable") {
			t.Errorf("%d: Retry-After %q", a.status, a.header.Get("Retry-After"))
		}
	}
	r.store.failWith("FindRefresh", nil)
	r.mustOK(r.refresh(pair.RefreshToken))
}

func TestDefect20FailedRotationLeavesOldTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	r.store.failWith("RotateRefresh", prism.ErrUnavailable)
	r.wantError(r.refresh(pair.RefreshToken), http.StatusServiceUnavailable, "temporarily_unavailable")
	r.store.failWith("RotateRefresh", nil)
	r.wantWorks(pair.AccessToken, true)
	next := r.mustOK(r.refresh(pair.RefreshToken))
	r.wantWorks(next.AccessToken, true)
	if n := r.store.called("RotateRefresh"); n != 2 {
		t.Errorf("a refresh takes more than one write: %d calls for two", n)
	}
	if len(r.issued) != 2 { // the sign-in and the second refresh
		t.Errorf("Trace.TokenIssued: %+v", r.issued)
	}
}
