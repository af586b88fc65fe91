package oauth_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func TestNewNamesEveryProblem(t *testing.T) {
	t.Parallel()
	wantProblems := func(cfg oauth.Config, want ...string) {
		t.Helper()
		s, err := oauth.New(cfg)
		if err == nil {
			_ = s.Close()
			t.Fatalf("New: no error, want %q", want)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("no %q in:\n%v", w, err)
			}
		}
		if n := strings.Count(err.Error(), "\n") + 1; n != len(want) {
			t.Errorf("%d problems, want %d:\n%v", n, len(want), err)
		}
	}
	wantProblems(oauth.Config{}, "Config.Clients", "Config.Store", "Config.Login", "Config.Users", "Config.Secrets", "Config.PublicURL")

	good := func() oauth.Config {
		var cfg oauth.Config
		newRig(t, func(c *oauth.Config) { cfg = *c })
		return cfg
	}
	cfg := good()
	cfg.Secrets = [][]byte{make([]byte, 32), []byte("short")}
	cfg.CodeTTL = 11 * time.Minute
	cfg.AccessTTL = time.Minute
	cfg.RefreshIdleTTL = -1
	cfg.RefreshTotalTTL = -1
	cfg.RefreshGrace = 6 * time.Minute
	cfg.SweepInterval = time.Millisecond
	cfg.VerifyCacheTTL = oauth.MaxVerifyCacheTTL + 1
	cfg.VerifyCacheEntries = 3
	cfg.Login = oauth.SessionLogin(nil)
	cfg.Clients = oauth.StaticClients(
		oauth.Client{ID: "a", RedirectURIs: []string{redirectURI, "javascript:x"}, Scopes: []string{"a b"}},
		oauth.Client{ID: "a"}, oauth.Client{},
		oauth.Client{ID: "unset", Secrets: []oauth.Secret{oauth.NewSecret(clientSecret), oauth.NewSecret(""), {}}},
		oauth.Client{ID: "retired", RedirectURIs: []string{redirectURI}})
	wantProblems(cfg, "Secrets[1]", "CodeTTL", "AccessTTL", "RefreshIdleTTL", "RefreshTotalTTL", "RefreshGrace", "SweepInterval",
		"VerifyCacheTTL", "VerifyCacheEntries", "Config.Login",
		"RedirectURIs[1]", "Scopes[0]", `ID "a" is there twice`, "client 2: ID must be",
		`client "unset": Secrets[1] is empty`, `client "unset": Secrets[2] is empty`, `client "unset": RedirectURIs is empty`)

	cfg = good()
	cfg.Clients = oauth.StaticClients()
	wantProblems(cfg, "Config.Clients: StaticClients has no client")

	for _, url := range []string{
		"http://api.example.com", "https://api.example.com/", "https://", "api.example.com", "https://u@api.example.com",
		"https://api.example.com?x", "https://api.example.com#x", "ftp://api.example.com", "https://api.example.com/a b",
		"HTTPS://api.example.com", "https://api.example.com/%zz", "https://예.example",
	} {
		cfg := good()
		cfg.PublicURL = url
		wantProblems(cfg, "Config.PublicURL")
	}
}

// A refresh token that ends before the client comes to refresh signs everybody
// out. An access token that is as bad as 0 or 25 hours is a problem of its own.
func TestNewWantsRefreshTokensToLast(t *testing.T) {
	t.Parallel()
	const h = time.Hour
	for _, c := range []struct {
		access, idle, total time.Duration
		want                string
	}{
		{0, 12 * h, 12 * h, ""},
		{0, 12*h - 1, 0, "RefreshIdleTTL"},
		{0, 0, 12*h - 1, "RefreshTotalTTL"},
		{h, h, 90 * time.Minute, ""},
		{h, h - 1, h, "RefreshIdleTTL"},
		{24 * h, 24 * h, 23 * h, "RefreshTotalTTL"},
		{25 * h, 24 * h, 24 * h, "AccessTTL"},
	} {
		var cfg oauth.Config
		newRig(t, func(c *oauth.Config) { cfg = *c })
		cfg.AccessTTL, cfg.RefreshIdleTTL, cfg.RefreshTotalTTL = c.access, c.idle, c.total
		s, err := oauth.New(cfg)
		if err == nil {
			_ = s.Close()
		}
		if (err == nil) != (c.want == "") || err != nil && (!strings.HasPrefix(err.Error(), "oauth: Config."+c.want+" is ") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%v, %v, %v: %v, want %q", c.access, c.idle, c.total, err, c.want)
		}
	}
}

