// Package oauth is the OAuth 2.0 authorization server that PRISM Live Studio
// needs, for embedding: the authorization endpoint with the host's own sign-in
// or a password page, the token endpoint in PRISM's dialect, verification and
// revocation. It issues authorization codes and rotating refresh tokens, and
// nothing else: the implicit, password and client credentials grants do not
// exist here.
//
// A [Server] is a prism.Authenticator: set it as prism.Config.Auth and the
// service mounts its endpoints. Tokens are kept in a [Store], which sees only
// their SHA-256 digests.
package oauth
