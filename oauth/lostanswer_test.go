package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/oauth/oauthtest"
	"github.com/b2bprism/b2bprism/prism"
)

// losing is a rig whose store does what it is told and then loses the answer of
// one method, as a database does whose connection breaks in a commit.
type losing struct {
	*rig
	method atomic.Pointer[string]
	lost   atomic.Int64
}

func newLosing(t *testing.T, edit ...func(*oauth.Config)) *losing {
	l := &losing{}
	l.method.Store(new(string))
	l.rig = newRig(t, append(edit, func(c *oauth.Config) {
		c.Store = oauthtest.Faulty(c.Store, func(method string, at oauthtest.Point) error {
			if at == oauthtest.After && method == *l.method.Load() {
				l.lost.Add(1)
				return prism.ErrUnavailable
			}
			return nil
		})
	})...)
	return l
}

// during loses the answers of a method while call runs.
func (l *losing) during(method string, call func()) {
	l.t.Helper()
	before := l.lost.Load()
	l.method.Store(&method)
	call()
	l.method.Store(new(string))
	if l.lost.Load() == before {
		l.t.Errorf("%s was not called: the test looks at nothing", method)
	}
}

func (l *losing) wantFamilies(want int) {
	l.t.Helper()
	if families, err := l.server.Families(context.Background(), "u1"); err != nil || len(families) != want {
		l.t.Errorf("%d sign-ins are alive, %v, want %d", len(families), err, want)
	}
}

// wantLost wants the answer that tells the client to try again.
func (l *losing) wantLost(a answer) {
	l.t.Helper()
	l.wantError(a, http.StatusServiceUnavailable, "temporarily_unavailable")
}

