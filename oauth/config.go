package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// Defaults and bounds of Config.
const (
	DefaultCodeTTL         = time.Minute
	MaxCodeTTL             = 10 * time.Minute
	DefaultAccessTTL       = 12 * time.Hour
	MinAccessTTL           = time.Hour
	MaxAccessTTL           = 24 * time.Hour
	DefaultRefreshIdleTTL  = 60 * 24 * time.Hour
	DefaultRefreshTotalTTL = 365 * 24 * time.Hour
	DefaultRefreshGrace    = time.Minute
	MaxRefreshGrace        = 5 * time.Minute
	DefaultVerifyCacheTTL  = 10 * time.Second
	MaxVerifyCacheTTL      = time.Minute
	DefaultSweepInterval   = 10 * time.Minute
	// DefaultVerifyCacheEntries is the default of Config.VerifyCacheEntries.
	DefaultVerifyCacheEntries = 1 << 16
	// MinSecret is the least length of a value of Secrets, in bytes.
	MinSecret = 32
)

// Config describes a Server. Clients, Store, Login, Users, Secrets and PublicURL
// are required. The zero value of every other option is the secure one, but for
// two that trade a little for what a service needs: RefreshGrace forgives a
// client that refreshes twice at once, and VerifyCacheTTL spares the Store, at
// the price that a revocation by another process takes effect up to 10 seconds
// later. Both can be turned off.
type Config struct {
	// Clients finds the OAuth clients; StaticClients makes a fixed set. A token
	// of any of them acts for its user on the whole resource API; see
	// Client.Scopes.
	Clients ClientSource
	// Store keeps codes and tokens.
	Store Store
	// Login finds out who is in front of the browser: SessionLogin for the
	// host's own session, PasswordLogin for our page.
	Login Login
	// Consent shows a page that asks the user before the client gets access;
	// see ConsentOptions. nil shows it only when the client asks for it
	// (prompt=consent): signing in is the consent then.
	Consent *ConsentOptions
	// Users is asked before a token is issued: a user who is missing or
	// disabled gets none.
	Users prism.UserSource

	// Secrets sign the login page's state. The first signs, all verify. At
	// least MinSecret bytes each, the same on every instance.
	Secrets [][]byte

	// PublicURL is the address under which the endpoints stand, as a browser
	// sees it: the authorization endpoint is PublicURL + "/oauth/authorize",
	// the standard token endpoint PublicURL + "/oauth2/token". It is the
	// issuer (RFC 8414, RFC 9207).
	// With prism.Config.BasePath "/prism" it ends with "/prism". It must be
	// https, unless AllowInsecure is set, and have no trailing slash.
	PublicURL string

	// CodeTTL is how long a code can be redeemed: 1 minute by default, at
	// most 10.
	CodeTTL time.Duration
	// AccessTTL is the life of an access token, 12 hours by default, 1 to 24.
	// The PRISM client refreshes when it opens its dashboard, and a running
	// broadcast keeps the token it began with, so the default outlasts a
	// long broadcast.
	AccessTTL time.Duration
	// RefreshIdleTTL is the life of a refresh token that is not used, 60 days
	// by default. RefreshTotalTTL is the life of a sign-in, 365 days. Neither
	// may be shorter than AccessTTL.
	RefreshIdleTTL, RefreshTotalTTL time.Duration
	// RefreshGrace is how long the previous refresh token is accepted after a
	// rotation even though the new one was used. 1 minute by default, at most
	// 5; negative means no time at all. It does not bound the other case: as
	// long as no token of the new pair was used, the previous refresh token is
	// accepted, since the answer may have been lost; see Family.Rotate.
	RefreshGrace time.Duration
	// VerifyCacheTTL is how long an access token that was found good is taken
	// for good without asking the Store: 10 seconds by default, at most 1
	// minute; negative asks every time. A sign-in that this Server revokes ends
	// at once all the same; one that another process revoked, or somebody who
	// called the Store directly, ends within this time: set it negative if that
	// must be at once, for a question to the Store with every call. No token
	// outlives its expiry by it, and nothing is remembered of a token that is
	// not good.
	VerifyCacheTTL time.Duration
	// VerifyCacheEntries is how many access tokens are remembered at most:
	// 65,536 by default, 4 at least, rounded down to a multiple of 4. One takes
	// about 200 bytes, once it is used.
	VerifyCacheEntries int
	// SweepInterval is how often expired records are deleted, 10 minutes by
	// default, at least 1 second; negative leaves it to the host
	// (Server.Sweep). One run deletes 100,000 records at most.
	SweepInterval time.Duration

	// AllowInsecure accepts a plain http PublicURL. For development only.
	AllowInsecure bool

	// Now is the clock, time.Now by default. It must be safe for concurrent use.
	Now func() time.Time
	// Logger gets refusals and failures. nil is silent.
	Logger *zap.Logger
	// Trace observes the server; see Trace.
	Trace Trace
}

