package oauth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPasswordLoginSignsIn(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{})
	page := site.get()
	if page.err != nil || page.user != "" || page.status != http.StatusOK || page.cookie == nil {
		t.Fatalf("page: %+v", page)
	}
	got := site.send(loginPost(page.cookie, loginFields("  alice ", "s3cret pw", page.transaction(t)), nil))
	if got.err != nil || got.user != "user-1" {
		t.Fatalf("sign-in: user %q, %v, status %d", got.user, got.err, got.status)
	}
	if got.body != "" || got.cookie != nil || len(got.header) != 0 {
		t.Errorf("a sign-in that succeeds must leave the answer alone: %+v", got)
	}
	if diff := cmp.Diff([]string{"alice|s3cret pw"}, site.checked); diff != "" {
		t.Errorf("checked (-want +got):\n%s", diff)
	}
	if site.failed != nil || site.logs.Len() != 0 {
		t.Errorf("trace %v, %d log entries", site.failed, site.logs.Len())
	}
}

func TestPasswordLoginAsksEachTime(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{})
	page := site.get()
	site.send(loginPost(page.cookie, loginFields("alice", "s3cret pw", page.transaction(t)), nil))
	if again := site.get(page.cookie); again.user != "" || again.status != http.StatusOK {
		t.Errorf("the next request was not asked: %+v", again)
	}
}

func TestPasswordLoginTwoTabs(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{})
	first := site.get()
	second := site.get(first.cookie)
	if second.cookie != nil {
		t.Error("the second tab replaced the cookie")
	}
	for _, page := range []loginAnswer{second, first} {
		if got := site.send(loginPost(first.cookie, loginFields("alice", "s3cret pw", page.transaction(t)), nil)); got.user != "user-1" {
			t.Errorf("user %q, %v", got.user, got.err)
		}
	}
}

