package prism

import (
	"net/netip"
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

	// Auth verifies access tokens. If it is a TokenEndpoint or an
	// AuthorizeEndpoint as well, those are mounted.
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
	// its context.
	Isolate bool

	// LegacyOnAir sends the status of a live on air as "ONAIR", as the
	// documentation before 2026 had it, instead of "ON_AIR".
	LegacyOnAir bool

	// Location is the zone of the times that are sent; UTC by default.
	Location *time.Location

	// Logger gets failures with their request id and, at debug level, every
	// request. nil is silent.
	Logger *zap.Logger

	// Trace observes the service; see Trace.
	Trace Trace
}