func TestNewWarnsOfASecretThatTheConsoleRefuses(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]int{clientSecret: 0, "abc": 0, "ab": 1, "with-dash-and-16-more": 1, strings.Repeat("a", 21): 1} {
		core, logs := observer.New(zap.DebugLevel)
		r := newRig(t, func(c *oauth.Config) {
			c.Clients = oauth.StaticClients(oauth.Client{ID: clientID, RedirectURIs: []string{redirectURI},
				Secrets: []oauth.Secret{oauth.NewSecret(otherSecret), oauth.NewSecret(secret), {Digest: oauth.DigestOf("with-dash")}}})
			c.Logger = zap.New(core)
		})
		if logs.Len() != want {
			t.Errorf("%s: %d warnings, want %d", secret, logs.Len(), want)
		}
		for _, entry := range logs.All() {
			if fields := entry.ContextMap(); fields["client_id"] != clientID || fields["secret"] != int64(1) || len(fields) != 2 {
				t.Errorf("%s: %v", secret, fields)
			}
		}
		r.logs = logs // checked for the secret
		r.keepSecret(secret)
	}
}

func TestNewWarnsOfAClientIDThatTheConsoleRefuses(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]int{clientID: 0, "abc": 0, "ab": 1, "with-dash": 1, strings.Repeat("a", 21): 1} {
		core, logs := observer.New(zap.WarnLevel)
		newRig(t, func(c *oauth.Config) {
			c.Clients = oauth.StaticClients(oauth.Client{ID: id})
			c.Logger = zap.New(core)
		})
		if logs.Len() != want {
			t.Errorf("%s: %d warnings, want %d", id, logs.Len(), want)
		}
	}
}

func TestNewWarnsOfAnAuthorizationURLThatTheConsoleRefuses(t *testing.T) {
	t.Parallel()
	const fixed = len("https://example.com/" + "/oauth/authorize")
	for length, want := range map[int]int{100: 0, 101: 1} {
		core, logs := observer.New(zap.WarnLevel)
		newRig(t, func(c *oauth.Config) {
			c.PublicURL = "https://example.com/" + strings.Repeat("p", length-fixed)
			c.Logger = zap.New(core)
		})
		if logs.Len() != want {
			t.Errorf("%d characters: %d warnings, want %d", length, logs.Len(), want)
		}
	}
}

func TestNewCredentialsFitTheConsole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id, secret := oauth.NewCredentials()
		for _, v := range []string{id, secret} {
			if len(v) != oauth.CredentialLength || strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" || seen[v] {
				t.Fatalf("%q", v)
			}
			seen[v] = true
		}
	}
}

func TestSweepKeepsADay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := context.Background()
	code := r.code()
	pair := r.mustOK(r.redeem(code))
	r.clock.advance(oauth.DefaultCodeTTL + 24*time.Hour - time.Microsecond)
	if n, err := r.server.Sweep(ctx); n != 0 || err != nil {
		t.Fatalf("Sweep: %d, %v: a used code must stay for a day", n, err)
	}
	r.clock.advance(2 * time.Microsecond)
	if n, err := r.server.Sweep(ctx); n != 1 || err != nil {
		t.Fatalf("Sweep: %d, %v, want the code", n, err)
	}
	r.wantError(r.redeem(code), 400, "invalid_grant")
	r.mustOK(r.refresh(pair.RefreshToken))
	r.store.failWith("Sweep", prism.ErrUnavailable)
	if _, err := r.server.Sweep(ctx); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("Sweep: %v", err)
	}
}

func TestCloseStopsTheSweeper(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *oauth.Config) { c.SweepInterval = time.Minute })
		full := &countingSweeps{faultStore: r.store, results: []int{1000, 1000, 3}}
		swept := newRig(t, func(c *oauth.Config) { c.SweepInterval = time.Hour; c.Store = full })
		endless := &countingSweeps{faultStore: r.store, results: []int{1000}}
		late := newRig(t, func(c *oauth.Config) { c.SweepInterval = time.Hour; c.Store = endless })
		defer func() { _ = late.server.Close() }()
		time.Sleep(3*time.Minute + time.Second)
		if n := r.store.called("Sweep"); n != 3 {
			t.Errorf("%d sweeps in three minutes, want 3", n)
		}
		r.store.failWith("Sweep", errors.New("boom"))
		time.Sleep(time.Minute)
		if n := r.logs.FilterLevelExact(zap.ErrorLevel).Len(); n != 1 {
			t.Errorf("%d errors in the log, want 1", n)
		}
		time.Sleep(time.Hour)
		if n := full.n.Load(); n != 3 {
			t.Errorf("%d sweeps, want 3: on until one deletes less than the limit", n)
		}
		if n := endless.n.Load(); n != 100 {
			t.Errorf("%d sweeps in one run, want 100 at most", n)
		}
		for range 2 {
			if err := r.server.Close(); err != nil {
				t.Error(err)
			}
		}
		before := r.store.called("Sweep")
		time.Sleep(time.Hour)
		if n := r.store.called("Sweep"); n != before {
			t.Errorf("%d sweeps after Close", n-before)
		}
		r.signIn() // the endpoints go on
		if err := swept.server.Close(); err != nil {
			t.Error(err)
		}
	})
}

// countingSweeps returns the results one after the other.
type countingSweeps struct {
	*faultStore
	results []int
	n       atomic.Int64
}

func (c *countingSweeps) Sweep(context.Context, time.Time, int) (int, error) {
	return c.results[min(int(c.n.Add(1)), len(c.results))-1], nil
}
