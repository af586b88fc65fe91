package prism

import (
	"context"
	"net/http"
)

// Principal is who a valid access token speaks for.
type Principal struct {
	// UserID is the acting user. It is never empty.
	UserID string
	// ClientID is the OAuth client that the token was issued to.
	ClientID string
	// Scope is the token's scope, or "".
	Scope string
}

// Authenticator verifies access tokens (Config.Auth). An *oauth.Server is one.
type Authenticator interface {
	// Verify returns whom the token speaks for. It returns an error that
	// wraps ErrUnauthorized for a token that is unknown, expired or revoked,
	// and ErrUnavailable when it cannot tell. It must be safe for concurrent
	// use and must not log the token.
	Verify(ctx context.Context, accessToken string) (Principal, error)
}

// TokenEndpoint is implemented by an Authenticator that also issues tokens in
// PRISM's dialect (GET, client credentials in headers). The service mounts it
// at /v1/service/oauth2/token.
type TokenEndpoint interface {
	ServePRISMToken(w http.ResponseWriter, r *http.Request)
}

// AuthorizeEndpoint is implemented by an Authenticator that also has the
// OAuth 2.0 authorization endpoint (RFC 6749 section 3.1). The service mounts
// it at /oauth/authorize.
type AuthorizeEndpoint interface {
	ServeAuthorize(w http.ResponseWriter, r *http.Request)
}

// StandardEndpoints is implemented by an Authenticator that also serves other
// OAuth 2.0 clients than PRISM. The service mounts ServeToken (RFC 6749 section
// 3.2) at /oauth2/token, ServeRevoke (RFC 7009) at /oauth2/revoke and
// ServeIntrospect (RFC 7662) at /oauth2/introspect, and the three below /oauth
// as well. All are POST.
type StandardEndpoints interface {
	ServeToken(w http.ResponseWriter, r *http.Request)
	ServeRevoke(w http.ResponseWriter, r *http.Request)
	ServeIntrospect(w http.ResponseWriter, r *http.Request)
	// MetadataHandler serves the metadata (RFC 8414); see
	// Service.MetadataHandler.
	MetadataHandler() http.Handler
}
