package prism

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"

	"go.uber.org/zap"
)

// Defaults and bounds of Config.
const (
	DefaultBasePath      = "/prism"
	DefaultDeadline      = 2500 * time.Millisecond
	DefaultMaxBody       = 64 << 10
	DefaultLiveListLimit = 200
	// MinSecret is the least length of a value of Secrets, in bytes.
	MinSecret = 32
)

// Config describes a Service. The zero value of every option is the secure
// one; Users, Channels, Lives, Auth and Secrets are required.
type Config struct {
	// Users, Channels and Lives are the host's data.
	Users    UserSource
	Channels ChannelStore
	Lives    LiveStore

	// Chat, ChatSend, ChatDelete, Ban, Managers and Update are optional
	// capabilities. The APIs of one that is nil answer 404. ChatDelete, Ban
	// and Managers take ids that come from Chat, so they need it; ChatSend
	// without Chat is accepted with a warning.
	Chat       ChatReader
	ChatSend   ChatSender
	ChatDelete ChatDeleter
	Ban        Banner
	Managers   ManagerStore
	Update     LiveUpdater

	// Ingest drops publishers of lives that were ended by force. Optional.
	Ingest PublisherKicker

	// Auth verifies access tokens. If it is a TokenEndpoint, an
	// AuthorizeEndpoint or has StandardEndpoints as well, those are mounted.
	Auth Authenticator

	// Secrets sign what leaves the service and must come back unchanged. The
	// first signs, all verify: to change, put the new one first and drop the
	// old one a day later. At least MinSecret bytes each, the same on every
	// instance. Required unless Development is set.
	Secrets [][]byte

	// BasePath is where the handler is mounted, as the client sees it:
	// "/prism" by default, "/" for the root. The service answers with and
	// without it, so StripPrefix in front is fine.
	BasePath string

	// Deadline is the time for a request: 2.5 s by default, at most 1 minute.
	// Past it the answer is 504. PRISM recommends answers within 1 s and
	// gives up after 3 s.
	Deadline time.Duration

	// MaxBody is the most bytes of a request body: 64 KiB by default.
	MaxBody int64

	// LiveListLimit is LiveFilter.Limit of live lists: 200 by default.
	LiveListLimit int

	// TrustedProxies are the peers whose X-Forwarded-Proto and
	// X-Forwarded-For are believed. None by default.
	TrustedProxies []netip.Prefix

	// AllowInsecure accepts plain HTTP. For development only: tokens and
	// client secrets travel in the clear.
	AllowInsecure bool

	// Development makes random Secrets when none are given. Page tokens then
	// end with the process.
	Development bool

	// AllowBearer accepts access tokens in "Authorization: Bearer" as well
	// (RFC 6750).
	AllowBearer bool

	// Isolate runs calls into the host's adapters in goroutines of their own,
	// so that the answer comes in time from an adapter that does not honour
	// its context. The endpoints of Auth run so as a whole: what they write is
	// kept until they return.
	Isolate bool

	// LegacyOnAir sends the status of a live on air as "ONAIR", as the
	// documentation before 2026 had it, instead of "ON_AIR".
	LegacyOnAir bool

	// ServeOpenAPI serves the OpenAPI description of this service, with the
	// APIs that are mounted, at GET BasePath + "/openapi.yaml". It needs no
	// token. PRISM does not ask for it.
	ServeOpenAPI bool

	// Location is the zone of the times that are sent; UTC by default.
	Location *time.Location

	// Logger gets failures with their request id and, at debug level, every
	// request. nil is silent.
	Logger *zap.Logger

	// Trace observes the service; see Trace.
	Trace Trace
}

func (c Config) withDefaults() Config {
	if c.BasePath == "" {
		c.BasePath = DefaultBasePath
	}
	if c.Deadline == 0 {
		c.Deadline = DefaultDeadline
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.LiveListLimit == 0 {
		c.LiveListLimit = DefaultLiveListLimit
	}
	if c.Location == nil {
		c.Location = time.UTC
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

// check reports every problem of a Config with defaults filled in.
func (c Config) check() error {
	var problems []error
	problem := func(field, text string) {
		problems = append(problems, fmt.Errorf("prism: Config.%s %s", field, text))
	}
	for _, required := range []struct {
		field string
		value any
	}{{"Users", c.Users}, {"Channels", c.Channels}, {"Lives", c.Lives}, {"Auth", c.Auth}} {
		if required.value == nil {
			problem(required.field, "is required")
		}
	}
	for _, chat := range []struct {
		field string
		value any
	}{{"ChatDelete", c.ChatDelete}, {"Ban", c.Ban}, {"Managers", c.Managers}} {
		if chat.value != nil && c.Chat == nil {
			problem(chat.field, "takes ids that come from Chat, which is nil: set Chat too, or leave it nil")
		}
	}
	if len(c.Secrets) == 0 && !c.Development {
		problem("Secrets", "is required: give at least one random value, the same on every instance")
	}
	for i, secret := range c.Secrets {
		if len(secret) < MinSecret {
			problem(fmt.Sprintf("Secrets[%d]", i), fmt.Sprintf("has %d bytes, want at least %d", len(secret), MinSecret))
		}
	}
	if !validBasePath(c.BasePath) {
		problem("BasePath", `must begin with "/", not end with one, and have no empty or dot segment`)
	}
	if c.Deadline < 0 || c.Deadline > time.Minute {
		problem("Deadline", "must be between 0 and 1 minute")
	}
	if c.MaxBody < 0 {
		problem("MaxBody", "must not be negative")
	}
	if c.LiveListLimit < 0 {
		problem("LiveListLimit", "must not be negative")
	}
	for i, prefix := range c.TrustedProxies {
		if !prefix.IsValid() {
			problem(fmt.Sprintf("TrustedProxies[%d]", i), "is not a valid prefix")
		}
	}
	return errors.Join(problems...)
}

func validBasePath(p string) bool {
	if p == "/" {
		return true
	}
	return strings.HasPrefix(p, "/") && path.Clean(p) == p && (&url.URL{Path: p}).EscapedPath() == p
}