// A write whose answer is lost was done, and is answered as if it was not.
// Nobody gets a token that way, and what was revoked is over at once, also for
// tokens that were remembered as good.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*oauth.Config)
		run  func(*testing.T, *losing)
		// families is how many sign-ins of u1 are alive afterwards, tokens how
		// many pairs were given out, and reused what was reported as reuse.
		families, tokens int
		reused           string
	}{
		{name: "SaveCode: the client is told, and a second try works", run: func(t *testing.T, l *losing) {
			l.during("SaveCode", func() {
				w := l.authorize(http.MethodGet, authorizeQuery())
				if _, q := l.location(w); w.Code != http.StatusFound || q.Get("error") != "temporarily_unavailable" || q.Has("code") || q.Get("state") != "st" {
					t.Errorf("%d %v", w.Code, q)
				}
			})
			l.signIn()
		}, families: 1, tokens: 1},
		{name: "SaveCode of a consent ticket: no page without one", edit: withConsent, run: func(t *testing.T, l *losing) {
			l.during("SaveCode", func() {
				w := l.authorize(http.MethodGet, authorizeQuery())
				if _, q := l.location(w); w.Code != http.StatusFound || q.Get("error") != "temporarily_unavailable" || w.Body.Len() != 0 {
					t.Errorf("%d %v", w.Code, q)
				}
			})
			l.mustOK(l.redeem(l.codeBySession(t)))
		}, families: 1, tokens: 1},
		{name: "RedeemCode: the second try is a replay and ends the sign-in that nobody holds", run: func(_ *testing.T, l *losing) {
			code := l.code()
			l.during("RedeemCode", func() { l.wantLost(l.redeem(code)) })
			l.wantFamilies(1)
			l.wantError(l.redeem(code), http.StatusBadRequest, "invalid_grant")
		}, reused: "code"},
		{name: "RedeemCode of a replay: the family is over all the same", run: func(_ *testing.T, l *losing) {
			code := l.code()
			pair := l.mustOK(l.redeem(code))
			l.wantWorks(pair.AccessToken, true)
			l.during("RevokeFamily", func() { l.wantLost(l.redeem(code)) })
			l.wantWorks(pair.AccessToken, false)
			l.wantError(l.redeem(code), http.StatusBadRequest, "invalid_grant")
		}, tokens: 1, reused: "code"},
		{name: "RotateRefresh: the second try gets a pair", run: func(_ *testing.T, l *losing) {
			pair := l.signIn()
			l.wantWorks(pair.AccessToken, true)
			l.during("RotateRefresh", func() { l.wantLost(l.refresh(pair.RefreshToken)) })
			l.wantWorks(pair.AccessToken, true)
			l.clock.advance(time.Hour) // long after the grace time
			next := l.mustOK(l.refresh(pair.RefreshToken))
			l.wantWorks(next.AccessToken, true)
			l.mustOK(l.refresh(next.RefreshToken))
		}, families: 1, tokens: 3},
		{name: "RotateRefresh of an old token: the family is over all the same", run: func(_ *testing.T, l *losing) {
			old := l.signIn()
			pair := l.mustOK(l.refresh(old.RefreshToken))
			l.wantWorks(pair.AccessToken, true)
			l.clock.advance(oauth.DefaultRefreshGrace + time.Microsecond)
			l.wantWorks(pair.AccessToken, true)
			// The outcome is reuse, which is no error: it is lost as well.
			l.during("RotateRefresh", func() { l.wantLost(l.refresh(old.RefreshToken)) })
			l.wantWorks(pair.AccessToken, false)
			l.wantError(l.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
		}, tokens: 2},
		{name: "RevokeFamily at the revocation endpoint: 503, and the token is dead", run: func(_ *testing.T, l *losing) {
			pair := l.signIn()
			l.wantWorks(pair.AccessToken, true)
			l.during("RevokeFamily", func() { l.wantLost(l.revoke(pair.AccessToken)) })
			l.wantWorks(pair.AccessToken, false)
			l.wantError(l.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
			if a := l.revoke(pair.AccessToken); a.status != http.StatusOK {
				l.t.Errorf("the second try: %d %s", a.status, a.body)
			}
		}, tokens: 1},
		{name: "RevokeUser: an error, and the tokens are dead", run: func(t *testing.T, l *losing) {
			pair, code := l.signIn(), l.code()
			l.wantWorks(pair.AccessToken, true)
			l.during("RevokeUser", func() {
				if n, err := l.server.RevokeUser(context.Background(), "u1"); n != 0 || !errors.Is(err, prism.ErrUnavailable) {
					t.Errorf("RevokeUser: %d, %v", n, err)
				}
			})
			l.wantWorks(pair.AccessToken, false)
			l.wantError(l.redeem(code), http.StatusBadRequest, "invalid_grant")
		}, tokens: 1},
		{name: "MarkUsed: the token is good, and the use is recorded", run: func(t *testing.T, l *losing) {
			pair := l.signIn()
			next := l.mustOK(l.refresh(pair.RefreshToken))
			l.during("MarkUsed", func() { l.wantWorks(next.AccessToken, true) })
			if n := l.logs.FilterLevelExact(zap.WarnLevel).Len(); n != 1 {
				t.Errorf("%d warnings, want 1", n)
			}
			l.clock.advance(oauth.DefaultRefreshGrace + time.Microsecond)
			l.wantError(l.refresh(pair.RefreshToken), http.StatusBadRequest, "invalid_grant")
		}, tokens: 2, reused: "refresh_token"},
		{name: "Sweep: the next run goes on", run: func(t *testing.T, l *losing) {
			l.code()
			l.clock.advance(48 * time.Hour)
			l.during("Sweep", func() {
				if _, err := l.server.Sweep(context.Background()); !errors.Is(err, prism.ErrUnavailable) {
					t.Errorf("Sweep: %v", err)
				}
			})
			if n, err := l.server.Sweep(context.Background()); n != 0 || err != nil {
				t.Errorf("Sweep: %d, %v, want nothing left", n, err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var edits []func(*oauth.Config)
			if c.edit != nil {
				edits = append(edits, c.edit)
			}
			l := newLosing(t, edits...)
			c.run(t, l)
			l.wantFamilies(c.families)
			if len(l.issued) != c.tokens {
				t.Errorf("%d pairs were issued, want %d", len(l.issued), c.tokens)
			}
			reused := ""
			for _, e := range l.reused {
				reused += e.What
			}
			if reused != c.reused {
				t.Errorf("reported as reuse: %q, want %q", reused, c.reused)
			}
		})
	}
}
