package oauth_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
)

// No query of a token request panics, gets a 200 or anything that is not an
// OAuth error, or reaches the store with what is not a token.
func FuzzTokenQuery(f *testing.F) {
	for _, q := range []string{
		"", "grant_type=authorization_code&code=x", "grant_type=refresh_token&token=a&_token=a", "grant_type=refresh_token&token=a&refresh_token=b",
		"a=%zz", "a;b", "grant_type=authorization_code&code=" + strings.Repeat("a", 43), "code=1&code=2", strings.Repeat("a", 5000), "\x00=\xff",
		"grant_type=authorization_code&code=" + strings.Repeat("a", 43) + "&code_verifier=" + verifier,
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, rawQuery string) {
		r := newRig(t)
		a := r.serveToken(tokenRequest(http.MethodGet, rawQuery))
		if a.status != http.StatusBadRequest {
			t.Errorf("%d %s", a.status, a.body)
		}
		if !slices.Contains([]string{"invalid_request", "invalid_grant", "unsupported_grant_type"}, a.Error) {
			t.Errorf("error %q", a.Error)
		}
	})
}

// No query of an authorization request panics, leads anywhere but to a
// registered redirect URI, or loses its state.
func FuzzAuthorizeQuery(f *testing.F) {
	for _, q := range []string{
		"", authorizeQuery(), authorizeQuery("redirect_uri", "-"), authorizeQuery("state", "\r\n<\xff"), authorizeQuery("scope", "live  chat"),
		authorizeQuery("client_id", manyURIsID, "redirect_uri", "https://app.example.com/cb?a=1&b=%20x"), authorizeQuery() + "&state=2",
		authorizeQuery("code_challenge", challenge, "code_challenge_method", "S256"), "a=%zz", "a;b", authorizeQuery() + "&redirect_uri=https://evil.example",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, rawQuery string) {
		r := newRig(t)
		w := r.authorize(http.MethodGet, rawQuery)
		location := w.Header().Get("Location")
		if (w.Code == http.StatusFound) != (location != "") || w.Code != http.StatusFound && w.Code != http.StatusBadRequest {
			t.Fatalf("%d, Location %q", w.Code, location)
		}
		if location == "" {
			return
		}
		base := location
		if i := strings.LastIndex(location, "code="); i > 0 {
			base = location[:i-1]
		}
		if i := strings.LastIndex(location, "error="); i > 0 {
			base = location[:i-1]
		}
		if !slices.ContainsFunc(testClients(), func(c oauth.Client) bool {
			return slices.ContainsFunc(c.RedirectURIs, func(uri string) bool { return strings.TrimSuffix(uri, "?") == base })
		}) {
			t.Errorf("redirect to %q", location)
		}
		sent, err := url.ParseQuery(rawQuery)
		if err != nil {
			t.Fatalf("a query that does not parse was accepted: %v", err)
		}
		_, q := r.location(w)
		if want := sent["state"]; len(want) == 1 && !slices.Equal(q["state"], want) {
			t.Errorf("state %q came back as %q", want, q["state"])
		}
	})
}

// Whatever passes CheckRedirectURI is an absolute address without user and
// fragment, to which an answer can be added.
func FuzzRedirectURI(f *testing.F) {
	for _, uri := range []string{
		redirectURI, "http://127.0.0.1/cb?x", "com.example.app:/cb", "javascript:alert(1)", `https://a\@b`, "https://a@b/", "https://a/#", "//a", "https://[::1]:1/",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if oauth.CheckRedirectURI(uri) != nil {
			return
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case u.Scheme == "", u.User != nil, strings.Contains(uri, "#"), strings.ContainsFunc(uri, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' }):
			t.Errorf("%q passed", uri)
		case slices.Contains([]string{"javascript", "data", "file", "vbscript", "about", "blob"}, u.Scheme):
			t.Errorf("%q passed", uri)
		}
		r := newRig(t, func(c *oauth.Config) {
			c.Clients = oauth.StaticClients(oauth.Client{ID: clientID, RedirectURIs: []string{uri}})
		})
		w := r.authorize(http.MethodGet, authorizeQuery("redirect_uri", uri))
		got, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusFound || got.Host != u.Host || got.Scheme != u.Scheme || !strings.HasPrefix(w.Header().Get("Location"), uri) {
			t.Errorf("%q: %d, Location %q, %v", uri, w.Code, w.Header().Get("Location"), err)
		}
	})
}
