package oauth

import (
	"go.uber.org/zap"
)

// Server is the authorization server. It is safe for concurrent use.
type Server struct {
	cfg Config // with defaults filled in; cfg.Logger is never nil
	log *zap.Logger
}

// authorizeParams are the checked parameters of an authorization request
// (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
type authorizeParams struct {
	ClientID    string
	RedirectURI string
	State       string
	HasState    bool
	Scope       string
	Challenge   string
}