// Each case is one POST. Whatever is not a proper form of this browser and
// request must not reach the checker.
func TestPasswordLoginRefuses(t *testing.T) {
	t.Parallel()
	const stale, wrong, empty = "Please sign in again", "is not right", "Enter your account"
	long := strings.Repeat("é", MaxAccount)
	tests := []struct {
		name   string
		fields func(f url.Values)
		change func(*http.Request)
		before func(*loginSite)

		status  int
		text    string
		checked bool
		failed  bool
		again   bool // the page has a form that works
	}{
		{name: "wrong password", fields: func(f url.Values) { f.Set("password", "no") },
			status: 422, text: wrong, checked: true, failed: true, again: true},
		{name: "unknown account", fields: func(f url.Values) { f.Set("account", "mallory") },
			status: 422, text: wrong, checked: true, failed: true, again: true},
		{name: "longest account", fields: func(f url.Values) { f.Set("account", " "+long+" ") },
			status: 422, text: wrong, checked: true, failed: true, again: true},
		{name: "account too long", fields: func(f url.Values) { f.Set("account", long+"x") },
			status: 422, text: wrong, failed: true, again: true},
		{name: "longest password", fields: func(f url.Values) { f.Set("password", strings.Repeat("p", MaxPassword)) },
			status: 422, text: wrong, checked: true, failed: true, again: true},
		{name: "password too long", fields: func(f url.Values) { f.Set("password", strings.Repeat("p", MaxPassword+1)) },
			status: 422, text: wrong, failed: true, again: true},
		{name: "account not UTF-8", fields: func(f url.Values) { f.Set("account", "al\xff") },
			status: 422, text: wrong, failed: true, again: true},
		{name: "NUL in account", fields: func(f url.Values) { f.Set("account", "alice\x00x") },
			status: 422, text: wrong, failed: true, again: true},
		{name: "password not UTF-8", fields: func(f url.Values) { f.Set("password", "\xff") },
			status: 422, text: wrong, failed: true, again: true},
		{name: "no account", fields: func(f url.Values) { f.Set("account", " ") }, status: 422, text: empty, again: true},
		{name: "no password", fields: func(f url.Values) { f.Del("password") }, status: 422, text: empty, again: true},
		{name: "no transaction", fields: func(f url.Values) { f.Del("transaction") }, status: 400, text: stale, again: true},
		{name: "forged transaction", fields: func(f url.Values) { f.Set("transaction", "A"+f.Get("transaction")[1:]+"A") },
			status: 400, text: stale, again: true},
		{name: "expired transaction", before: func(s *loginSite) { s.now = s.now.Add(transactionTTL) },
			status: 400, text: stale, again: true},
		{name: "parameters swapped", before: func(s *loginSite) { s.params.RedirectURI = "https://other.example.com/cb" },
			status: 400, text: stale, again: true},
		{name: "state swapped", before: func(s *loginSite) { s.params.State = "attacker" },
			status: 400, text: stale, again: true},
		{name: "no cookie", change: func(r *http.Request) { r.Header.Del("Cookie") }, status: 400, text: stale, again: true},
		{name: "cookie of another browser", change: func(r *http.Request) {
			r.Header.Set("Cookie", secureBrowserCookie+"="+strings.Repeat("A", 43))
		}, status: 400, text: stale, again: true},
		{name: "secret gone", before: func(s *loginSite) { s.server.cfg.Secrets = [][]byte{loginSecretB} },
			status: 400, text: stale, again: true},
		{name: "cross-site", change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
			status: 403, text: "can no longer be used"},
		{name: "same-site", change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
			status: 403, text: "can no longer be used"},
		{name: "other origin", change: func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.com") },
			status: 403, text: "can no longer be used"},
		{name: "plain origin", change: func(r *http.Request) { r.Header.Set("Origin", "http://live.example.com") },
			status: 403, text: "can no longer be used"},
		{name: "multipart", change: func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") },
			status: 415, text: "could not be read"},
		{name: "no content type", change: func(r *http.Request) { r.Header.Del("Content-Type") },
			status: 415, text: "could not be read"},
		{name: "too large", fields: func(f url.Values) { f.Set("more", strings.Repeat("x", maxLoginBody)) },
			status: 413, text: "could not be read"},
		{name: "bad escape", change: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("account=%zz")) },
			status: 400, text: "could not be read"},
		{name: "account twice", fields: func(f url.Values) { f.Add("account", "bob") }, status: 400, text: "could not be read"},
		{name: "password twice", fields: func(f url.Values) { f.Add("password", "x") }, status: 400, text: "could not be read"},
		{name: "transaction twice", fields: func(f url.Values) { f.Add("transaction", "x") }, status: 400, text: "could not be read"},
		{name: "action twice", fields: func(f url.Values) { f.Add("action", "cancel") }, status: 400, text: "could not be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			site := newLoginSite(t, PasswordOptions{})
			page := site.get()
			fields := loginFields("alice", "s3cret pw", page.transaction(t))
			if tt.fields != nil {
				tt.fields(fields)
			}
			if tt.before != nil {
				tt.before(site)
			}
			got := site.send(loginPost(page.cookie, fields, tt.change))
			if got.user != "" || got.err != nil {
				t.Fatalf("Authenticate = %q, %v", got.user, got.err)
			}
			if got.status != tt.status || !strings.Contains(got.body, tt.text) {
				t.Errorf("status %d, want %d with %q:\n%s", got.status, tt.status, tt.text, got.body)
			}
			if checked := len(site.checked) > 0; checked != tt.checked {
				t.Errorf("checker was asked %q", site.checked)
			}
			var want []LoginEvent
			if tt.failed {
				want = []LoginEvent{{ClientID: "prismclient"}}
			}
			if diff := cmp.Diff(want, site.failed); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
			checkNothingTyped(t, site, fields, got)
			if hasForm := strings.Contains(got.body, "<form"); hasForm != tt.again {
				t.Fatalf("has a form: %v, want %v", hasForm, tt.again)
			}
			if tt.again {
				cookie := page.cookie
				if got.cookie != nil {
					cookie = got.cookie
				}
				// A cookie of the right form is kept, so send the one it was.
				if tt.name == "cookie of another browser" {
					cookie = &http.Cookie{Name: secureBrowserCookie, Value: strings.Repeat("A", 43)}
				}
				retry := site.send(loginPost(cookie, loginFields("alice", "s3cret pw", got.transaction(t)), nil))
				if retry.user != "user-1" {
					t.Errorf("the form that was shown again does not work: %v, status %d", retry.err, retry.status)
				}
			}
		})
	}
}

