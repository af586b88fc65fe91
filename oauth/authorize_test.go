package oauth_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func TestAuthorizeAnswersWithACode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for method, status := range map[string]int{http.MethodGet: http.StatusFound, http.MethodPost: http.StatusSeeOther} {
		w := r.authorize(method, authorizeQuery())
		if w.Code != status {
			t.Errorf("%s: status %d, want %d", method, w.Code, status)
		}
		u, q := r.location(w)
		if len(q.Get("code")) != 43 {
			t.Errorf("%s: code of %d characters", method, len(q.Get("code")))
		}
		r.keepSecret(q.Get("code"))
		q.Del("code")
		if diff := cmp.Diff(url.Values{"state": {"st"}, "iss": {publicURL}}, q); diff != "" {
			t.Errorf("%s: %s", method, diff)
		}
		if got := u.Scheme + "://" + u.Host + u.Path; got != redirectURI {
			t.Errorf("%s: redirect to %s", method, got)
		}
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", method, name, got, want)
			}
		}
	}
}

func TestAuthorizeMethods(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodTrace, "PROPFIND"} {
		w := r.authorize(method, authorizeQuery())
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, POST" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
		a := r.serveToken(tokenRequest(method, "grant_type=authorization_code"))
		if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET" {
			t.Errorf("token: %s: %d, Allow %q", method, a.status, a.header.Get("Allow"))
		}
	}
	if a := r.serveToken(tokenRequest(http.MethodPost, "grant_type=authorization_code")); a.status != http.StatusMethodNotAllowed {
		t.Errorf("token: POST: %d", a.status)
	}
}

func TestStateComesBackUnchanged(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, state := range []string{
		"", "a", "a b+c", "&error=x&code=evil", "#fragment", "%00", "\r\nSet-Cookie: a=b", "<script>alert(1)</script>", `"'>`,
		"상태 ✓", "\xff\xfe", "\x00", strings.Repeat("\r\n<&\xff ", 585), strings.Repeat("s", 4<<10),
	} {
		for name, edit := range map[string][]string{"code": nil, "error": {"response_type", "token"}} {
			w := r.authorize(http.MethodGet, authorizeQuery(append([]string{"state", state}, edit...)...))
			location := w.Header().Get("Location")
			if strings.ContainsFunc(location, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`"<>\#`, c) }) {
				t.Errorf("%s: Location is not clean: %q", name, location)
			}
			_, q := r.location(w)
			if got, has := q["state"]; !has || got[0] != state || len(got) != 1 {
				t.Errorf("%s: state %q came back as %q", name, state, got)
			}
			r.keepSecret(q.Get("code"))
		}
	}
	_, q := r.location(r.authorize(http.MethodGet, authorizeQuery("state", "-")))
	if q.Has("state") || !q.Has("code") {
		t.Errorf("without state: %v", q)
	}
}

func TestAuthorizeErrorsGoToTheClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, query, want string
	}{
		{"no response type", authorizeQuery("response_type", "-"), "invalid_request"},
		{"implicit", authorizeQuery("response_type", "token"), "unsupported_response_type"},
		{"hybrid", authorizeQuery("response_type", "code token"), "unsupported_response_type"},
		{"foreign scope", authorizeQuery("scope", "admin"), "invalid_scope"},
		{"one foreign scope", authorizeQuery("scope", "live admin"), "invalid_scope"},
		{"malformed scope", authorizeQuery("scope", "li\x00ve"), "invalid_scope"},
		{"scope twice", authorizeQuery("scope", "live") + "&scope=chat", "invalid_request"},
		{"unknown parameter twice", authorizeQuery() + "&x=1&x=2", "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.login = func(*http.Request, string) (string, string, error) {
				t.Error("the login was asked")
				return "", "", oauth.ErrDenied
			}
			_, q := r.location(r.authorize(http.MethodGet, c.query))
			if q.Get("error") != c.want || q.Has("code") || q.Get("state") != "st" || q.Get("iss") != publicURL {
				t.Errorf("%v, want %s", q, c.want)
			}
		})
	}
	t.Run("state twice", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		_, q := r.location(r.authorize(http.MethodGet, authorizeQuery()+"&state=other"))
		if q.Get("error") != "invalid_request" || q.Has("state") {
			t.Errorf("%v", q)
		}
	})
}

