package oauth_test

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func withConsent(c *oauth.Config) { c.Consent = &oauth.ConsentOptions{Service: "Acme Live"} }

func withPassword(c *oauth.Config) {
	c.Login = oauth.PasswordLogin(func(_ context.Context, account, password string) (string, error) {
		if password != "s3cret password" {
			return "", oauth.ErrBadCredentials
		}
		return account, nil
	}, oauth.PasswordOptions{})
}

func withPasswordAndConsent(c *oauth.Config) {
	withPassword(c)
	withConsent(c)
}

// consentPage signs in and returns the browser and its consent page.
func consentPage(t *testing.T, r *rig, rawQuery string) (*browser, *httptest.ResponseRecorder) {
	t.Helper()
	b := newBrowser(r)
	page := b.get(rawQuery)
	if strings.Contains(page.Body.String(), `name="password"`) {
		page = b.post(rawQuery, query("account", "u1", "password", "s3cret password", "transaction", field(t, page, "transaction"), "action", "signin"))
	}
	r.keepSecret(field(t, page, "prism_consent"), field(t, page, "prism_consent")[:43])
	return b, page
}

func consentAnswer(t *testing.T, page *httptest.ResponseRecorder, action string) url.Values {
	t.Helper()
	return query("prism_consent", field(t, page, "prism_consent"), "action", action)
}

func TestConsent(t *testing.T) {
	t.Parallel()
	for name, edits := range map[string][]func(*oauth.Config){
		"session":  {withConsent},
		"password": {withConsent, withPassword},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, edits...)
			r.users.set(prism.User{ID: "u1", Name: "Mina <3"})
			b, page := consentPage(t, r, authorizeQuery("scope", "live chat"))
			if page.Code != http.StatusOK || page.Header().Get("Location") != "" {
				t.Fatalf("%d, Location %q", page.Code, page.Header().Get("Location"))
			}
			for _, want := range []string{"Acme Live", "PRISM Live Studio", "Mina &lt;3", "<code>live</code>", "<code>chat</code>", `<form method="post">`} {
				if !strings.Contains(page.Body.String(), want) {
					t.Errorf("no %q in the page", want)
				}
			}
			if n := r.store.called("SaveCode"); n != 1 {
				t.Errorf("%d codes, want the ticket alone", n)
			}
			denied := b.post(authorizeQuery("scope", "live chat"), consentAnswer(t, page, "deny"))
			if u, q := r.location(denied); denied.Code != http.StatusSeeOther || q.Get("error") != "access_denied" || q.Get("state") != "st" || q.Has("code") {
				t.Errorf("deny: %d %s", denied.Code, u)
			}
			allowed := b.post(authorizeQuery("scope", "live chat"), consentAnswer(t, page, "allow"))
			if allowed.Code != http.StatusSeeOther {
				t.Errorf("allow: %d, want 303", allowed.Code)
			}
			_, q := r.location(allowed)
			pair := r.mustOK(r.redeem(q.Get("code")))
			if p, err := r.server.Verify(context.Background(), pair.AccessToken); err != nil || p.UserID != "u1" || p.Scope != "live chat" {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

func TestConsentPageLanguagesAndPolicy(t *testing.T) {
	t.Parallel()
	r := newRig(t, withConsent)
	for lang, want := range map[string]string{"en": "Don’t allow", "ko": "허용 안 함", "ja": "許可しない"} {
		page := newBrowser(r).get(authorizeQuery(), "Accept-Language", lang)
		r.keepSecret(field(t, page, "prism_consent"))
		if !strings.Contains(page.Body.String(), want) || !strings.Contains(page.Body.String(), `<html lang="`+lang+`">`) {
			t.Errorf("%s: no %q", lang, want)
		}
		for _, bad := range []string{"<script", "{client}", "{account}", "{service}", "<ul"} {
			if strings.Contains(page.Body.String(), bad) {
				t.Errorf("%s: the page has %q", lang, bad)
			}
		}
		policy := page.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "style-src 'sha256-"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: no %s in %q", lang, want, policy)
			}
		}
		if page.Header().Get("X-Frame-Options") != "DENY" || page.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", lang, page.Header())
		}
	}
}

