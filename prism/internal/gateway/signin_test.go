package gateway

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestSignInRefused(t *testing.T) {
	t.Parallel()
	g := newFake(t, nil)
	_, err := g.SignIn(t.Context(), Credentials{"streamer", "wrong"})
	if !errors.Is(err, ErrSignInRefused) || len(Violations(err)) != 0 {
		t.Errorf("got %v, want ErrSignInRefused", err)
	}
}

func TestSignInWithUnknownClient(t *testing.T) {
	t.Parallel()
	g := newFake(t, nil)
	g.ClientID = "another"
	_, err := g.Authorize(t.Context(), fakeUser)
	if !errors.Is(err, ErrNoLoginForm) || len(Violations(err)) != 0 {
		t.Errorf("got %v, want ErrNoLoginForm", err)
	}
}

func TestSignInDenied(t *testing.T) {
	t.Parallel()
	g := newFake(t, func(a *answer) {
		if a.route == "POST /login" {
			a.header.Set("Location", strings.Replace(a.header.Get("Location"), "code="+fakeCode, "error=access_denied&error_description=No.", 1))
		}
	})
	_, err := g.Authorize(t.Context(), fakeUser)
	var te *TokenError
	if !errors.As(err, &te) || *te != (TokenError{http.StatusSeeOther, "access_denied", "No."}) || len(Violations(err)) != 0 {
		t.Errorf("got %v, want access_denied", err)
	}
}

// A user who is signed in already is sent on without a page.
func TestSignInWithSession(t *testing.T) {
	t.Parallel()
	g := newFake(t, func(a *answer) {
		if a.route == "GET /oauth/authorize" {
			_, state, _ := strings.Cut(a.header.Get("Location"), "state=")
			a.header.Set("Location", fakeRedirect+"&code="+fakeCode+"&state="+state)
		}
	})
	if code, err := g.Authorize(t.Context(), Credentials{}); err != nil || code != fakeCode {
		t.Errorf("got %v", err)
	}
}

func TestSignInAgreesToConsent(t *testing.T) {
	t.Parallel()
	asked := false
	g := newFake(t, nil)
	g.HTTPClient.Transport = consentPage{g.HTTPClient.Transport, &asked}
	code, err := g.Authorize(t.Context(), fakeUser)
	if err != nil || code != fakeCode || !asked {
		t.Errorf("got %v, asked %v", err, asked)
	}
}

// consentPage puts a page between the login form and the redirect.
type consentPage struct {
	next  http.RoundTripper
	asked *bool
}

func (c consentPage) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/consent" {
		r = r.Clone(r.Context())
		*c.asked = true
		return &http.Response{
			StatusCode: http.StatusFound, Header: http.Header{"Location": {r.URL.Query().Get("to")}}, Body: http.NoBody, Request: r,
		}, nil
	}
	resp, err := c.next.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost {
		action := "/consent?to=" + strings.NewReplacer("&", "%26", "?", "%3F", "+", "%2B").Replace(resp.Header.Get("Location"))
		resp.StatusCode = http.StatusOK
		resp.Header.Del("Location")
		if err := resp.Body.Close(); err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(strings.NewReader(`<form method="POST" action="` + action + `"><button>Allow</button></form>`))
	}
	return resp, err
}

func TestSignInForms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ page, body, action string }{
		"account by autocomplete": {
			`<form method=post action=/in><input name=u autocomplete="section-a username"><input name=x><input type=password name=p></form>`,
			"u=streamer&x=&p=pass+word%2B%26%C3%A9", "https://host/in",
		},
		"account before the password": {
			`<form method=POST><input name=x><input type=email name=u><input type=hidden name=h value="1&amp;2"><input type=password name=p></form>`,
			"x=&u=streamer&h=1%262&p=pass+word%2B%26%C3%A9", "https://host/a/b?q=1",
		},
		"account after the password": {
			`<form method=post action="?q=2"><input type=password name=p><input name=u></form>`,
			"p=pass+word%2B%26%C3%A9&u=streamer", "https://host/a/b?q=2",
		},
		"disabled and unchecked": {
			`<form method=post><input name=u><input name=d disabled><input type=radio name=r value=1><input type=radio name=r value=2 checked>` +
				`<textarea name=t>x</textarea><input type=file name=f><input type=password name=p></form>`,
			"u=streamer&r=2&t=x&p=pass+word%2B%26%C3%A9", "https://host/a/b?q=1",
		},
		"base": {
			`<base href="/base/"><form method=post action=in><input name=u><input type=password name=p></form>`,
			"u=streamer&p=pass+word%2B%26%C3%A9", "https://host/base/in",
		},
		"select and buttons": {
			`<form method=post><select name=s><option value=1><option value=2></select><input name=u><input type=password name=p>` +
				`<button type=button name=b value=x></button><input type=submit value=Go><button name=b value=y></button></form>`,
			"s=1&u=streamer&p=pass+word%2B%26%C3%A9", "https://host/a/b?q=1",
		},
	} {
		f := parseForms([]byte(c.page)).login()
		if f == nil {
			t.Errorf("%s: no form", name)
			continue
		}
		f.fill(fakeUser)
		if got := f.encode(); got != c.body {
			t.Errorf("%s: body %s, want %s", name, got, c.body)
		}
		if got, err := f.target(mustURL(t, "https://host/a/b?q=1#f")); err != nil || got.String() != c.action {
			t.Errorf("%s: action %v, %v, want %s", name, got, err, c.action)
		}
	}
}

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSignInOriginIsHiddenByNoReferrer(t *testing.T) {
	t.Parallel()
	b := &browser{r: &report{}}
	page := &webpage{url: mustURL(t, "https://Host:8443/login"), header: http.Header{}}
	f := &form{method: http.MethodPost}
	if s, ok := b.submit(page, f); !ok || s.origin != "https://host:8443" || s.site != "same-origin" {
		t.Errorf("got %+v", s)
	}
	page.header.Set("Referrer-Policy", "no-referrer")
	if s, ok := b.submit(page, f); !ok || s.origin != "null" {
		t.Errorf("got %+v", s)
	}
	f.action = "https://other/login"
	if s, ok := b.submit(page, f); !ok || s.site != "cross-site" {
		t.Errorf("got %+v", s)
	}
}

func FuzzLoginForm(f *testing.F) {
	f.Add([]byte(loginPage("s")))
	f.Add([]byte(`<form method=dialog><form action="http://[::1"><input type=password form=x><base href="%zz">`))
	f.Add([]byte(`<table><form method=post><tr><td><input type=password name=p></form><select name=s><option selected>a`))
	page := mustURL(f, "https://host/login?x=1")
	f.Fuzz(func(t *testing.T, body []byte) {
		forms := parseForms(body)
		for _, form := range forms {
			before := len(form.fields)
			form.fill(Credentials{"account-0123456789", "password-0123456789"})
			if len(form.fields) != before {
				t.Fatal("fill changed the number of fields")
			}
			if u, err := form.target(page); err == nil && u.Fragment != "" && form.action == "" {
				t.Fatalf("an empty action leads to %v", u)
			}
			for pair := range strings.SplitSeq(form.encode(), "&") {
				if strings.Count(pair, "=") > 1 {
					t.Fatalf("pair %q is not escaped", pair)
				}
			}
		}
		if form := forms.login(); form != nil && !slices.ContainsFunc(form.fields, func(c field) bool { return c.kind == "password" && c.value == "password-0123456789" }) {
			t.Fatal("the password was not typed")
		}
		_ = forms.consent()
		_ = textOf(body)
	})
}