func TestPasswordLoginAcceptsOrigins(t *testing.T) {
	t.Parallel()
	tests := []struct{ publicURL, origin, fetchSite string }{
		{"https://live.example.com/prism", "https://live.example.com", "same-origin"},
		{"https://live.example.com:443", "https://live.example.com", "same-origin"},
		{"https://Live.Example.com:8443", "https://live.example.com:8443", "none"},
		{"https://live.example.com", "", ""},
		{"https://live.example.com", "null", ""},
		{"https://[2001:db8::1]", "https://[2001:db8::1]", ""},
	}
	for _, tt := range tests {
		site := newLoginSite(t, PasswordOptions{})
		site.server.cfg.PublicURL = tt.publicURL
		page := site.get()
		got := site.send(loginPost(page.cookie, loginFields("alice", "s3cret pw", page.transaction(t)), func(r *http.Request) {
			r.Header.Del("Origin")
			r.Header.Del("Sec-Fetch-Site")
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			if tt.fetchSite != "" {
				r.Header.Set("Sec-Fetch-Site", tt.fetchSite)
			}
		}))
		if got.user != "user-1" {
			t.Errorf("%+v: status %d, %v", tt, got.status, got.err)
		}
	}
}

func TestPasswordLoginKeepsAccountOnly(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{})
	page := site.get()
	got := site.send(loginPost(page.cookie, loginFields("alice@example.com", "hunter2hunter2", page.transaction(t)), nil))
	if !strings.Contains(got.body, `value="alice@example.com"`) {
		t.Error("the account is gone")
	}
	if strings.Contains(got.body, "hunter2") {
		t.Error("the password is there")
	}
}

func TestPasswordLoginUnknownAccountLooksAlike(t *testing.T) {
	t.Parallel()
	var pages []string
	for _, account := range []string{"alice", "mallo"} {
		site := newLoginSite(t, PasswordOptions{})
		page := site.get()
		got := site.send(loginPost(page.cookie, loginFields(account, "wrong", page.transaction(t)), nil))
		body := strings.ReplaceAll(got.body, got.transaction(t), "T")
		pages = append(pages, strings.ReplaceAll(body, account, "A"))
	}
	if diff := cmp.Diff(pages[0], pages[1]); diff != "" {
		t.Errorf("the pages differ:\n%s", diff)
	}
}

func TestPasswordLoginCancel(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{})
	page := site.get()
	fields := loginFields("", "", page.transaction(t))
	fields.Set("action", "cancel")
	if got := site.send(loginPost(page.cookie, fields, nil)); !errors.Is(got.err, ErrDenied) || got.body != "" {
		t.Errorf("cancel: %v", got.err)
	}
	fields.Del("transaction")
	if got := site.send(loginPost(nil, fields, nil)); !errors.Is(got.err, ErrDenied) {
		t.Errorf("cancel of a stale page: %v", got.err)
	}
	got := site.send(loginPost(page.cookie, fields, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }))
	if got.err != nil || got.status != http.StatusForbidden {
		t.Errorf("cancel from another site: %v, status %d", got.err, got.status)
	}
	if len(site.checked) != 0 {
		t.Error("cancel asked the checker")
	}
}

func TestPasswordLoginCheckerFails(t *testing.T) {
	t.Parallel()
	for account, want := range map[string]error{"broken": errLoginStore, "nobody": nil} {
		site := newLoginSite(t, PasswordOptions{})
		page := site.get()
		got := site.send(loginPost(page.cookie, loginFields(account, "s3cret pw", page.transaction(t)), nil))
		if got.err == nil || got.user != "" || got.body != "" || want != nil && !errors.Is(got.err, want) {
			t.Errorf("%s: user %q, error %v", account, got.user, got.err)
		}
		if site.failed != nil {
			t.Errorf("%s: traced as a refused sign-in", account)
		}
	}
}

