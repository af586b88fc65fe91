package idp

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// Defaults and bounds of Config.
const (
	DefaultTimeout       = 10 * time.Second
	MaxTimeout           = time.Minute
	DefaultRefreshGrace  = time.Minute
	MaxRefreshGrace      = 5 * time.Minute
	DefaultVerifyTTL     = 10 * time.Second
	MaxVerifyTTL         = 5 * time.Minute
	DefaultVerifyEntries = 10_000
	DefaultLeeway        = 30 * time.Second
	MaxLeeway            = 5 * time.Minute
	DefaultSubjectClaim  = "sub"
	DefaultTokenType     = "at+jwt"
)

// AuthMethod is how the bridge shows its credentials to an endpoint of the
// upstream, by its name in the IANA registry of token endpoint authentication
// methods.
type AuthMethod string

// The authentication methods.
const (
	// AuthBasic sends id and secret in the Authorization header (RFC 6749
	// section 2.3.1). The default.
	AuthBasic AuthMethod = "client_secret_basic"
	// AuthPost sends id and secret in the body.
	AuthPost AuthMethod = "client_secret_post"
	// AuthNone sends none. It is for an introspection endpoint that only a
	// closed network can reach, as Hydra's; the token endpoint needs one of
	// the others.
	AuthNone AuthMethod = "none"
)

// Config describes a Bridge. The zero value of every option is the secure one;
// Clients, TokenURL and one of Introspection and JWT are required.
type Config struct {
	// Clients are the PRISM services that may get tokens.
	Clients []Client

	// TokenURL is the upstream's token endpoint. It must be https, unless
	// AllowInsecure is set.
	TokenURL string
	// TokenAuth is how the bridge authenticates there: AuthBasic by default.
	TokenAuth AuthMethod

	// Introspection asks the upstream about every access token (RFC 7662);
	// a revoked token ends within VerifyTTL. JWT verifies tokens that are
	// JWTs with the upstream's keys; a revoked token then lives until it
	// expires. Set exactly one.
	Introspection *Introspection
	JWT           *JWT

	// Issuer is the upstream's issuer identifier: what iss must be. JWT needs
	// it; with Introspection it is compared if both sides have it.
	Issuer string
	// Audience, when set, has the values of which aud must contain one.
	Audience []string
	// AnyClient accepts tokens that the upstream issued to clients other than
	// Clients. Without it client_id (or azp) must be the UpstreamID of one of
	// them, so that a token that some other app got cannot start a broadcast.
	// It needs Audience.
	AnyClient bool
	// Require lists further claims and the strings they must have, for
	// example typ: Bearer for Keycloak. It must not be empty if JWT.Types has
	// "JWT".
	Require map[string]string

	// SubjectClaim is the claim that names the person, "sub" by default.
	SubjectClaim string
	// UserID maps the person of a token to the host's user id. nil takes the
	// value of SubjectClaim as it is. An error that wraps prism.ErrNotFound
	// or prism.ErrUnauthorized refuses the token (401, which signs the
	// streamer out); any other error is answered as it is (prism.ErrUnavailable
	// with 503). It must honour ctx and be safe for concurrent use; its
	// answer is kept for VerifyTTL.
	UserID func(ctx context.Context, claims Claims) (userID string, err error)

	// VerifyTTL is how long a good access token is remembered, 10 seconds by
	// default, at most 5 minutes, and never past its exp; negative means not
	// at all. Bad tokens are not remembered.
	VerifyTTL time.Duration
	// VerifyEntries is how many good tokens are remembered, 10,000 by default.
	VerifyEntries int

	// RefreshGrace is how long the answer to a refresh is given again to
	// whoever sends the same refresh token; see RefreshCache. 1 minute by
	// default, at most 5; negative means that only requests at the same time
	// share an answer.
	RefreshGrace time.Duration
	// RefreshCache keeps these answers, in the memory of the process by
	// default. Several instances need a shared one.
	RefreshCache RefreshCache

	// DefaultExpiresIn is the life of the upstream's access tokens, for one
	// that does not tell expires_in (RFC 6749 section 5.1 allows that). 0
	// takes an answer without expires_in for a fault.
	DefaultExpiresIn time.Duration

	// Timeout is the most time of one call to the upstream, 10 seconds by
	// default, at most 1 minute. The caller waits no longer than its own
	// context; a call goes on past that, so that the answer to a refresh is
	// there when PRISM asks again.
	Timeout time.Duration
	// Transport makes the requests, for own certificates or a proxy. nil is a
	// transport of the bridge's own, with bounds. Redirects are never
	// followed and cookies never kept.
	Transport http.RoundTripper

	// AllowInsecure accepts plain http addresses. For development only:
	// secrets and tokens travel in the clear.
	AllowInsecure bool

	// Now is the clock of caches and of exp and nbf, time.Now by default. It
	// must be safe for concurrent use.
	Now func() time.Time
	// Logger gets refusals and failures. nil is silent.
	Logger *zap.Logger
	// Trace observes the bridge; see Trace.
	Trace Trace
}