// Each case spoils one approval. None may yield a code.
func TestConsentRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		before func(*testing.T, *rig, *browser)
		form   func(url.Values)
		query  string
		change func(*http.Request)
		status int
		err    string // in the redirect, or "" for a page
	}{
		{name: "no cookie", before: func(_ *testing.T, _ *rig, b *browser) { b.cookies = nil }, status: 400},
		{name: "another browser", before: func(_ *testing.T, _ *rig, b *browser) { b.cookies[0].Value = strings.Repeat("A", 43) }, status: 400},
		{name: "another client", query: authorizeQuery("client_id", otherID), status: 400},
		{name: "another state", query: authorizeQuery("state", "x"), status: 400},
		{name: "wider scope", query: authorizeQuery("scope", "live"), status: 400},
		{name: "stripped challenge", query: authorizeQuery("code_challenge", challenge, "code_challenge_method", "S256"), status: 400},
		{name: "too late", before: func(_ *testing.T, r *rig, _ *browser) { r.clock.advance(10 * time.Minute) }, status: 400},
		{name: "signed out meanwhile", before: func(_ *testing.T, r *rig, _ *browser) { r.login = (&sessionHost{}).current }, status: 400},
		{name: "another user meanwhile", before: func(_ *testing.T, r *rig, _ *browser) { r.login = asUser("u2") }, status: 400},
		{name: "revoked meanwhile", before: func(t *testing.T, r *rig, _ *browser) {
			if _, err := r.server.RevokeUser(context.Background(), "u1"); err != nil {
				t.Error(err)
			}
		}, status: 400},
		{name: "disabled meanwhile", before: func(_ *testing.T, r *rig, _ *browser) { r.users.set(prism.User{ID: "u1", Disabled: true}) }, status: 303, err: "access_denied"},
		{name: "session denies", before: func(_ *testing.T, r *rig, _ *browser) { r.loginFails(oauth.ErrDenied) }, status: 303, err: "access_denied"},
		{name: "session fails", before: func(_ *testing.T, r *rig, _ *browser) { r.loginFails(errors.New("boom")) }, status: 303, err: "server_error"},
		{name: "store fails at the ticket", before: func(_ *testing.T, r *rig, _ *browser) { r.store.failWith("FindCode", prism.ErrUnavailable) }, status: 303, err: "temporarily_unavailable"},
		{name: "store fails at the code", before: func(_ *testing.T, r *rig, _ *browser) { r.store.failWith("SaveCode", prism.ErrUnavailable) }, status: 303, err: "temporarily_unavailable"},
		{name: "forged", form: func(f url.Values) { f.Set("prism_consent", flipLast(f.Get("prism_consent"))) }, status: 400},
		{name: "another ticket", form: func(f url.Values) { f.Set("prism_consent", strings.Repeat("a", 43)+f.Get("prism_consent")[43:]) }, status: 400},
		{name: "no ticket", form: func(f url.Values) { f.Set("prism_consent", "x") }, status: 400},
		{name: "empty", form: func(f url.Values) { f.Set("prism_consent", "") }, status: 400},
		{name: "field twice", form: func(f url.Values) { f.Add("prism_consent", "x") }, status: 400},
		{name: "no action", form: func(f url.Values) { f.Del("action") }, status: 400},
		{name: "other action", form: func(f url.Values) { f.Set("action", "signin") }, status: 400},
		{name: "both actions", form: func(f url.Values) { f.Add("action", "deny") }, status: 400},
		{name: "cross-site", change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, status: 403},
		{name: "other origin", change: func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, status: 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, withConsent)
			b, page := consentPage(t, r, authorizeQuery())
			form := consentAnswer(t, page, "allow")
			if c.form != nil {
				c.form(form)
			}
			if c.before != nil {
				c.before(t, r, b)
			}
			if c.query == "" {
				c.query = authorizeQuery()
			}
			if c.change == nil {
				c.change = func(*http.Request) {}
			}
			w := b.post(c.query, form, c.change)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d\n%s", w.Code, c.status, w.Body)
			}
			if c.err == "" {
				if w.Header().Get("Location") != "" {
					t.Errorf("Location %q", w.Header().Get("Location"))
				}
			} else if u, q := r.location(w); u.Host != "app.example.com" || q.Get("error") != c.err || q.Has("code") {
				t.Errorf("%s, want %s", u, c.err)
			}
			if len(r.issued) != 0 {
				t.Errorf("issued %+v", r.issued)
			}
		})
	}
}

// The ticket of an open page is no code, and the sign-in page's transaction is
// no approval.
func TestConsentTicketIsNothingElse(t *testing.T) {
	t.Parallel()
	r := newRig(t, withConsent, withPassword)
	b, page := consentPage(t, r, authorizeQuery())
	ticket := field(t, page, "prism_consent")[:43]
	r.wantError(r.redeem(ticket), http.StatusBadRequest, "invalid_grant")
	r.wantError(r.post("grant_type", "authorization_code", "code", ticket), http.StatusBadRequest, "invalid_grant")
	r.wantError(r.tokenAs("", clientSecret, "grant_type", "authorization_code", "code", ticket), http.StatusUnauthorized, "invalid_client")
	login := b.get(authorizeQuery())
	w := b.post(authorizeQuery(), query("prism_consent", ticket+field(t, login, "transaction"), "action", "allow"))
	if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
		t.Errorf("the transaction of a sign-in page approved: %d", w.Code)
	}
	code := r.codeBySession(t)
	w = b.post(authorizeQuery(), query("prism_consent", code+field(t, login, "transaction"), "action", "allow"))
	if w.Code != http.StatusBadRequest {
		t.Errorf("a code was taken for a ticket: %d", w.Code)
	}
	if r.store.called("RedeemCode") != 0 || len(r.reused) != 0 {
		t.Error("the ticket reached RedeemCode or counted as reuse")
	}
}

