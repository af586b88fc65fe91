package demo

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/oauth"
)

// newTestMembers has members whose password is "right", and a limiter whose
// clock stands.
func newTestMembers(t *testing.T) *Members {
	t.Helper()
	m, err := NewMembers("right", bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	m.limiter = oauth.NewMemoryLimiter(oauth.LimiterOptions{Now: func() time.Time { return now }})
	return m
}

func signIn(ctx context.Context, m *Members, login, password string) (string, error) {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/login", nil)
	r.PostForm = url.Values{"login": {login}, "password": {password}}
	return m.SignIn(r)
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	m := newTestMembers(t)
	for _, c := range []struct{ login, password string }{{"minji", "wrong"}, {"nobody", "right"}, {"nobody", "wrong"}, {"", ""}} {
		if id, err := signIn(t.Context(), m, c.login, c.password); id != "" || !errors.Is(err, oauth.ErrBadCredentials) {
			t.Errorf("%+v: %q, %v", c, id, err)
		}
	}
	if id, err := signIn(t.Context(), m, " minji ", "right"); id != "u-minji" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
}

func TestPasswordGuessingIsLimited(t *testing.T) {
	t.Parallel()
	m := newTestMembers(t)
	for range oauth.DefaultAccountAttempts {
		if _, err := signIn(t.Context(), m, "minji", "wrong"); !errors.Is(err, oauth.ErrBadCredentials) {
			t.Fatal(err)
		}
	}
	_, err := signIn(t.Context(), m, "minji", "right")
	limited, ok := errors.AsType[*LimitedError](err)
	if !ok || limited.Wait != oauth.DefaultAccountInterval {
		t.Errorf("got %v, want a LimitedError of %v", err, oauth.DefaultAccountInterval)
	}
}

func TestSignInPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		problem    error
		status     int
		text       string
		retryAfter string
	}{
		"first":     {nil, http.StatusOK, "", ""},
		"wrong":     {oauth.ErrBadCredentials, http.StatusForbidden, "The name or the password is wrong.", ""},
		"a moment":  {&LimitedError{time.Millisecond}, http.StatusTooManyRequests, "Too many attempts. Try again in a minute.", "1"},
		"a minute":  {&LimitedError{time.Minute}, http.StatusTooManyRequests, "Too many attempts. Try again in a minute.", "60"},
		"longer":    {&LimitedError{4*time.Minute + time.Nanosecond}, http.StatusTooManyRequests, "Too many attempts. Try again in 5 minutes.", "241"},
		"an outage": {errors.New("no database"), http.StatusServiceUnavailable, "Nobody can sign in for now. Try again later.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, status := SignInPage("/watch/1", c.problem)
			header := http.Header{}
			RetryAfter(header, c.problem)
			if status != c.status || header.Get("Retry-After") != c.retryAfter {
				t.Errorf("status %d, Retry-After %q", status, header.Get("Retry-After"))
			}
			if alert := `<p role="alert">` + c.text + `</p>`; strings.Contains(string(page), alert) != (c.text != "") {
				t.Errorf("the page lacks %q:\n%s", alert, page)
			}
		})
	}
}

// An outage uses up nobody's attempts: after it the right password works at
// once.
func TestOutageLocksNobodyOut(t *testing.T) {
	t.Parallel()
	m := newTestMembers(t)
	good := m.hash
	m.hash = []byte("broken")
	for range oauth.DefaultAccountAttempts + 1 {
		_, err := signIn(t.Context(), m, "minji", "right")
		if _, limited := errors.AsType[*LimitedError](err); err == nil || limited || errors.Is(err, oauth.ErrBadCredentials) {
			t.Fatalf("during the outage: %v", err)
		}
	}
	m.hash = good
	if _, err := signIn(t.Context(), m, "minji", "right"); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}

// Hanging up while the password is checked does not buy attempts.
func TestHangingUpIsCounted(t *testing.T) {
	t.Parallel()
	m := newTestMembers(t)
	m.hash = []byte("broken")
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	limited := 0
	for range oauth.DefaultAccountAttempts + 3 {
		if _, err := signIn(ctx, m, "minji", "right"); err == nil {
			t.Fatal("signed in")
		} else if _, ok := errors.AsType[*LimitedError](err); ok {
			limited++
		}
	}
	if limited != 3 {
		t.Errorf("%d attempts were limited, want 3", limited)
	}
}
