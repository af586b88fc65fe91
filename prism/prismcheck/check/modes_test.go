package check_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// noFailures fails the test for each check that failed.
func noFailures(t *testing.T, r check.Report) {
	t.Helper()
	for _, result := range r.Results {
		if result.State == check.Failed {
			t.Errorf("%s: %s", result.ID, result.Problems[0].Text)
		}
	}
}

func state(t *testing.T, r check.Report, id string, want check.State) {
	t.Helper()
	if result, ok := r.Result(id); !ok || result.State != want {
		t.Errorf("%s: %s %s, want %s", id, result.State, result.Reason, want)
	}
}

const secondFlags = "-login2, -password2"

// gaps fails the test unless the report lacks the input of these flags.
func gaps(t *testing.T, r check.Report, want ...string) {
	t.Helper()
	var got []string
	for _, g := range r.Gaps() {
		got = append(got, g.Missing)
		if len(g.IDs) == 0 {
			t.Errorf("%s: no check", g.Missing)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("not checked for want of %q, want %q", got, want)
	}
}

// With one account nothing is said of what needs a second: neither that it is
// right, nor that the service has no such API.
func TestOneAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.target.Second = check.Account{}
	w.target.Expect = check.APIs()
	r := w.run(t)
	noFailures(t, r)
	gaps(t, r, secondFlags, "-rtmp")
	for _, id := range []string{"ban.timed", "ban.unknown", "managers.unknown", "optional.expected", "owner.live"} {
		state(t, r, id, check.Skipped)
		if result, _ := r.Result(id); result.Missing != secondFlags || strings.Contains(result.Reason, "the service has no") {
			t.Errorf("%s: for want of %q: %s", id, result.Missing, result.Reason)
		}
	}
	if r.Complete() {
		t.Error("the run is complete")
	}
	// What was not asked for needs no second account.
	w.target.Only = []string{"state"}
	r, err := check.Run(t.Context(), w.target)
	if err != nil || len(r.Gaps()) > 0 || !r.Complete() {
		t.Errorf("only the state: %+v, complete %t, %v", r.Gaps(), r.Complete(), err)
	}
	// What was asked for by name lacks its input.
	w.target.Only, w.target.Lives = []string{"load"}, 0
	r, err = check.Run(t.Context(), w.target)
	if err != nil || len(r.Gaps()) != 1 || r.Gaps()[0].Extra || r.Complete() {
		t.Errorf("only the load: %+v, complete %t, %v", r.Gaps(), r.Complete(), err)
	}
}

// A second account that was given and cannot sign in is a failure.
func TestSecondAccountRefused(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*world){
		"password": func(w *world) { w.target.Second.Password = "wrong" },
		"token":    func(w *world) { w.target.SecondToken = "prismcheck-no-token" },
		"same":     func(w *world) { w.target.Second = w.target.Account },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.target.Only = []string{"user", "owner", "ban"}
			set(w)
			r := w.run(t)
			state(t, r, "user.second", check.Failed)
			state(t, r, "owner.live", check.Skipped)
			state(t, r, "ban.ban", check.Skipped)
			if n := r.Count(check.Failed, ""); n != 1 {
				t.Errorf("%d checks failed", n)
			}
		})
	}
}

// A 404 at the authorization URL names the address and the flag.
func TestWrongAuthorizeURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.target.AuthorizeURL = w.target.ServiceAPIDomain + "/sign-in"
	w.target.Only = []string{"signin"}
	result, _ := w.run(t).Result("signin.code")
	if result.State != check.Failed || !strings.Contains(result.Problems[0].Text, w.target.AuthorizeURL) ||
		!strings.Contains(result.Problems[0].Text, "-authorize-url") {
		t.Errorf("%s: %+v", result.State, result.Problems)
	}
}

func (w *world) onAir(t *testing.T) int {
	t.Helper()
	lives, err := w.store.LivesOnAir(context.WithoutCancel(t.Context()), 100)
	if err != nil {
		t.Fatal(err)
	}
	return len(lives)
}

func (w *world) gateway() *prismtest.Gateway {
	return &prismtest.Gateway{
		ServiceAPIDomain: w.target.ServiceAPIDomain, ClientID: w.target.ClientID, ClientSecret: w.target.ClientSecret,
		RedirectURI: redirectURI, HTTPClient: w.target.HTTPClient,
	}
}

