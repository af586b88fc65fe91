package oauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
)

// attack is one attack of RFC 9700. Every one is checked for more than its
// answer: where a redirect leads, what the store holds afterwards and, by the
// rig, that no secret reached the log.
type attack struct {
	// section is where RFC 9700 describes the attack or its defence.
	section, name string
	edit          func(*oauth.Config)
	// run is the attack; it returns the answer to the last request.
	run func(*testing.T, *rig) *httptest.ResponseRecorder

	status int
	// error is in the redirect's query or in the JSON; "" for neither.
	error string
	// text is in the page.
	text string
	// families is how many sign-ins of u1 are alive afterwards, and tokens
	// how many pairs were issued in all.
	families, tokens int
}

func TestRFC9700(t *testing.T) {
	t.Parallel()
	for _, table := range [][]attack{frontAttacks, tokenAttacks, refreshAttacks} {
		for _, a := range table {
			t.Run(a.section+" "+a.name, func(t *testing.T) {
				t.Parallel()
				var edits []func(*oauth.Config)
				if a.edit != nil {
					edits = append(edits, a.edit)
				}
				r := newRig(t, edits...)
				r.checkAttack(a, a.run(t, r))
			})
		}
	}
}

func (r *rig) checkAttack(a attack, w *httptest.ResponseRecorder) {
	r.t.Helper()
	if w.Code != a.status {
		r.t.Errorf("status %d, want %d\n%s", w.Code, a.status, w.Body)
	}
	location := w.Header().Get("Location")
	switch {
	case location == "":
		if a.error != "" && !strings.Contains(w.Body.String(), `"error":"`+a.error+`"`) {
			r.t.Errorf("body %s, want the error %s", w.Body, a.error)
		}
	case !strings.HasPrefix(location, redirectURI+"?"):
		r.t.Errorf("a redirect left for %q", location)
	default:
		u, q := r.location(w)
		if q.Get("error") != a.error || q.Has("code") != (a.error == "") || u.Fragment != "" || q.Get("iss") != publicURL {
			r.t.Errorf("redirect to %s, want the error %q", u, a.error)
		}
		r.keepSecret(q.Get("code"))
	}
	if !strings.Contains(w.Body.String(), a.text) {
		r.t.Errorf("no %q in\n%s", a.text, w.Body)
	}
	for name := range w.Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			r.t.Errorf("CORS header %s", name)
		}
	}
	for _, needle := range []string{"evil.example", clientSecret, otherSecret} {
		if strings.Contains(w.Body.String()+location, needle) {
			r.t.Errorf("the answer has %q", needle)
		}
	}
	families, err := r.server.Families(context.Background(), "u1")
	if err != nil || len(families) != a.families {
		r.t.Errorf("%d sign-ins are alive, %v, want %d", len(families), err, a.families)
	}
	if len(r.issued) != a.tokens {
		r.t.Errorf("%d pairs were issued, want %d", len(r.issued), a.tokens)
	}
}

// get makes an attack of one authorization request.
func get(pairs ...string) func(*testing.T, *rig) *httptest.ResponseRecorder {
	return func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return r.authorize(http.MethodGet, authorizeQuery(pairs...))
	}
}