// check reports every problem, each naming its field.
func (c Config) check() error {
	var errs []error
	missing := func(field, hint string) {
		errs = append(errs, fmt.Errorf("oauth: Config.%s is missing: %s", field, hint))
	}
	if c.Clients == nil {
		missing("Clients", "StaticClients makes a fixed set")
	}
	if c.Store == nil {
		missing("Store", "package store/memory has one for a single process")
	}
	if c.Login == nil {
		missing("Login", "use SessionLogin or PasswordLogin")
	}
	if c.Users == nil {
		missing("Users", "no token is issued without asking for the user")
	}
	if len(c.Secrets) == 0 {
		missing("Secrets", fmt.Sprintf("give at least one of %d random bytes or more", MinSecret))
	}
	for i, secret := range c.Secrets {
		if len(secret) < MinSecret {
			errs = append(errs, fmt.Errorf("oauth: Config.Secrets[%d] has %d bytes, want at least %d", i, len(secret), MinSecret))
		}
	}
	if err := checkPublicURL(c.PublicURL, c.AllowInsecure); err != nil {
		errs = append(errs, fmt.Errorf("oauth: Config.PublicURL %w", err))
	}
	errs = append(errs, c.checkTimes()...)
	if c.VerifyCacheEntries != 0 && c.VerifyCacheEntries < cacheWays {
		errs = append(errs, fmt.Errorf("oauth: Config.VerifyCacheEntries is %d, want at least %d; a negative VerifyCacheTTL turns the cache off", c.VerifyCacheEntries, cacheWays))
	}
	if static, ok := c.Clients.(*staticClients); ok {
		errs = append(errs, static.problems()...)
	}
	if login, ok := c.Login.(interface{ problem() error }); ok {
		if err := login.problem(); err != nil {
			errs = append(errs, fmt.Errorf("oauth: Config.Login: %w", err))
		}
	}
	if err := c.Consent.problem(); err != nil {
		errs = append(errs, fmt.Errorf("oauth: Config.Consent: %w", err))
	}
	return errors.Join(errs...)
}

// checkTimes wants every time that is set to be within its bounds.
func (c Config) checkTimes() []error {
	var errs []error
	for _, f := range []struct {
		name            string
		value, min, max time.Duration
	}{
		{"CodeTTL", c.CodeTTL, time.Second, MaxCodeTTL},
		{"AccessTTL", c.AccessTTL, MinAccessTTL, MaxAccessTTL},
	} {
		if f.value != 0 && f.value < f.min {
			errs = append(errs, fmt.Errorf("oauth: Config.%s is %v, want at least %v", f.name, f.value, f.min))
		}
		if f.value > f.max {
			errs = append(errs, fmt.Errorf("oauth: Config.%s is %v, want at most %v", f.name, f.value, f.max))
		}
	}
	errs = append(errs, c.checkRefreshTimes()...)
	if c.SweepInterval > 0 && c.SweepInterval < time.Second {
		errs = append(errs, fmt.Errorf("oauth: Config.SweepInterval is %v, want at least %v", c.SweepInterval, time.Second))
	}
	if c.VerifyCacheTTL > MaxVerifyCacheTTL {
		errs = append(errs, fmt.Errorf("oauth: Config.VerifyCacheTTL is %v, want at most %v", c.VerifyCacheTTL, MaxVerifyCacheTTL))
	}
	if c.RefreshGrace > MaxRefreshGrace {
		errs = append(errs, fmt.Errorf("oauth: Config.RefreshGrace is %v, want at most %v", c.RefreshGrace, MaxRefreshGrace))
	}
	return errs
}

// checkRefreshTimes wants a refresh token to last as long as the access token
// beside it: a client refreshes shortly before that expires, and would be
// signed out each time.
func (c Config) checkRefreshTimes() []error {
	access := DefaultAccessTTL
	if c.AccessTTL != 0 {
		access = min(max(c.AccessTTL, MinAccessTTL), MaxAccessTTL)
	}
	var errs []error
	for _, f := range []struct {
		name  string
		value time.Duration
	}{{"RefreshIdleTTL", c.RefreshIdleTTL}, {"RefreshTotalTTL", c.RefreshTotalTTL}} {
		if f.value != 0 && f.value < access {
			errs = append(errs, fmt.Errorf("oauth: Config.%s is %v, want at least AccessTTL, %v: else the refresh token is gone when the client comes to refresh", f.name, f.value, access))
		}
	}
	return errs
}

// checkPublicURL returns an error that continues the name of the field.
func checkPublicURL(raw string, allowInsecure bool) error {
	if raw == "" {
		return errors.New(`is missing: give the address of the service, as "https://api.example.com/prism"`)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return errors.New("is not a URL")
	}
	switch {
	case u.Scheme == "http" && !allowInsecure:
		return errors.New("is plain http: use https, or set AllowInsecure for development")
	case !strings.HasPrefix(raw, "https://") && !strings.HasPrefix(raw, "http://"):
		return errors.New("must begin with https://")
	case u.Hostname() == "":
		return errors.New("has no host")
	case u.User != nil:
		return errors.New("has a user")
	case strings.ContainsAny(raw, "?#"):
		return errors.New("has a query or a fragment")
	case strings.HasSuffix(raw, "/"):
		return errors.New("ends with a slash")
	case raw != cleanURLBytes(raw):
		return errors.New("has characters that must be percent-encoded")
	}
	return nil
}

// withDefaults returns the configuration with every option filled in.
// SweepInterval and VerifyCacheTTL stay negative for a host that wants none;
// RefreshGrace 0 means none.
func (c Config) withDefaults() Config {
	for _, f := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&c.CodeTTL, DefaultCodeTTL},
		{&c.AccessTTL, DefaultAccessTTL},
		{&c.RefreshIdleTTL, DefaultRefreshIdleTTL},
		{&c.RefreshTotalTTL, DefaultRefreshTotalTTL},
		{&c.RefreshGrace, DefaultRefreshGrace},
		{&c.VerifyCacheTTL, DefaultVerifyCacheTTL},
		{&c.SweepInterval, DefaultSweepInterval},
	} {
		if *f.value == 0 {
			*f.value = f.fallback
		}
	}
	c.RefreshGrace = max(c.RefreshGrace, 0)
	if c.VerifyCacheEntries == 0 {
		c.VerifyCacheEntries = DefaultVerifyCacheEntries
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}
