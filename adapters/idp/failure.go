package idp

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/b2bprism/b2bprism/prism"
)

// Error codes of RFC 6749 sections 4.1.2.1 and 5.2.
const (
	codeInvalidRequest         = "invalid_request"
	codeInvalidClient          = "invalid_client"
	codeInvalidGrant           = "invalid_grant"
	codeUnauthorizedClient     = "unauthorized_client"
	codeUnsupportedGrantType   = "unsupported_grant_type"
	codeInvalidScope           = "invalid_scope"
	codeServerError            = "server_error"
	codeTemporarilyUnavailable = "temporarily_unavailable"
)

// refusalError is a token request that is answered with an OAuth error, as
// opposed to one that failed. All are listed here, so that logs and traces
// have a fixed set of reasons, and no word of the upstream's reaches the wire.
type refusalError struct {
	// code is sent as error, reason logged and traced.
	code, reason string
}

func (r *refusalError) Error() string { return "idp: " + r.code + ": " + r.reason }

// description is sent as error_description. What exactly is wrong with a grant
// or with credentials is nobody's business.
func (r *refusalError) description() string {
	switch r.code {
	case codeInvalidClient:
		return "the client is unknown or its secret is wrong"
	case codeInvalidGrant:
		return "the code or the refresh token is not valid for this request"
	}
	return r.reason
}

// Refusals by the bridge.
var (
	errMethod         = &refusalError{codeInvalidRequest, "the method is not allowed here"}
	errClient         = &refusalError{codeInvalidClient, "client unknown or secret wrong"}
	errQueryTooLong   = &refusalError{codeInvalidRequest, "the query is too long"}
	errQueryMalformed = &refusalError{codeInvalidRequest, "the query is malformed"}
	errDuplicate      = &refusalError{codeInvalidRequest, "a parameter is there more than once"}
	errNoGrantType    = &refusalError{codeInvalidRequest, "grant_type is missing"}
	errGrantType      = &refusalError{codeUnsupportedGrantType, "grant_type must be authorization_code or refresh_token"}
	errNoCode         = &refusalError{codeInvalidRequest, "code is missing"}
	errNoRefreshToken = &refusalError{codeInvalidRequest, "the refresh token is missing"}
	errRefreshDiffer  = &refusalError{codeInvalidRequest, "token, _token and refresh_token differ"}
)

// Refusals by the upstream.
var (
	errUpstreamRequest   = &refusalError{codeInvalidRequest, "the authorization server refused the request"}
	errUpstreamGrant     = &refusalError{codeInvalidGrant, "the upstream refused the code or the refresh token"}
	errUpstreamGrantType = &refusalError{codeUnsupportedGrantType, "the authorization server does not support this grant type"}
	errUpstreamScope     = &refusalError{codeInvalidScope, "the scope is not allowed"}
)

// upstreamRefusals maps the upstream's error codes. invalid_client and
// unauthorized_client are not among them: PRISM has authenticated to us, so
// they mean that the bridge's own credentials or what the upstream allows its
// client are wrong. PRISM can repair neither, and a 401 would sign the
// streamer out.
var upstreamRefusals = map[string]*refusalError{
	codeInvalidRequest:       errUpstreamRequest,
	codeInvalidGrant:         errUpstreamGrant,
	codeUnsupportedGrantType: errUpstreamGrantType,
	codeInvalidScope:         errUpstreamScope,
	// What Hydra has answered for a refresh token that was used before.
	"token_inactive": errUpstreamGrant,
}

// faultError is an upstream that answered what it must not. It wraps
// prism.ErrUnavailable: whoever does not know it answers 503.
type faultError struct {
	// reason continues "the upstream", from a fixed set.
	reason string
}

func fault(reason string) error { return &faultError{reason} }

func (f *faultError) Error() string { return "idp: the upstream " + f.reason }

func (f *faultError) Unwrap() error { return prism.ErrUnavailable }

// failure is how a token request that failed is answered.
func failure(err error) (code string, status int, reason string) {
	if f, ok := errors.AsType[*faultError](err); ok {
		return codeServerError, http.StatusBadGateway, "the upstream " + f.reason
	}
	switch {
	case errors.Is(err, prism.ErrTimeout):
		return codeTemporarilyUnavailable, http.StatusGatewayTimeout, "the upstream did not answer in time"
	case errors.Is(err, prism.ErrUnavailable):
		return codeTemporarilyUnavailable, http.StatusServiceUnavailable, "the upstream is not available"
	}
	return codeTemporarilyUnavailable, http.StatusServiceUnavailable, "the request ended early"
}

// refuseToken returns an error for an access token that is not good.
func refuseToken(reason string) error {
	return fmt.Errorf("idp: the access token %s: %w", reason, prism.ErrUnauthorized)
}

// Failures that have a known cause.
var (
	errOwnCredentials = fmt.Errorf("idp: the upstream refused the bridge's own credentials: check UpstreamID, UpstreamSecret and TokenAuth, or those of Introspection: %w", prism.ErrUnavailable)
	errOwnClient      = fmt.Errorf("idp: the upstream answered unauthorized_client: check UpstreamID, UpstreamSecret and TokenAuth, and that the client may use authorization_code and refresh_token: %w", prism.ErrUnavailable)
	errUpstreamDown   = fmt.Errorf("idp: the upstream says that it is not available: %w", prism.ErrUnavailable)
)