func TestAuthorizeAsksForTheUser(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for user, want := range map[string]string{"u1": "", "blocked": "access_denied", "nobody": "access_denied"} {
		r.login = func(*http.Request, string) (string, string, error) { return user, "", nil }
		_, q := r.location(r.authorize(http.MethodGet, authorizeQuery()))
		if q.Get("error") != want || q.Has("code") != (want == "") {
			t.Errorf("%s: %v", user, q)
		}
		r.keepSecret(q.Get("code"))
	}
}

func TestAuthorizeFailures(t *testing.T) {
	t.Parallel()
	unavailable := errors.Join(errors.New("dial tcp 10.0.0.1"), prism.ErrUnavailable)
	for _, c := range []struct {
		name   string
		break_ func(*rig)
		status int
		want   string // error in the redirect, or "" for a page
	}{
		{"denied", func(r *rig) { r.loginFails(oauth.ErrDenied) }, 302, "access_denied"},
		{"login unavailable", func(r *rig) { r.loginFails(unavailable) }, 503, ""},
		{"login fails", func(r *rig) { r.loginFails(errors.New("boom")) }, 500, ""},
		{"login late", func(r *rig) { r.loginFails(context.DeadlineExceeded) }, 504, ""},
		{"users unavailable", func(r *rig) { r.users.fail(unavailable) }, 302, "temporarily_unavailable"},
		{"users fail", func(r *rig) { r.users.fail(errors.New("boom")) }, 302, "server_error"},
		{"store unavailable", func(r *rig) { r.store.failWith("SaveCode", unavailable) }, 302, "temporarily_unavailable"},
		{"store late", func(r *rig) { r.store.failWith("SaveCode", context.DeadlineExceeded) }, 302, "temporarily_unavailable"},
		{"store fails", func(r *rig) { r.store.failWith("SaveCode", errors.New("boom")) }, 302, "server_error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			c.break_(r)
			w := r.authorize(http.MethodGet, authorizeQuery())
			if w.Code != c.status {
				t.Fatalf("status %d, want %d", w.Code, c.status)
			}
			if strings.Contains(w.Body.String()+w.Header().Get("Location"), "10.0.0.1") {
				t.Error("the answer shows internals")
			}
			if c.want == "" {
				return
			}
			_, q := r.location(w)
			if q.Get("error") != c.want || q.Has("code") || q.Get("state") != "st" {
				t.Errorf("%v", q)
			}
		})
	}
}

func (r *rig) loginFails(err error) {
	r.login = func(*http.Request, string) (string, string, error) { return "", "", err }
}

// sourceFunc is a ClientSource.
type sourceFunc func(id string) (oauth.Client, error)

func (f sourceFunc) Client(_ context.Context, id string) (oauth.Client, error) { return f(id) }

func TestClientSourceIsNotTrusted(t *testing.T) {
	t.Parallel()
	client := testClients()[0]
	for _, c := range []struct {
		name        string
		source      sourceFunc
		page, token int
	}{
		{"ignores case", func(string) (oauth.Client, error) { c := client; c.ID = "PRISM"; return c, nil }, 400, 401},
		{"unavailable", func(string) (oauth.Client, error) { return oauth.Client{}, prism.ErrUnavailable }, 503, 503},
		{"fails", func(string) (oauth.Client, error) { return oauth.Client{}, errors.New("boom") }, 500, 500},
		{"has a script as redirect URI", func(string) (oauth.Client, error) {
			c := client
			c.RedirectURIs = []string{"javascript://app.example.com/%0aalert(1)"}
			return c, nil
		}, 400, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(cfg *oauth.Config) { cfg.Clients = c.source })
			w := r.authorize(http.MethodGet, authorizeQuery("redirect_uri", "-"))
			if w.Code != c.page || w.Header().Get("Location") != "" {
				t.Errorf("authorize: %d, Location %q, want %d", w.Code, w.Header().Get("Location"), c.page)
			}
			if a := r.token("grant_type", "authorization_code", "code", "x"); a.status != c.token {
				t.Errorf("token: %d, want %d", a.status, c.token)
			}
		})
	}
}

func TestRegisteredRedirectURIsAreKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for uri, prefix := range map[string]string{
		redirectURI:                             redirectURI + "?code=",
		"https://app.example.com/cb?a=1&b=%20x": "https://app.example.com/cb?a=1&b=%20x&code=",
		"http://127.0.0.1:8000/cb":              "http://127.0.0.1:8000/cb?code=",
		"com.example.app:/cb":                   "com.example.app:/cb?code=",
		"https://app.example.com/q?":            "https://app.example.com/q?code=",
	} {
		w := r.authorize(http.MethodGet, authorizeQuery("client_id", manyURIsID, "redirect_uri", uri))
		if got := w.Header().Get("Location"); !strings.HasPrefix(got, prefix) {
			t.Errorf("%s: Location %q", uri, got)
		}
		_, q := r.location(w)
		r.mustOK(r.tokenAs(manyURIsID, clientSecret, "grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", uri))
	}
	t.Run("the only one may be left out", func(t *testing.T) {
		code := r.code("redirect_uri", "-")
		r.mustOK(r.token("grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI))
	})
}

func TestCheckRedirectURI(t *testing.T) {
	t.Parallel()
	for uri, ok := range map[string]bool{
		redirectURI: true,
		"https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/abc": true,
		"https://app.example.com:8443/cb?x=1":                                  true,
		"http://localhost:3000/cb":                                             true,
		"http://[::1]/cb":                                                      true,
		"com.example.app:/cb":                                                  true,
		"http://app.example.com/cb":                                            false,
		"http://127.0.0.1.evil.example/cb":                                     false,
		"https://app.example.com/cb#x":                                         false,
		"https://app.example.com/cb#":                                          false,
		"https://user:pw@app.example.com/cb":                                   false,
		"https:///cb":                                                          false,
		"https:cb":                                                             false,
		"https://app.example.com/%zz":                                          false,
		"https://app.example.com/c b":                                          false,
		`https://app.example.com\@evil.example/`:                               false,
		"https://예.example/cb":                                                 false,
		"javascript:alert(1)":                                                  false,
		"data:text/html,x":                                                     false,
		"file:///etc/passwd":                                                   false,
		"//app.example.com/cb":                                                 false,
		"/cb":                                                                  false,
		"":                                                                     false,
		"://":                                                                  false,
	} {
		if err := oauth.CheckRedirectURI(uri); (err == nil) != ok {
			t.Errorf("%q: %v, want ok %v", uri, err, ok)
		}
	}
}

func TestAuthorizeOverPlainHTTP(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.login = func(*http.Request, string) (string, string, error) {
		t.Error("the login was asked over plain HTTP")
		return "u1", "", nil
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req := httptest.NewRequest(method, "http://api.example.com/oauth/authorize?"+authorizeQuery(), nil)
		req.Header.Set("X-Forwarded-Proto", "https") // whoever says so
		w := httptest.NewRecorder()
		r.server.ServeAuthorize(w, req)
		if w.Code != http.StatusForbidden || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d, Location %q", method, w.Code, w.Header().Get("Location"))
		}
		if want := publicURL + "/oauth/authorize?client_id=" + clientID; !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: no link to %s in\n%s", method, want, w.Body)
		}
	}
	plain := newRig(t, func(c *oauth.Config) { c.PublicURL = "http://127.0.0.1:8080"; c.AllowInsecure = true })
	w := httptest.NewRecorder()
	plain.server.ServeAuthorize(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/oauth/authorize?"+authorizeQuery(), nil))
	_, q := plain.location(w)
	if q.Get("iss") != "http://127.0.0.1:8080" || !q.Has("code") {
		t.Errorf("%d %v", w.Code, q)
	}
	plain.keepSecret(q.Get("code"))
}

func TestResumeLeadsBackToTheRequest(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var resume string
	r.login = func(_ *http.Request, back string) (string, string, error) {
		resume = back
		return "", "/login?next=" + url.QueryEscape(back), nil
	}
	raw := authorizeQuery("state", `<&"`) + "&lang=ko&x=\xff<>#&y=1"
	w := r.authorize(http.MethodGet, raw)
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/login?next=https%3A%2F%2Fapi.example.com%2Fprism%2Foauth%2Fauthorize%3F") {
		t.Fatalf("%d %q", w.Code, w.Header().Get("Location"))
	}
	r.login = nil
	back, err := http.NewRequest(http.MethodGet, resume, nil)
	if err != nil {
		t.Fatal(err)
	}
	back.TLS = &tls.ConnectionState{}
	w = httptest.NewRecorder()
	r.server.ServeAuthorize(w, back)
	_, q := r.location(w)
	if q.Get("state") != `<&"` || !q.Has("code") {
		t.Errorf("%v", q)
	}
	r.keepSecret(q.Get("code"))
}