// Attacks on the authorization endpoint.
var frontAttacks = []attack{
	{section: "2.1", name: "unregistered redirect URI", run: get("redirect_uri", "https://evil.example/cb"), status: 400, text: "not valid"},
	{section: "2.1", name: "URI of another client", edit: func(c *oauth.Config) {
		clients := testClients()
		clients[1].RedirectURIs = []string{"https://other.example.com/cb"}
		c.Clients = oauth.StaticClients(clients...)
	}, run: get("redirect_uri", "https://other.example.com/cb"), status: 400, text: "not valid"},
	{section: "2.1.1", name: "no PKCE where the client must", run: get("client_id", pkceID), status: 302, error: "invalid_request"},
	{section: "2.1.1", name: "plain challenge", run: get("code_challenge", challenge, "code_challenge_method", "plain"), status: 302, error: "invalid_request"},
	{section: "2.1.2", name: "implicit grant", run: get("response_type", "token"), status: 302, error: "unsupported_response_type"},
	{section: "2.1.2", name: "hybrid", run: get("response_type", "code token"), status: 302, error: "unsupported_response_type"},
	{section: "2.3", name: "scope that the client may not have", run: get("scope", "admin"), status: 302, error: "invalid_scope"},
	{section: "2.6", name: "CORS at the authorization endpoint", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return newBrowser(r).get(authorizeQuery("prompt", "consent"), "Origin", "https://evil.example")
	}, status: 200, text: "Allow"},
	{section: "4.1.1", name: "redirect URI with a pattern's suffix", run: get("redirect_uri", "https://evil.example/app.example.com/cb"), status: 400, text: "not valid"},
	{section: "4.1.1", name: "subdomain of the registered host", run: get("redirect_uri", "https://evil.app.example.com/cb"), status: 400, text: "not valid"},
	{section: "4.1.2", name: "fragment that the browser would carry on", run: get("redirect_uri", redirectURI+"#https://evil.example"), status: 400, text: "not valid"},
	{section: "4.2", name: "referrer", run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		page := newBrowser(r).get(authorizeQuery("prompt", "consent"))
		for _, bad := range []string{"src=", "href=", "@import", "url("} {
			if strings.Contains(page.Body.String(), bad) {
				t.Errorf("the page has %s", bad)
			}
		}
		if got := page.Header().Get("Referrer-Policy"); got != "same-origin" {
			t.Errorf("page: Referrer-Policy %q", got)
		}
		w := r.authorize(http.MethodGet, authorizeQuery())
		if got := w.Header().Get("Referrer-Policy"); got != "no-referrer" {
			t.Errorf("redirect: Referrer-Policy %q", got)
		}
		return w
	}, status: 302},
	{section: "4.3.2", name: "tokens in the browser's history", run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		w := r.authorize(http.MethodGet, authorizeQuery())
		_, q := r.location(w)
		for name := range q {
			if name != "code" && name != "state" && name != "iss" {
				t.Errorf("the redirect has %s", name)
			}
		}
		return w
	}, status: 302},
	{section: "4.4", name: "mix-up: iss on an answer", run: get(), status: 302},
	{section: "4.4", name: "mix-up: iss on an error", run: get("response_type", "x"), status: 302, error: "unsupported_response_type"},
	{section: "4.7", name: "CSRF: state comes back whole", run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		state := strings.Repeat("s&=#%\r\n", 600)
		w := r.authorize(http.MethodGet, authorizeQuery("state", state))
		if _, q := r.location(w); q.Get("state") != state {
			t.Errorf("state %q", q.Get("state"))
		}
		return w
	}, status: 302},
	{section: "4.7", name: "login CSRF: form of the attacker's browser", edit: withPassword, run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		attackers := newBrowser(r).get(authorizeQuery())
		victim := newBrowser(r)
		victim.get(authorizeQuery())
		return victim.post(authorizeQuery(), query("account", "u1", "password", "s3cret password",
			"transaction", field(t, attackers, "transaction"), "action", "signin"))
	}, status: 400, text: "sign in again"},
	{section: "4.7", name: "login CSRF: from another site", edit: withPassword, run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		b := newBrowser(r)
		page := b.get(authorizeQuery())
		return b.post(authorizeQuery(), query("account", "u1", "password", "s3cret password",
			"transaction", field(t, page, "transaction"), "action", "signin"), func(req *http.Request) {
			req.Header.Set("Origin", "https://evil.example")
			req.Header.Set("Sec-Fetch-Site", "cross-site")
		})
	}, status: 403, text: "can no longer be used"},
	{section: "4.7", name: "session fixation: cookie that the attacker chose", edit: withPassword, run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		b := newBrowser(r)
		b.cookies = []*http.Cookie{{Name: "__Host-prism_login", Value: "chosen"}}
		page := b.get(authorizeQuery())
		if len(page.Result().Cookies()) != 1 || page.Result().Cookies()[0].Value == "chosen" {
			t.Error("the cookie was kept")
		}
		b.cookies = []*http.Cookie{{Name: "__Host-prism_login", Value: "chosen"}}
		return b.post(authorizeQuery(), query("account", "u1", "password", "s3cret password",
			"transaction", field(t, page, "transaction"), "action", "signin"))
	}, status: 400, text: "sign in again"},
	// The id is kept, so that pages in two tabs work, and is worth nothing: no
	// session is kept under it, and an approval needs the ticket in the page.
	{section: "4.7", name: "session fixation: well-formed cookie that the attacker chose", edit: withPasswordAndConsent, run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		planted := &http.Cookie{Name: "__Host-prism_login", Value: strings.Repeat("A", 43)}
		victim, attacker := newBrowser(r), newBrowser(r)
		victim.cookies, attacker.cookies = []*http.Cookie{planted}, []*http.Cookie{planted}
		page := victim.get(authorizeQuery())
		consent := victim.post(authorizeQuery(), query("account", "u1", "password", "s3cret password",
			"transaction", field(t, page, "transaction"), "action", "signin"))
		ticket := field(t, consent, "prism_consent")
		r.keepSecret(ticket, ticket[:43])
		if set := append(page.Result().Cookies(), consent.Result().Cookies()...); len(set) != 0 {
			t.Errorf("cookies were set: %v", set)
		}
		seen := attacker.get(authorizeQuery())
		if !strings.Contains(seen.Body.String(), `name="password"`) {
			t.Errorf("the attacker's browser is signed in: %d", seen.Code)
		}
		return attacker.post(authorizeQuery(), query("prism_consent", strings.Repeat("A", 43)+field(t, seen, "transaction"), "action", "allow"))
	}, status: 400, text: "can no longer be used"},
	// Section 4.11.2 would have the user sign in before an error leads back to
	// the client. We answer at once, as RFC 6749 section 4.1.2.1 does: the
	// address is one that the host registered, and no page of ours is lent to it.
	{section: "4.11.2", name: "open redirector: registered client, invalid scope, nobody signed in", run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		r.login = func(*http.Request, string) (string, string, error) {
			t.Error("the login was asked")
			return "", "/login", nil
		}
		return r.authorize(http.MethodGet, authorizeQuery("scope", "bogus"))
	}, status: 302, error: "invalid_scope"},
	{section: "4.11.2", name: "open redirector: invalid scope and a foreign URI", run: get("scope", "admin", "redirect_uri", "https://evil.example"), status: 400, text: "not valid"},
	{section: "4.11.2", name: "open redirector: prompt none and a foreign URI", run: get("prompt", "none", "redirect_uri", "https://evil.example"), status: 400, text: "not valid"},
	{section: "4.11.2", name: "open redirector: unknown client", run: get("client_id", "evil.example", "redirect_uri", "https://evil.example"), status: 400, text: "not registered"},
	{section: "4.11.2", name: "open redirector: denial and a foreign URI", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		r.loginFails(oauth.ErrDenied)
		return r.authorize(http.MethodGet, authorizeQuery("redirect_uri", "https://evil.example"))
	}, status: 400, text: "not valid"},
	{section: "4.12", name: "307 after the password", edit: withPassword, run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		b := newBrowser(r)
		page := b.get(authorizeQuery())
		return b.post(authorizeQuery(), query("account", "u1", "password", "s3cret password",
			"transaction", field(t, page, "transaction"), "action", "signin"))
	}, status: 303},
	{section: "4.13", name: "forwarding header of anybody", run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodGet, "http://api.example.com/oauth/authorize?"+authorizeQuery(), nil)
		req.Header.Set("X-Forwarded-Proto", "https")
		req.Header.Set("Forwarded", "proto=https")
		w := httptest.NewRecorder()
		r.server.ServeAuthorize(w, req)
		return w
	}, status: 403, text: "secure connection"},
	{section: "4.13", name: "Host of the attacker", run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		r.login = func(_ *http.Request, resume string) (string, string, error) {
			if !strings.HasPrefix(resume, publicURL+"/") {
				t.Errorf("resume %s", resume)
			}
			return "u1", "", nil
		}
		req := httptest.NewRequest(http.MethodGet, "https://evil.example/oauth/authorize?"+authorizeQuery(), nil)
		req.Header.Set("X-Forwarded-Host", "evil.example")
		w := httptest.NewRecorder()
		r.server.ServeAuthorize(w, req)
		return w
	}, status: 302},
	{section: "4.16", name: "clickjacking", run: func(t *testing.T, r *rig) *httptest.ResponseRecorder {
		page := newBrowser(r).get(authorizeQuery("prompt", "consent"))
		if h := page.Header(); h.Get("X-Frame-Options") != "DENY" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%v", h)
		}
		return page
	}, status: 200, text: "Allow"},
	{section: "4.16", name: "approval without the page", edit: withConsent, run: func(_ *testing.T, r *rig) *httptest.ResponseRecorder {
		return newBrowser(r).post(authorizeQuery(), url.Values{"prism_consent": {strings.Repeat("a", 97)}, "action": {"allow"}})
	}, status: 400, text: "can no longer be used"},
	{section: "4.17", name: "web message", run: get("response_mode", "web_message"), status: 302, error: "invalid_request"},
	{section: "4.17", name: "fragment", run: get("response_mode", "fragment"), status: 302, error: "invalid_request"},
}
