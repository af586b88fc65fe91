package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// An outage of the checker uses up nobody's attempts: after it the right
// password works at once.
func TestOutageOfTheCheckerLocksNobodyOut(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func() (string, error){
		"unavailable":  func() (string, error) { return "", prism.ErrUnavailable },
		"broken":       func() (string, error) { return "", errors.New("boom") },
		"late":         func() (string, error) { return "", context.DeadlineExceeded },
		"says nothing": func() (string, error) { return "", nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			down := true
			r := newRig(t, func(c *oauth.Config) {
				c.Login = oauth.PasswordLogin(func(_ context.Context, account, password string) (string, error) {
					switch {
					case down:
						return outage()
					case password == "right password!!":
						return account, nil
					}
					return "", oauth.ErrBadCredentials
				}, oauth.PasswordOptions{})
			})
			b := newBrowser(r)
			try := func(password string) int {
				page := b.get(authorizeQuery())
				return b.post(authorizeQuery(), query("account", "u1", "password", password,
					"transaction", field(t, page, "transaction"), "action", "signin")).Code
			}
			for range 5 * oauth.DefaultAccountAttempts {
				if got := try("right password!!"); got < 500 {
					t.Fatalf("%d during the outage", got)
				}
			}
			down = false
			if got := try("right password!!"); got != http.StatusSeeOther {
				t.Errorf("%d after the outage, want 303", got)
			}
			// What was judged still counts.
			failures := 0
			for try("wrong password!!"+strconv.Itoa(failures)) == http.StatusUnprocessableEntity {
				failures++
			}
			if failures != oauth.DefaultAccountAttempts {
				t.Errorf("%d failures, want %d", failures, oauth.DefaultAccountAttempts)
			}
		})
	}
}

// Hanging up while the password is checked does not buy attempts.
func TestHangingUpIsCounted(t *testing.T) {
	t.Parallel()
	var hangUp context.CancelFunc
	r := newRig(t, func(c *oauth.Config) {
		c.Login = oauth.PasswordLogin(func(ctx context.Context, _, _ string) (string, error) {
			hangUp()
			return "", ctx.Err()
		}, oauth.PasswordOptions{})
	})
	b := newBrowser(r)
	codes := map[int]int{}
	for range oauth.DefaultAccountAttempts + 3 {
		page := b.get(authorizeQuery())
		w := b.post(authorizeQuery(), query("account", "u1", "password", "guessed password",
			"transaction", field(t, page, "transaction"), "action", "signin"), func(req *http.Request) {
			var ctx context.Context
			ctx, hangUp = context.WithCancel(req.Context())
			*req = *req.WithContext(ctx)
		})
		hangUp()
		codes[w.Code]++
	}
	if codes[http.StatusTooManyRequests] != 3 {
		t.Errorf("answers %v, want 3 of 429", codes)
	}
}