// codeBySession goes through sign-in and consent.
func (r *rig) codeBySession(t *testing.T) string {
	t.Helper()
	b, page := consentPage(t, r, authorizeQuery())
	_, q := r.location(b.post(authorizeQuery(), consentAnswer(t, page, "allow")))
	return q.Get("code")
}

// A client may ask for the page although the host does not need it, and a form
// that is not the page's reaches the Login whole.
func TestPromptConsent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b, page := consentPage(t, r, authorizeQuery("prompt", "consent"))
	if _, q := r.location(b.post(authorizeQuery("prompt", "consent"), consentAnswer(t, page, "allow"))); !q.Has("code") {
		t.Errorf("%v", q)
	}
	if w := b.get(authorizeQuery()); w.Code != http.StatusFound {
		t.Errorf("without prompt: %d, want no page", w.Code)
	}
	var got string
	own := newRig(t, withConsent, func(c *oauth.Config) {
		c.Login = loginFunc(func(_ http.ResponseWriter, r *http.Request) (string, error) {
			got = r.PostFormValue("name")
			return "u1", nil
		})
	})
	long := strings.Repeat("n", 40<<10)
	newBrowser(own).post(authorizeQuery(), query("name", long))
	if got != long {
		t.Errorf("the Login read %d of %d bytes", len(got), len(long))
	}
}

type loginFunc func(http.ResponseWriter, *http.Request) (string, error)

func (f loginFunc) Authenticate(w http.ResponseWriter, r *http.Request, _ oauth.Interaction) (string, error) {
	return f(w, r)
}

func TestConsentOfAUserWhoMayNot(t *testing.T) {
	t.Parallel()
	r := newRig(t, withConsent)
	for user, want := range map[string]string{"blocked": "access_denied", "nobody": "access_denied"} {
		r.login = asUser(user)
		if _, q := r.location(r.authorize(http.MethodGet, authorizeQuery())); q.Get("error") != want {
			t.Errorf("%s: %v", user, q)
		}
	}
	r.login = nil
	r.store.failWith("SaveCode", prism.ErrUnavailable)
	if _, q := r.location(r.authorize(http.MethodGet, authorizeQuery())); q.Get("error") != "temporarily_unavailable" {
		t.Errorf("%v", q)
	}
}

func TestConsentOptions(t *testing.T) {
	t.Parallel()
	own := template.Must(template.New("own").Parse(`<html lang="{{.Lang}}"><style>{{.Style}}</style>{{.Account}} {{.Text.Allow}}` +
		`<form method="post"><input name="prism_consent" value="{{.Transaction}}"></form></html>`))
	r := newRig(t, func(c *oauth.Config) { c.Consent = &oauth.ConsentOptions{Template: own, Style: "p{}"} })
	b, page := consentPage(t, r, authorizeQuery())
	if !strings.Contains(page.Body.String(), "<style>p{}</style>u1 Allow") {
		t.Errorf("%s", page.Body)
	}
	if _, q := r.location(b.post(authorizeQuery(), consentAnswer(t, page, "allow"))); !q.Has("code") {
		t.Errorf("%v", q)
	}
	for name, opt := range map[string]oauth.ConsentOptions{
		".Transaction":  {Template: template.Must(template.New("t").Parse("{{.Lang}}"))},
		"Nope":          {Template: template.Must(template.New("t").Parse("{{.Nope}}"))},
		"has </style":   {Style: "</style>"},
		"contains </st": {Style: "p{}</STYLE ><script>"},
	} {
		var cfg oauth.Config
		newRig(t, func(c *oauth.Config) { cfg = *c })
		cfg.Consent = &opt
		if _, err := oauth.New(cfg); err == nil || !strings.Contains(err.Error(), "Config.Consent") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Markup in any name that the page shows stays text.
func TestConsentPageEscapes(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>{{.Style}}</style>`
	client := testClients()[0]
	client.Name, client.Scopes = "N"+evil, []string{"<script>alert(2)</script>"}
	r := newRig(t, func(c *oauth.Config) {
		c.Clients = oauth.StaticClients(client)
		c.Consent = &oauth.ConsentOptions{Service: "S" + evil}
	})
	r.users.set(prism.User{ID: "u1", Name: "A" + evil})
	page := newBrowser(r).get(authorizeQuery("scope", client.Scopes[0]))
	r.keepSecret(field(t, page, "prism_consent"))
	if strings.Contains(page.Body.String(), "<script") {
		t.Error("markup got through")
	}
	for _, name := range []string{"S" + evil, "N" + evil, "A" + evil, client.Scopes[0]} {
		if !strings.Contains(page.Body.String(), template.HTMLEscapeString(name)) {
			t.Errorf("%q is not shown as text", name)
		}
	}
}
