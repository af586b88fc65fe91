package oauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// RFC 6749 section 4.1.3: redirect_uri is required if, and only if, the
// authorization request named it. PRISM's dialect may leave it out.
func TestRedirectURIAtTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	const other = "https://app.example.com/cb?a=1&b=%20x"
	for _, c := range []struct {
		name      string
		authorize []string
		send      string
		standard  string // error, or "" for a pair
		prism     string
	}{
		{"named and sent", nil, redirectURI, "", ""},
		{"named and not sent", nil, "", "invalid_request", ""},
		{"named and another sent", nil, redirectURI + "/", "invalid_grant", "invalid_grant"},
		{"not named and not sent", []string{"redirect_uri", "-"}, "", "", ""},
		{"not named and sent", []string{"redirect_uri", "-"}, redirectURI, "", ""},
		{"not named and another sent", []string{"redirect_uri", "-"}, "https://evil.example/cb", "invalid_grant", "invalid_grant"},
		{"one of many, another sent", []string{"client_id", manyURIsID}, other, "invalid_grant", "invalid_grant"},
		{"one of many, sent", []string{"client_id", manyURIsID, "redirect_uri", other}, other, "", ""},
		{"one of many, not sent", []string{"client_id", manyURIsID, "redirect_uri", other}, "", "invalid_request", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := clientID
			if strings.HasPrefix(c.name, "one of many") {
				id = manyURIsID
			}
			for dialect, want := range map[string]string{"standard": c.standard, "PRISM": c.prism} {
				code := r.code(c.authorize...)
				ask := r.postAs
				if dialect == "PRISM" {
					ask = r.tokenAs
				}
				form := []string{"grant_type", "authorization_code", "code", code}
				if c.send != "" {
					form = append(form, "redirect_uri", c.send)
				}
				a := ask(id, clientSecret, form...)
				if want == "" && a.status == http.StatusOK || want != "" && a.status == http.StatusBadRequest && a.Error == want {
					continue
				}
				t.Errorf("%s: %d %s, want %q", dialect, a.status, a.Error, want)
			}
		})
	}
}

// A registration that changed since the authorization request must not make an
// address good to which the code was not sent.
func TestRedirectURIAfterTheRegistrationChanged(t *testing.T) {
	t.Parallel()
	client := testClients()[0]
	r := newRig(t, func(c *oauth.Config) {
		c.Clients = sourceFunc(func(string) (oauth.Client, error) { return client, nil })
	})
	code := r.code("redirect_uri", "-")
	client.RedirectURIs = []string{redirectURI, "https://app.example.com/new"}
	for _, uri := range client.RedirectURIs {
		r.wantError(r.post("grant_type", "authorization_code", "code", code, "redirect_uri", uri), 400, "invalid_grant")
	}
	r.mustOK(r.post("grant_type", "authorization_code", "code", code))
}

func TestStandardTokenRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	for _, c := range []struct {
		name   string
		params []string
		code   string
	}{
		{"no grant type", []string{"code", "x"}, "invalid_request"},
		{"password", []string{"grant_type", "password", "username", "u1", "password", "x"}, "unsupported_grant_type"},
		{"client credentials", []string{"grant_type", "client_credentials"}, "unsupported_grant_type"},
		{"implicit", []string{"grant_type", "implicit"}, "unsupported_grant_type"},
		{"device", []string{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"}, "unsupported_grant_type"},
		{"assertion", []string{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", "x"}, "unsupported_grant_type"},
		{"no code", []string{"grant_type", "authorization_code"}, "invalid_request"},
		{"unknown code", []string{"grant_type", "authorization_code", "code", strings.Repeat("a", 43)}, "invalid_grant"},
		{"no refresh token", []string{"grant_type", "refresh_token"}, "invalid_request"},
		{"PRISM's name of it", []string{"grant_type", "refresh_token", "token", pair.RefreshToken}, "invalid_request"},
		{"access token", []string{"grant_type", "refresh_token", "refresh_token", pair.AccessToken}, "invalid_grant"},
		{"wider scope", []string{"grant_type", "refresh_token", "refresh_token", pair.RefreshToken, "scope", "live"}, "invalid_scope"},
	} {
		a := r.post(c.params...)
		if a.status != http.StatusBadRequest || a.Error != c.code {
			t.Errorf("%s: %d %s, want 400 %s", c.name, a.status, a.Error, c.code)
		}
	}
	// Nothing of that changed anything.
	r.mustOK(r.post("grant_type", "refresh_token", "refresh_token", pair.RefreshToken))
}

// A store that fails never lets the standard endpoints tell of a success.
func TestStandardEndpointsWhenTheStoreFails(t *testing.T) {
	t.Parallel()
	down := fmt.Errorf("dial tcp 10.0.0.1: %w", prism.ErrUnavailable)
	r := newRig(t)
	code := r.code()
	fails := func(method string, call func() answer) {
		t.Helper()
		r.store.failWith(method, down)
		a := call()
		r.store.failWith(method, nil)
		r.wantError(a, http.StatusServiceUnavailable, "temporarily_unavailable")
		if a.header.Get("Retry-After") == "" || strings.Contains(a.body, "10.0.0.1") {
			t.Errorf("%s: Retry-After %q, %s", method, a.header.Get("Retry-After"), a.body)
		}
	}
	redeem := func() answer {
		return r.post("grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI)
	}
	fails("FindCode", redeem)
	fails("RedeemCode", redeem)
	pair := r.mustOK(redeem())
	refresh := func() answer { return r.post("grant_type", "refresh_token", "refresh_token", pair.RefreshToken) }
	fails("FindRefresh", refresh)
	fails("RotateRefresh", refresh)
	introspect := func() answer { return r.introspectAs(clientID, clientSecret, "token", pair.AccessToken) }
	fails("FindAccess", introspect)
	fails("FindRefresh", func() answer { return r.introspectAs(clientID, clientSecret, "token", pair.RefreshToken) })
	revoke := func() answer { return r.revoke(pair.RefreshToken) }
	fails("FindAccess", revoke)
	fails("FindRefresh", revoke)
	fails("RevokeFamily", revoke)
	if !r.active(pair.AccessToken) {
		t.Error("a revocation that failed had an effect")
	}
	if a := revoke(); a.status != http.StatusOK || r.active(pair.AccessToken) {
		t.Errorf("revoke: %d", a.status)
	}
}
