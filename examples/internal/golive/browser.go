package golive

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// browser is a member's browser on the pages of an app. It follows no
// redirect.
type browser struct {
	origin string
	client *http.Client
}

// newBrowser makes a browser without cookies.
func newBrowser(t *testing.T, origin string, wire *Wiretap) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	ok(t, err)
	return &browser{origin, &http.Client{Transport: wire, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// page is an answer.
type page struct {
	status   int
	header   http.Header
	location string
	body     string
}

func (b *browser) get(ctx context.Context, path string) (page, error) {
	return b.do(ctx, http.MethodGet, path, "", nil)
}

// post sends a form. site is the browser's Sec-Fetch-Site.
func (b *browser) post(ctx context.Context, path, site string, form url.Values) (page, error) {
	return b.do(ctx, http.MethodPost, path, site, strings.NewReader(form.Encode()))
}

func (b *browser) do(ctx context.Context, method, path, site string, body io.Reader) (page, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.origin+path, body)
	if err != nil {
		return page{}, err
	}
	if site != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", site)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return page{}, err
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return page{}, err
	}
	return page{resp.StatusCode, resp.Header, resp.Header.Get("Location"), string(text)}, resp.Body.Close()
}

// session is the value of the browser's only cookie, or "".
func (b *browser) session() string {
	origin, err := url.Parse(b.origin)
	if err != nil {
		return ""
	}
	for _, c := range b.client.Jar.Cookies(origin) {
		return c.Value
	}
	return ""
}

func (b *browser) signIn(ctx context.Context, who prismtest.Credentials, next string) (page, error) {
	return b.post(ctx, "/login", "same-origin", url.Values{"login": {who.Account}, "password": {who.Password}, "next": {next}})
}

// Chatter signs a viewer in on the app's pages and returns App.Chat.
func Chatter(t *testing.T, origin string, wire *Wiretap, who prismtest.Credentials) func(ctx context.Context, liveID, text string) error {
	t.Helper()
	b := newBrowser(t, origin, wire)
	if p := must(b.signIn(t.Context(), who, "/"))(t); p.status != http.StatusSeeOther || p.location != "/" {
		t.Fatalf("the viewer's sign-in: %d to %q", p.status, p.location)
	}
	return func(ctx context.Context, liveID, text string) error {
		p, err := b.post(ctx, "/watch/"+liveID+"/chat", "same-origin", url.Values{"text": {text}})
		switch {
		case err != nil:
			return err
		case p.status == http.StatusForbidden:
			return prism.ErrForbidden
		case p.status != http.StatusSeeOther:
			return fmt.Errorf("chat: status %d", p.status)
		}
		p, err = b.get(ctx, p.location)
		if err == nil && p.status != http.StatusOK {
			err = fmt.Errorf("watch page: status %d", p.status)
		}
		return err
	}
}

// Pages holds an app's own pages against what every host's sign-in must keep:
// it leads nobody elsewhere, takes no form of another site, and gives a new
// session to whoever signs in.
func Pages(t *testing.T, origin string, who prismtest.Credentials) {
	t.Helper()
	ctx := t.Context()
	wire := &Wiretap{}
	b := newBrowser(t, origin, wire)

	for _, path := range []string{"/", "/watch/none"} {
		p := must(b.get(ctx, path))(t)
		if want := "/login?next=" + url.QueryEscape(path); p.status != http.StatusSeeOther || p.location != want {
			t.Errorf("a visitor opens %s: %d to %q, want %q", path, p.status, p.location, want)
		}
	}
	if p := must(b.get(ctx, "/login?next=/%22%3E%3Cscript%3E"))(t); p.status != http.StatusOK || strings.Contains(p.body, "<script>") ||
		p.header.Get("Cache-Control") != "no-store" || !strings.Contains(p.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("sign-in page: %d %v", p.status, p.header)
	}
	form := url.Values{"login": {who.Account}, "password": {who.Password}}
	if p := must(b.post(ctx, "/login", "cross-site", form))(t); p.status != http.StatusForbidden || b.session() != "" {
		t.Errorf("a form of another site: %d", p.status)
	}
	for _, bad := range []prismtest.Credentials{{Account: who.Account, Password: "wrong"}, {Account: "nobody", Password: who.Password}, {}} {
		if p := must(b.signIn(ctx, bad, "/"))(t); p.status != http.StatusForbidden || !strings.Contains(p.body, "is wrong") {
			t.Errorf("bad sign-in: %d", p.status)
		}
	}

	places := map[string]string{
		"": "/", origin + "/prism/oauth/authorize?x=y": "/prism/oauth/authorize?x=y", "https://evil.example/": "/", "//evil.example": "/",
	}
	before := b.session()
	for next, want := range places {
		p := must(b.signIn(ctx, who, next))(t)
		if p.status != http.StatusSeeOther || p.location != want {
			t.Errorf("next %q leads to %d %q, want %q", next, p.status, p.location, want)
		}
		if b.session() == "" || b.session() == before {
			t.Error("a sign-in did not give a new session")
		}
		if cookie := p.header.Get("Set-Cookie"); !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
			t.Errorf("the session cookie lacks HttpOnly or SameSite")
		}
		before = b.session()
	}
	if p := must(b.get(ctx, "/"))(t); p.status != http.StatusOK || !strings.Contains(p.body, "On air now") {
		t.Errorf("home: %d", p.status)
	}
	if p := must(b.get(ctx, "/watch/none"))(t); p.status != http.StatusNotFound {
		t.Errorf("a live that does not exist: %d", p.status)
	}
	if p := must(b.post(ctx, "/logout", "cross-site", nil))(t); p.status != http.StatusForbidden {
		t.Errorf("a sign-out of another site: %d", p.status)
	}
	must(b.post(ctx, "/logout", "same-origin", nil))(t)
	stale := &http.Cookie{Name: "session", Value: before} //nolint:gosec // G124: the test's own
	u := must(url.Parse(origin))(t)
	b.client.Jar.SetCookies(u, []*http.Cookie{stale})
	if p := must(b.get(ctx, "/"))(t); p.status != http.StatusSeeOther {
		t.Errorf("the session lives on after the sign-out: %d", p.status)
	}
}