// Introspection describes the upstream's introspection endpoint (RFC 7662).
type Introspection struct {
	// URL is the endpoint. It must be https, unless AllowInsecure is set.
	URL string
	// Auth is how the bridge authenticates there: AuthBasic by default.
	Auth AuthMethod
	// ClientID and ClientSecret are the credentials; AuthNone has none. They
	// may be those of Clients or of a client of their own.
	ClientID, ClientSecret string
	// AcceptUntyped accepts an active token of which the upstream tells
	// neither token_type nor token_use nor typ. Without it such an answer is
	// refused, because a refresh token is active as well and must not pass
	// for an access token.
	AcceptUntyped bool
}

// JWT describes the verification of access tokens that are JWTs (RFC 9068).
type JWT struct {
	// KeysURL is the upstream's jwks_uri (RFC 7517 section 5). It must be
	// https, unless AllowInsecure is set.
	KeysURL string
	// Algorithms are the signature algorithms that are accepted: RS256, PS256,
	// ES256 and EdDSA by default. none and the HMAC ones cannot be set.
	Algorithms []string
	// Types are the values of the header's typ that are accepted, "at+jwt" by
	// default (RFC 9068 section 4). A server that writes "JWT" into access
	// tokens writes it into ID tokens as well: New wants what tells them apart
	// in Config.Require then.
	Types []string
	// Leeway is how far the clocks may differ for exp and nbf, 30 seconds by
	// default, at most 5 minutes; negative means none.
	Leeway time.Duration
}

// withDefaults returns the configuration with every option filled in. Times
// where a negative value means none are 0 then.
func (c Config) withDefaults() Config {
	for _, f := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&c.Timeout, DefaultTimeout},
		{&c.VerifyTTL, DefaultVerifyTTL},
		{&c.RefreshGrace, DefaultRefreshGrace},
	} {
		if *f.value == 0 {
			*f.value = f.fallback
		}
	}
	c.VerifyTTL, c.RefreshGrace = max(c.VerifyTTL, 0), max(c.RefreshGrace, 0)
	if c.TokenAuth == "" {
		c.TokenAuth = AuthBasic
	}
	if c.SubjectClaim == "" {
		c.SubjectClaim = DefaultSubjectClaim
	}
	if c.VerifyEntries == 0 {
		c.VerifyEntries = DefaultVerifyEntries
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.RefreshCache == nil {
		c.RefreshCache = newMemoryCache(c.Now)
	}
	if c.Introspection != nil {
		in := *c.Introspection
		if in.Auth == "" {
			in.Auth = AuthBasic
		}
		c.Introspection = &in
	}
	if c.JWT != nil {
		j := *c.JWT
		if len(j.Algorithms) == 0 {
			j.Algorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}
		}
		if len(j.Types) == 0 {
			j.Types = []string{DefaultTokenType}
		}
		if j.Leeway == 0 {
			j.Leeway = DefaultLeeway
		}
		j.Leeway = max(j.Leeway, 0)
		c.JWT = &j
	}
	return c
}
