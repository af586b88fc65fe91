package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func TestMethods(t *testing.T) {
	t.Parallel()
	c := newTestConsole(t, testConfig(newClock()))
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace, http.MethodConnect} {
		if w := do(t, c, method, "", nil); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	if w := do(t, c, http.MethodHead, "", nil); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %d bytes", w.Code, w.Body.Len())
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	c := newTestConsole(t, testConfig(newClock()))
	for _, test := range []struct{ method, query string }{
		{http.MethodGet, ""}, {http.MethodGet, "?view=setup"}, {http.MethodGet, "?part=live"}, {http.MethodGet, "?asset=none"},
		{http.MethodGet, "?asset=console.css"}, {http.MethodPost, ""}, {http.MethodPut, ""},
	} {
		w := do(t, c, test.method, test.query, nil)
		for name, want := range map[string]string{
			"Content-Security-Policy": pagePolicy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "Access-Control-Allow-Origin": "",
			"Cross-Origin-Opener-Policy": "same-origin", "Set-Cookie": "",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", test.method, test.query, name, got, want)
			}
		}
	}
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(pagePolicy, part) {
			t.Errorf("the policy lacks %s", part)
		}
	}
	if strings.Contains(pagePolicy, "unsafe") {
		t.Error("the policy has something unsafe")
	}
}

// Nothing is inline, which the policy would stop without a word.
func TestNothingInline(t *testing.T) {
	t.Parallel()
	c := busyConsole(t)
	for _, query := range []string{"", "?view=setup"} {
		page := get(t, c, query).Body.String()
		for _, inline := range []string{"<style", " style=", " onclick", " onload", "javascript:", "<script>"} {
			if strings.Contains(page, inline) {
				t.Errorf("%s has %s", query, inline)
			}
		}
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	c := newTestConsole(t, testConfig(newClock()))
	page := get(t, c, "").Body.String()
	for name, a := range assets {
		link := "?asset=" + name + "&amp;v=" + a.version
		if !strings.Contains(page, `"`+link+`"`) {
			t.Errorf("the page has no link %s", link)
		}
		w := get(t, c, strings.ReplaceAll(link, "&amp;", "&"))
		if w.Code != http.StatusOK || w.Body.String() != string(a.data) || w.Header().Get("Content-Type") != a.contentType ||
			w.Header().Get("Cache-Control") != "private, max-age=31536000, immutable" {
			t.Errorf("%s: %d, %v", name, w.Code, w.Header())
		}
		if w := get(t, c, "?asset="+name+"&v=0"); w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s in another version is kept", name)
		}
	}
	for _, name := range []string{"", "../page.html", "static/console.css", "htmx.min.js"} {
		if w := get(t, c, "?asset="+name); w.Code != http.StatusNotFound {
			t.Errorf("%q: %d", name, w.Code)
		}
	}
}

func TestPostFromAnotherSite(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	cfg := testConfig(newClock())
	cfg.CheckMount = func(context.Context) error { runs.Add(1); return nil }
	c := newTestConsole(t, cfg)
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://attacker.example"}, {"Origin": "null"},
		{"Origin": "https://acme.example:444"},
	} {
		if w := do(t, c, http.MethodPost, "", header); w.Code != http.StatusForbidden {
			t.Errorf("%v: %d", header, w.Code)
		}
	}
	if n := runs.Load(); n != 0 {
		t.Fatalf("%d checks ran", n)
	}
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://acme.example"}} {
		if w := do(t, c, http.MethodPost, "?lang=ko", header); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "?lang=ko&view=setup#mount" {
			t.Errorf("%v: %d to %q", header, w.Code, w.Header().Get("Location"))
		}
	}
	if n := runs.Load(); n != 2 {
		t.Errorf("%d checks ran, want 2", n)
	}
	if w := do(t, c, http.MethodPost, "", map[string]string{"Content-Type": "text/plain"}); w.Code != http.StatusBadRequest {
		t.Errorf("another action: %d", w.Code)
	}
	// GET starts nothing.
	get(t, c, "?action=check-mount")
	if n := runs.Load(); n != 2 {
		t.Error("GET started a check")
	}
}

func TestMountCheck(t *testing.T) {
	t.Parallel()
	now := newClock()
	cfg := testConfig(now)
	var answer error
	cfg.CheckMount = func(context.Context) error {
		if answer == nil {
			return nil
		}
		if answer.Error() == "panic" {
			panic("in the check")
		}
		return answer
	}
	c := newTestConsole(t, cfg)
	page := func() string { return get(t, c, "?view=setup").Body.String() }
	if !strings.Contains(page(), "Not checked yet") {
		t.Error("a check that never ran has a result")
	}
	for _, step := range []struct {
		answer error
		want   []string
	}{
		{nil, []string{"All is well", "10:00:30"}},
		{errors.Join(errors.New("prism: CheckMount: GET /user: <b>one</b>"), errors.New("two")), []string{"Problems: 2", "<li>GET /user: &lt;b&gt;one&lt;/b&gt;</li>", "<li>two</li>"}},
		{errors.New("no answer"), []string{"Problems: 1", "<li>no answer</li>"}},
		{errors.New("panic"), []string{"Problems: 1", "the check panicked: in the check"}},
		{nil, []string{"All is well"}},
	} {
		answer = step.answer
		do(t, c, http.MethodPost, "", nil)
		got := page()
		for _, want := range step.want {
			if !strings.Contains(got, want) {
				t.Errorf("after %v the page lacks %s", step.answer, want)
			}
		}
	}
}