// Every way to sign in leads to a run that can go live; what it cannot check is
// skipped.
func TestWaysToSignIn(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct {
		set         func(t *testing.T, w *world)
		once, token check.State
		gaps        []string
	}{
		"browser": {func(_ *testing.T, w *world) {
			g, who := w.gateway(), w.target.Account
			w.target.Browser = func(ctx context.Context, address, state string) (string, error) {
				if u, err := url.Parse(address); err != nil || u.Query().Get("state") != state || state == "" {
					t.Errorf("the address has not the state: %v", err)
				}
				return g.Authorize(ctx, who)
			}
		}, check.Passed, check.Passed, []string{"-login, -password", secondFlags, "-apis", "-rtmp"}},
		"code": {func(t *testing.T, w *world) {
			code, err := w.gateway().Authorize(t.Context(), w.target.Account)
			if err != nil {
				t.Fatal(err)
			}
			w.target.Code = code
		}, check.Passed, check.Passed, []string{"-login, -password", secondFlags, "-apis", "-rtmp"}},
		"token": {func(t *testing.T, w *world) {
			tokens, err := w.gateway().SignIn(t.Context(), w.target.Account)
			if err != nil {
				t.Fatal(err)
			}
			w.target.Token, w.target.ClientID = tokens.AccessToken, ""
		}, check.Skipped, check.Skipped, []string{"-client-id, -login, -password", secondFlags, "-apis", "-rtmp"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.start(t)
			w.target.Second = check.Account{}
			way.set(t, w)
			w.target.Account = check.Account{}
			r, err := check.Run(t.Context(), w.target)
			if err != nil {
				t.Fatal(err)
			}
			noFailures(t, r)
			state(t, r, "state.restart", check.Passed)
			state(t, r, "signin.password", check.Skipped)
			state(t, r, "owner.live", check.Skipped)
			state(t, r, "token.code-once", way.once)
			state(t, r, "refresh.parallel", way.token)
			state(t, r, "optional.expected", check.Skipped)
			gaps(t, r, way.gaps...)
			if r.Complete() || w.onAir(t) > 0 {
				t.Errorf("complete %t, %d lives on air", r.Complete(), w.onAir(t))
			}
		})
	}
}

// A run that is cut short in the middle of a broadcast ends it all the same.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	starts := 0
	w.asking(startCall, func(http.ResponseWriter, *http.Request) bool { starts++; return false })
	w.asking("GET /live/*", func(http.ResponseWriter, *http.Request) bool {
		if starts > 0 {
			cancel()
		}
		return false
	})
	w.start(t)
	r, err := check.Run(ctx, w.target)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Interrupted || r.Complete() {
		t.Error("the report does not tell that the run was cut short")
	}
	if r.Count(check.Failed, "") > 0 {
		t.Error("an interrupt is told as a failure")
	}
	if n := w.onAir(t); n > 0 || starts == 0 {
		t.Errorf("%d lives are on air after %d starts", n, starts)
	}
}

// What cannot be ended is named.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.asking(stopCall, func(rw http.ResponseWriter, _ *http.Request) bool { return fails(rw, http.StatusInternalServerError) })
	r := w.run(t)
	if !slices.ContainsFunc(r.LeftBehind, func(s string) bool { return strings.Contains(s, "may still be on air") }) {
		t.Errorf("left behind: %q", r.LeftBehind)
	}
}

