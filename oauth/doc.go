// Package oauth is the OAuth 2.0 authorization server that PRISM Live Studio
// needs, for embedding: the authorization endpoint with the host's own sign-in
// or a password page and an optional consent page, the token endpoint in
// PRISM's dialect, verification and revocation. For other clients it has the
// standard dialect: the token endpoint of RFC 6749, revocation (RFC 7009),
// introspection (RFC 7662) and metadata (RFC 8414).
//
// It issues authorization codes and rotating refresh tokens, and nothing else:
// the implicit, password and client credentials grants do not exist here.
//
// A [Server] is a prism.Authenticator: set it as prism.Config.Auth and the
// service mounts its endpoints. Tokens are kept in a [Store], which sees only
// their SHA-256 digests.
package oauth
