package idp

import (
	"context"
	"time"
)

// Trace observes a Bridge: set the functions you want. They must be fast and
// safe for concurrent use. They never see a code, a token or a secret.
type Trace struct {
	// UpstreamDone is called after every call to the upstream.
	UpstreamDone func(ctx context.Context, event UpstreamEvent)
	// TokenIssued is called when the token endpoint answered with tokens.
	TokenIssued func(ctx context.Context, event TokenEvent)
	// TokenRefused is called when the token endpoint answered an error.
	TokenRefused func(ctx context.Context, event RefusedEvent)
}

// UpstreamEvent tells of one call to the upstream.
type UpstreamEvent struct {
	// Endpoint is "token", "introspection" or "keys".
	Endpoint string
	// Status is the HTTP status, 0 if no answer came.
	Status   int
	Duration time.Duration
}

// TokenEvent tells of tokens that were given to PRISM.
type TokenEvent struct {
	ClientID string
	// GrantType is "authorization_code" or "refresh_token".
	GrantType string
	// Repeated is set for the answer of an earlier refresh with the same
	// refresh token, or of one at the same time.
	Repeated bool
}

// RefusedEvent tells of a request that the token endpoint refused.
type RefusedEvent struct {
	// ClientID is set once the client was authenticated.
	ClientID  string
	GrantType string
	// Code is the error code that was sent.
	Code string
	// Reason says more, from a fixed set, for example "the upstream answered
	// no JSON".
	Reason string
}