// fixedLimiter answers always the same and records its calls.
type fixedLimiter struct {
	wait  time.Duration
	err   error
	calls []string
}

func (l *fixedLimiter) Attempt(_ context.Context, account string, addr netip.Addr) (time.Duration, error) {
	l.calls = append(l.calls, "attempt "+account+" "+addr.String())
	return l.wait, l.err
}

func (l *fixedLimiter) Succeeded(_ context.Context, account string, addr netip.Addr) {
	l.calls = append(l.calls, "succeeded "+account+" "+addr.String())
}

func TestPasswordLoginLimiter(t *testing.T) {
	t.Parallel()
	down := errors.New("limiter is down")
	tests := []struct {
		name       string
		limiter    fixedLimiter
		password   string
		status     int
		retryAfter string
		text       string
		calls      []string
		failed     []LoginEvent
		err        error
		user       string
		checked    bool
	}{
		{name: "free and right", password: "s3cret pw", user: "user-1", status: 200, checked: true,
			calls: []string{"attempt alice 192.0.2.1", "succeeded alice 192.0.2.1"}},
		{name: "free and wrong", password: "no", status: 422, checked: true,
			calls: []string{"attempt alice 192.0.2.1"}, failed: []LoginEvent{{ClientID: "prismclient"}}},
		{name: "limited", limiter: fixedLimiter{wait: 90*time.Second + time.Millisecond}, password: "s3cret pw", status: 429,
			retryAfter: "91", text: "in 2 minutes",
			calls: []string{"attempt alice 192.0.2.1"}, failed: []LoginEvent{{ClientID: "prismclient", Limited: true}}},
		{name: "limited for a moment", limiter: fixedLimiter{wait: time.Millisecond}, password: "s3cret pw", status: 429,
			retryAfter: "1", text: "in a minute",
			calls: []string{"attempt alice 192.0.2.1"}, failed: []LoginEvent{{ClientID: "prismclient", Limited: true}}},
		{name: "limiter down", limiter: fixedLimiter{err: down}, password: "s3cret pw", status: 200, err: down,
			calls: []string{"attempt alice 192.0.2.1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			site := newLoginSite(t, PasswordOptions{Limiter: &tt.limiter})
			page := site.get()
			got := site.send(loginPost(page.cookie, loginFields("alice", tt.password, page.transaction(t)), nil))
			if got.user != tt.user || got.status != tt.status || !errors.Is(got.err, tt.err) {
				t.Errorf("user %q, status %d, error %v", got.user, got.status, got.err)
			}
			if ra := got.header.Get("Retry-After"); ra != tt.retryAfter {
				t.Errorf("Retry-After = %q, want %q", ra, tt.retryAfter)
			}
			if !strings.Contains(got.body, tt.text) {
				t.Errorf("page without %q:\n%s", tt.text, got.body)
			}
			if diff := cmp.Diff(tt.calls, tt.limiter.calls); diff != "" {
				t.Errorf("limiter calls (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.failed, site.failed); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
			if checked := len(site.checked) > 0; checked != tt.checked {
				t.Errorf("checker asked: %q", site.checked)
			}
		})
	}
}

func TestPasswordLoginDefaultLimiterUsesServerClock(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{})
	try := func() int {
		page := site.get()
		return site.send(loginPost(page.cookie, loginFields("alice", "no", page.transaction(t)), nil)).status
	}
	for i := range DefaultAccountAttempts {
		if status := try(); status != http.StatusUnprocessableEntity {
			t.Fatalf("attempt %d: status %d", i+1, status)
		}
	}
	if status := try(); status != http.StatusTooManyRequests {
		t.Fatalf("status %d, want 429", status)
	}
	site.now = site.now.Add(DefaultAccountInterval)
	if status := try(); status != http.StatusUnprocessableEntity {
		t.Errorf("after the interval: status %d", status)
	}
}

func TestPasswordLoginNeedsServer(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{})
	rec := httptest.NewRecorder()
	if user, err := site.login.Authenticate(rec, httptest.NewRequest(http.MethodGet, "/", nil), Interaction{}); err == nil || user != "" {
		t.Errorf("Authenticate = %q, %v", user, err)
	}
}