// A check that takes long is shown as running; a second one is not started;
// Close ends it.
func TestMountCheckInBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		cfg := testConfig(newClock())
		cfg.CheckMount = func(ctx context.Context) error {
			runs.Add(1)
			<-ctx.Done()
			return ctx.Err()
		}
		c := newTestConsole(t, cfg)
		began := time.Now()
		for range 2 {
			if w := do(t, c, http.MethodPost, "", nil); w.Code != http.StatusSeeOther {
				t.Errorf("status %d", w.Code)
			}
		}
		if waited := time.Since(began); waited != 2*mountWait {
			t.Errorf("the answers took %v", waited)
		}
		if page := get(t, c, "?view=setup").Body.String(); !strings.Contains(page, "Running") || !strings.Contains(page, "<button disabled>") {
			t.Error("the check is not shown as running")
		}
		time.Sleep(mountCheckTime) // of the bubble
		if page := get(t, c, "?view=setup").Body.String(); !strings.Contains(page, "context deadline exceeded") {
			t.Error("the check did not end in time")
		}
		do(t, c, http.MethodPost, "", nil)
		if n := runs.Load(); n != 2 {
			t.Errorf("%d checks ran, want 2", n)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, running := c.mount.state(); running {
			t.Error("a check runs after Close")
		}
		do(t, c, http.MethodPost, "", nil)
		if n := runs.Load(); n != 2 {
			t.Error("a check began after Close")
		}
	})
}

// hostile is a text that breaks out of HTML where it can.
const hostile = `</code><script>alert(1)</script>"'><img src=x onerror=alert(1)>`

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	cfg := testConfig(newClock())
	cfg.Instance = hostile
	cfg.Registration.ClientID = hostile
	cfg.Registration.ClientSecretAt = hostile
	cfg.Registration.ServiceName = hostile
	cfg.CheckMount = func(context.Context) error { return errors.New(hostile) }
	cfg.OnAir = onAir{{ID: hostile, Title: hostile, StartedAt: cfg.Now()}}
	c := newTestConsole(t, cfg)
	call(c, http.MethodGet, hostile, prism.RequestResult{Status: 500, UserID: hostile, LiveID: hostile})
	call(c, http.MethodGet, hostile, prism.RequestResult{Status: 400, UserID: hostile + "\xff"})
	c.Trace().BadData(t.Context(), prism.BadData{Adapter: hostile, Field: hostile})
	c.OAuthTrace().TokenRefused(t.Context(), oauth.RefusedEvent{Endpoint: hostile, Code: hostile, Reason: hostile})
	do(t, c, http.MethodPost, "", nil)
	for _, query := range []string{"", "?view=setup", "?part=live", "?api=" + "GET+" + "%3C%2Fcode%3E%3Cscript%3E", "?lang=%22%3E%3Cscript%3E", "?view=%3Cscript%3E"} {
		page := get(t, c, query).Body.String()
		if strings.Contains(page, "<script>") || strings.Contains(page, "<img") || strings.Contains(page, `"'>`) {
			t.Errorf("%s: a text breaks out", query)
		}
		if query == "" && strings.Count(page, "&lt;script&gt;") < 10 {
			t.Errorf("only %d places show the text", strings.Count(page, "&lt;script&gt;"))
		}
	}
}

// The secret is looked at, and then nowhere any more.
func TestNoSecret(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"S3cretS3cret", "a secret that does not fit"} {
		cfg := testConfig(newClock())
		cfg.Registration.ClientSecret = secret
		c := newTestConsole(t, cfg)
		if strings.Contains(fmt.Sprintf("%+v", c.cfg), secret) || strings.Contains(fmt.Sprintf("%+v", c.form), secret) {
			t.Error("the console keeps the secret")
		}
		for _, query := range []string{"", "?view=setup", "?part=live"} {
			page := get(t, c, query).Body.String()
			if strings.Contains(page, secret) {
				t.Errorf("%s has the secret", query)
			}
			if got := strings.Contains(page, "does not fit the form"); got != (query == "?view=setup" && strings.Contains(secret, " ")) {
				t.Errorf("%s says that the secret does not fit: %t", query, got)
			}
		}
	}
}

// onAir is a source of lives.
type onAir []prism.Live

func (o onAir) LivesOnAir(_ context.Context, limit int) ([]prism.Live, error) {
	return o[:min(limit, len(o))], nil
}

// busyConsole has something of everything.
func busyConsole(t *testing.T) *Console {
	t.Helper()
	now := newClock()
	cfg := testConfig(now)
	cfg.OnAir = onAir{{ID: "live1", Title: "One", StartedAt: now.now().Add(-time.Hour)}}
	c := newTestConsole(t, cfg)
	for i, status := range []int{200, 200, 302, 400, 404, 500, 503, 0} {
		call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: status, LiveID: "live1", UserID: "user1", Duration: time.Duration(i) * time.Second})
	}
	c.Trace().BadData(t.Context(), prism.BadData{Adapter: "*host.Store", Field: "Live.RTMPPath"})
	c.OAuthTrace().TokenRefused(t.Context(), oauth.RefusedEvent{Endpoint: "token", Code: "invalid_grant", Reason: "code expired"})
	return c
}
