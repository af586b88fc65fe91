package oauth

import (
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
	DefaultSweepInterval   = 10 * time.Minute
	// MinSecret is the least length of a value of Secrets, in bytes.
	MinSecret = 32
)

// Config describes a Server. The zero value of every option is the secure one;
// Clients, Store, Login, Users, Secrets and PublicURL are required.
type Config struct {
	// Clients finds the OAuth clients; StaticClients makes a fixed set.
	Clients ClientSource
	// Store keeps codes and tokens.
	Store Store
	// Login finds out who is in front of the browser: SessionLogin for the
	// host's own session, PasswordLogin for our page.
	Login Login
	// Users is asked before a token is issued: a user who is missing or
	// disabled gets none.
	Users prism.UserSource

	// Secrets sign the login page's state. The first signs, all verify. At
	// least MinSecret bytes each, the same on every instance.
	Secrets [][]byte

	// PublicURL is the address under which the endpoints stand, as a browser
	// sees it: the authorization endpoint is PublicURL + "/oauth/authorize".
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
	// by default. RefreshTotalTTL is the life of a sign-in, 365 days.
	RefreshIdleTTL, RefreshTotalTTL time.Duration
	// RefreshGrace is how long the previous refresh token is accepted after a
	// rotation; see Family.Rotate. 1 minute by default, at most 5; negative
	// means none.
	RefreshGrace time.Duration
	// SweepInterval is how often expired records are deleted, 10 minutes by
	// default; negative leaves it to the host (Server.Sweep).
	SweepInterval time.Duration

	// AllowInsecure accepts a plain http PublicURL. For development only.
	AllowInsecure bool

	// Now is the clock, time.Now by default.
	Now func() time.Time
	// Logger gets refusals and failures. nil is silent.
	Logger *zap.Logger
	// Trace observes the server; see Trace.
	Trace Trace
}