// A broadcast of somebody else is not ended, unless that is allowed.
func TestBusyChannel(t *testing.T) {
	t.Parallel()
	for _, takeOver := range []bool{false, true} {
		w := newWorld(t)
		live, err := w.store.CreateLive(t.Context(), "minji", "main", prism.NewLive{Title: "Real", ReservedAt: time.Now()})
		if err == nil {
			_, err = w.store.StartLive(t.Context(), "minji", live.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		w.target.TakeOver = takeOver
		r := w.run(t)
		noFailures(t, r)
		live, err = w.store.Live(t.Context(), "minji", live.ID)
		if err != nil || (live.Status == prism.StatusOnAir) == takeOver || r.Complete() != takeOver {
			t.Errorf("take over %t: the live is %s, complete %t, %v", takeOver, live.Status, r.Complete(), err)
		}
	}
	// Another enabled channel is used in its place.
	w := newWorld(t)
	if err := w.store.PutChannel(t.Context(), "minji", prism.Channel{ID: "spare", Name: "Spare", Enabled: true, Link: "https://tv.example/spare"}); err != nil {
		t.Fatal(err)
	}
	live, err := w.store.CreateLive(t.Context(), "minji", "spare", prism.NewLive{Title: "Real", ReservedAt: time.Now()})
	if err == nil {
		_, err = w.store.StartLive(t.Context(), "minji", live.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := w.run(t)
	noFailures(t, r)
	if !r.Complete() || w.onAir(t) != 1 {
		t.Errorf("complete %t, %d on air", r.Complete(), w.onAir(t))
	}
}

// A service without states, with older spellings or without optional APIs is
// no worse for it.
func TestOtherServices(t *testing.T) {
	t.Parallel()
	t.Run("no states", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.everyLive(func(live object) { live["status"] = "ON_AIR" })
		w.target.TakeOver = true
		r := w.run(t)
		state(t, r, "create.state", check.Passed)
		state(t, r, "state.start", check.Skipped)
		state(t, r, "chat.paging", check.Passed)
		state(t, r, "lives.one-on-air", check.Skipped)
		noFailures(t, r)
	})
	t.Run("ONAIR", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.config.LegacyOnAir, w.target.LegacyOnAir = true, true
		noFailures(t, w.run(t))
	})
	t.Run("no optional APIs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.config.Chat, w.config.ChatSend, w.config.ChatDelete, w.config.Ban, w.config.Managers = nil, nil, nil, nil, nil
		w.target.Expect = []check.API{check.APIUpdate}
		r := w.run(t)
		noFailures(t, r)
		state(t, r, "chat.paging", check.Skipped)
		state(t, r, "optional.absent", check.Passed)
	})
	t.Run("plain HTTP for development", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.plain, w.auth.AllowInsecure, w.config.AllowInsecure, w.target.AllowHTTP = true, true, true, true
		w.target.ServiceAPIDomain = strings.Replace(w.target.ServiceAPIDomain, "https:", "http:", 1)
		w.auth.PublicURL = w.target.ServiceAPIDomain
		r := w.run(t)
		state(t, r, "transport.https", check.Skipped)
		state(t, r, "transport.old-tls", check.Skipped)
		noFailures(t, r)
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.start(t)
		w.server.Close()
		r, err := check.Run(t.Context(), w.target)
		if err != nil || r.Complete() || r.Count(check.Failed, check.Required) == 0 {
			t.Errorf("complete %t, %v", r.Complete(), err)
		}
		for _, result := range r.Results {
			for _, p := range result.Problems {
				if containsSecret(p.Text+p.Sent+p.Came, w.target.ClientSecret) {
					t.Errorf("%s tells a secret", result.ID)
				}
			}
		}
	})
}

func TestOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.target.Only = []string{"state", "mount.head"}
	r := w.run(t)
	state(t, r, "state.restart", check.Passed)
	state(t, r, "mount.head", check.Passed)
	state(t, r, "mount.options", check.Skipped)
	state(t, r, "create.live", check.Passed)
}

func TestTargetProblems(t *testing.T) {
	t.Parallel()
	_, err := check.Run(t.Context(), check.Target{
		ServiceAPIDomain: "live.example", RedirectURI: "x", Expect: []check.API{"karaoke"}, Only: []string{"weather"}, Lives: -1, PlainURL: "y",
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"service API domain", "client secret", "redirect URI", "sign in", "karaoke", "weather", "negative", "plain URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error has no word of %s: %v", want, err)
		}
	}
}

// IDs are unique, and every check says all that a report shows.
func TestChecks(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for _, c := range check.All() {
		if ids[c.ID] || !strings.Contains(c.ID, ".") {
			t.Errorf("ID %q", c.ID)
		}
		ids[c.ID] = true
		if c.Title == "" || c.Source == "" || c.Fix == "" || !strings.HasSuffix(c.Title, ".") || !strings.HasSuffix(strings.TrimSuffix(c.Fix, ";)"), ".") && !strings.HasSuffix(c.Fix, ").") {
			t.Errorf("%s: title %q, source %q, fix %q", c.ID, c.Title, c.Source, c.Fix)
		}
		if c.Severity != check.Required && c.Severity != check.Security && c.Severity != check.Recommended {
			t.Errorf("%s has severity %q", c.ID, c.Severity)
		}
	}
	for _, rule := range prismtest.Rules() {
		if !slices.ContainsFunc(check.All(), func(c check.Check) bool { return c.Title == rule.Text() }) {
			t.Errorf("no check for the rule %s", rule)
		}
	}
}
