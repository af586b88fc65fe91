package oauth

import "context"

// Trace observes a Server: set the functions you want. They are called in the
// request's goroutine, so they must be fast and safe for concurrent use. They
// never see a code, a token or a secret.
type Trace struct {
	// TokenIssued is called after a pair was saved.
	TokenIssued func(ctx context.Context, event TokenEvent)
	// TokenRefused is called when a token, revocation or introspection
	// endpoint answered an error.
	TokenRefused func(ctx context.Context, event RefusedEvent)
	// ReuseDetected is called when a replayed code or an old refresh token
	// revoked a family.
	ReuseDetected func(ctx context.Context, event ReuseEvent)
	// LoginFailed is called when the password page refused a sign-in.
	LoginFailed func(ctx context.Context, event LoginEvent)
}

// TokenEvent tells of a pair that was issued.
type TokenEvent struct {
	ClientID, UserID, FamilyID string
	// GrantType is "authorization_code" or "refresh_token".
	GrantType string
	// Sibling is set for a refresh that was answered within the grace rules.
	Sibling bool
}

// RefusedEvent tells of a request that was answered with an error.
type RefusedEvent struct {
	// Endpoint is "token" in either dialect, "revoke" or "introspect".
	Endpoint string
	// ClientID is set once the client was authenticated.
	ClientID string
	// GrantType is set for the endpoint "token" if it is one that exists.
	GrantType string
	// Code is the RFC 6749 error code that was sent.
	Code string
	// Reason says more, from a fixed set, for example "code expired".
	Reason string
}

// ReuseEvent tells of a family that was revoked because something of it came
// back.
type ReuseEvent struct {
	ClientID, UserID, FamilyID string
	// What is "code" or "refresh_token".
	What string
}

// LoginEvent tells of a refused sign-in. It has no account name: what people
// type there is sometimes their password.
type LoginEvent struct {
	ClientID string
	// Limited is set when the limiter refused before the password was looked at.
	Limited bool
}
