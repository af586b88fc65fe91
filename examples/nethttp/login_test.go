package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

var localPaths = []struct{ next, want string }{
	{"%2F", "/"},
	{"/studio", "/studio"},
	{"/watch/a?b=c&d=e", "/watch/a?b=c&d=e"},
	{"/a%2Fb", "/a%2Fb"},
	{"https://a.example/prism/oauth/authorize?client_id=x", "/prism/oauth/authorize?client_id=x"},
	{"", "/"},
	{"studio", "/"},
	{"//evil.example", "/"},
	{"///evil.example", "/"},
	{"/\\evil.example", "/"},
	{"\\\\evil.example", "/"},
	{"/\t/evil.example", "/"},
	{"/ok\r\nLocation: x", "/"},
	{"https://evil.example/", "/"},
	{"https://a.example.evil.example/", "/"},
	{"https://a.example@evil.example/", "/"},
	{"https://u@a.example/", "/"},
	{"https://a.example:444/", "/"},
	{"https://a.example//evil.example", "/"},
	{"http://a.example/", "/"},
	{"HTTPS://A.EXAMPLE/", "/"},
	{"javascript:alert(1)", "/"},
	{"data:text/html,x", "/"},
	{"?x", "/"},
	{"/%zz", "/"},
}

func TestOpenRedirectIsRefused(t *testing.T) {
	t.Parallel()
	a := &app{origin: "https://a.example"}
	for _, tt := range localPaths {
		if got := a.localPath(tt.next); got != tt.want {
			t.Errorf("localPath(%q) = %q, want %q", tt.next, got, tt.want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, tt := range localPaths {
		f.Add(tt.next)
	}
	a := &app{origin: "https://a.example"}
	base, err := url.Parse("https://a.example/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := a.localPath(next)
		u, err := base.Parse(got)
		if err != nil || u.Scheme != "https" || u.Host != "a.example" || u.User != nil {
			t.Errorf("localPath(%q) = %q leads to %v, %v", next, got, u, err)
		}
		if len(got) > 1 && strings.ContainsAny(got[1:2], `/\`) || strings.ContainsAny(got, "\r\n\t") {
			t.Errorf("localPath(%q) = %q", next, got)
		}
	})
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	in := start(t)
	b := in.visit()
	page := b.get("/login?next=/studio")
	wants(t, page, http.StatusOK, `name="next" value="/studio"`, `autocomplete="current-password"`)
	if policy := page.header.Get("Content-Security-Policy"); strings.Contains(policy, "form-action") || !strings.Contains(policy, "default-src 'none'") {
		// Chromium would stop the redirect to PRISM that follows the form.
		t.Errorf("policy %q", policy)
	}
	if got := page.header.Get("Referrer-Policy"); got != "same-origin" {
		t.Errorf("referrer policy %q", got)
	}
	wants(t, b.get("/login?next=/prism/oauth/authorize"), http.StatusOK, "PRISM Live Studio")

	for _, form := range [][]string{
		{"login", "haneul", "password", "wrong", "next", "/studio"},
		{"login", "nobody", "password", "wrong", "next", "/studio"},
		{"login", "", "password", "", "next", "/studio"},
	} {
		wants(t, b.post("/login", form...), http.StatusForbidden, "The name or the password is wrong.", `value="/studio"`)
	}
	haneul := in.entry("haneul")
	got := b.post("/login", "login", " haneul ", "password", haneul.Password, "next", "/studio?a=b")
	wants(t, got, http.StatusSeeOther)
	if got.location() != "/studio?a=b" {
		t.Errorf("location %q", got.location())
	}
	wants(t, b.get("/"), http.StatusOK, "Sign out", "haneul", "/studio")
	got = b.post("/login", "login", "haneul", "password", haneul.Password, "next", "https://evil.example/")
	if got.location() != "/" {
		t.Errorf("location %q", got.location())
	}
	wants(t, b.post("/logout"), http.StatusSeeOther)
	wants(t, b.get("/"), http.StatusOK, "Sign in")
}

func TestPasswordGuessingIsLimited(t *testing.T) {
	t.Parallel()
	in := start(t)
	now := time.Now()
	in.limiter = oauth.NewMemoryLimiter(oauth.LimiterOptions{Now: func() time.Time { return now }})
	b := in.visit()
	for range oauth.DefaultAccountAttempts {
		wants(t, b.post("/login", "login", "bada", "password", "guess"), http.StatusForbidden)
	}
	try := func(text, retryAfter string) {
		t.Helper()
		got := b.post("/login", "login", "bada", "password", in.entry("bada").Password)
		wants(t, got, http.StatusTooManyRequests, `role="alert">Too many attempts. `+text+`</p>`, `value="bada"`)
		if have := got.header.Get("Retry-After"); have != retryAfter {
			t.Errorf("Retry-After %q, want %q", have, retryAfter)
		}
	}
	try("Try again in 5 minutes.", "300")
	now = now.Add(4*time.Minute + 100*time.Millisecond)
	try("Try again in 1 minute.", "60")
	now = now.Add(time.Minute)
	wants(t, b.post("/login", "login", "bada", "password", in.entry("bada").Password), http.StatusSeeOther)
	if log := in.log.String(); strings.Contains(log, "guess") {
		t.Error("the log has what was typed")
	}
}

// An outage uses up nobody's attempts: after it the right password works at
// once.
func TestOutageLocksNobodyOut(t *testing.T) {
	t.Parallel()
	in := start(t)
	store := &failingUsers{dataStore: in.store}
	in.store = store
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	busy := cap(in.accounts.hashing)
	for range busy {
		in.accounts.hashing <- struct{}{}
	}
	for range oauth.DefaultAccountAttempts + 1 {
		if code := in.tryLogin(late, "haneul"); code != http.StatusServiceUnavailable {
			t.Errorf("%d while passwords cannot be checked", code)
		}
	}
	for range busy {
		<-in.accounts.hashing
	}
	store.err = prism.ErrUnavailable
	for range oauth.DefaultAccountAttempts + 1 {
		if code := in.tryLogin(t.Context(), "haneul"); code != http.StatusServiceUnavailable {
			t.Errorf("%d while the store is down", code)
		}
	}
	store.err = nil
	if code := in.tryLogin(t.Context(), "haneul"); code != http.StatusSeeOther {
		t.Errorf("%d after the outage", code)
	}
}

// Hanging up while the sign-in is checked does not buy attempts.
func TestHangingUpIsCounted(t *testing.T) {
	t.Parallel()
	in := start(t)
	store := &failingUsers{dataStore: in.store, err: context.Canceled}
	in.store = store
	codes := map[int]int{}
	for range oauth.DefaultAccountAttempts + 3 {
		var ctx context.Context
		ctx, store.hangUp = context.WithCancel(t.Context())
		codes[in.tryLogin(ctx, "haneul")]++
		store.hangUp()
	}
	if codes[http.StatusTooManyRequests] != 3 {
		t.Errorf("answers %v, want 3 of 429", codes)
	}
}

// tryLogin is a sign-in with the right password that ends with ctx.
func (in *instance) tryLogin(ctx context.Context, login string) (status int) {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, in.origin+"/login", nil)
	r.PostForm = url.Values{"login": {login}, "password": {in.entry(login).Password}}
	w := httptest.NewRecorder()
	in.signIn(w, r)
	return w.Code
}

// failingUsers is a store whose User fails with err, if that is set.
type failingUsers struct {
	dataStore
	err    error
	hangUp context.CancelFunc
}

func (s *failingUsers) User(ctx context.Context, userID string) (prism.User, error) {
	if s.hangUp != nil {
		s.hangUp()
	}
	if s.err != nil {
		return prism.User{}, s.err
	}
	return s.dataStore.User(ctx, userID)
}

func TestSignInIsOnHTTPSOnly(t *testing.T) {
	t.Parallel()
	in := start(t)
	b := in.visit()
	b.base = in.creds.InsecureServiceAPIDomain
	for _, path := range []string{"/login?next=/studio", "/studio", "/admin"} {
		if got := b.get(path); got.status != http.StatusFound || got.location() != in.origin+path {
			t.Errorf("%s: %d to %q", path, got.status, got.location())
		}
	}
	got := b.post("/login", "login", "haneul", "password", in.entry("haneul").Password)
	wants(t, got, http.StatusForbidden)
	if len(got.header.Values("Set-Cookie")) > 0 {
		t.Error("a session over plain HTTP")
	}
	wants(t, b.get("/"), http.StatusOK, in.origin+"/login?next=")
	authorize := "/prism/oauth/authorize?client_id=x"
	for _, path := range []string{authorize, strings.TrimPrefix(authorize, "/prism")} {
		if got := b.get(path); got.status != http.StatusFound || got.location() != in.origin+authorize {
			t.Errorf("%s: %d to %q", path, got.status, got.location())
		}
	}
}

// A proxy that ends TLS is believed, nobody else.
func TestTrustedProxy(t *testing.T) {
	t.Parallel()
	in := start(t, "-trusted-proxy", "127.0.0.0/8")
	b := in.visit()
	b.base = in.creds.InsecureServiceAPIDomain
	req, err := http.NewRequest(http.MethodGet, b.base+"/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-Proto", "http, https")
	wants(t, b.do(req), http.StatusOK, "Password")
	req.Header.Set("X-Forwarded-Proto", "https, http")
	wants(t, b.do(req), http.StatusFound)

	untrusting := start(t)
	req.URL.Host = strings.TrimPrefix(untrusting.creds.InsecureServiceAPIDomain, "http://")
	req.Host = req.URL.Host
	req.Header.Set("X-Forwarded-Proto", "https")
	wants(t, b.do(req), http.StatusFound)
}

func TestCrossOriginFormsAreRefused(t *testing.T) {
	t.Parallel()
	in := start(t)
	b := in.as("haneul")
	tests := []struct {
		name, site, origin string
		want               int
	}{
		{"own form", "same-origin", in.origin, http.StatusSeeOther},
		{"own form, origin withheld", "same-origin", "null", http.StatusSeeOther},
		{"own form, old browser", "", in.origin, http.StatusSeeOther},
		{"other site", "cross-site", "https://evil.example", http.StatusForbidden},
		{"other site, origin withheld", "cross-site", "null", http.StatusForbidden},
		{"sister site", "same-site", "https://evil.127.0.0.1", http.StatusForbidden},
		{"other site, old browser", "", "https://evil.example", http.StatusForbidden},
		{"origin withheld, old browser", "", "null", http.StatusForbidden},
	}
	for _, tt := range tests {
		for _, path := range []string{"/studio/lives", "/logout", "/login", "/admin/users/user-bada", "/watch/channel-bada-on-air-1/like"} {
			req := b.form(path, "channel", "channel-haneul", "title", "x", "scope", "PUBLIC", "login", "haneul", "password", in.entry("haneul").Password)
			req.Header.Del("Sec-Fetch-Site")
			if tt.site != "" {
				req.Header.Set("Sec-Fetch-Site", tt.site)
			}
			req.Header.Set("Origin", tt.origin)
			if tt.want == http.StatusForbidden {
				wants(t, b.do(req), tt.want)
			} else if path == "/studio/lives" {
				wants(t, b.do(req), tt.want)
			}
		}
	}
}
