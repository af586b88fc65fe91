package oauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/b2bprism/b2bprism/prism"
)

// Error codes of RFC 6749 sections 4.1.2.1 and 5.2.
const (
	codeInvalidRequest          = "invalid_request"
	codeInvalidClient           = "invalid_client"
	codeInvalidGrant            = "invalid_grant"
	codeInvalidScope            = "invalid_scope"
	codeAccessDenied            = "access_denied"
	codeUnsupportedGrantType    = "unsupported_grant_type"
	codeUnsupportedResponseType = "unsupported_response_type"
	codeServerError             = "server_error"
	codeTemporarilyUnavailable  = "temporarily_unavailable"
	// Of OpenID Connect Core 1.0 section 3.1.2.6.
	codeLoginRequired   = "login_required"
	codeConsentRequired = "consent_required"
)

// refusalError is why a request is answered with an OAuth error, as opposed to
// one that failed. All refusals are in the lists below, so that logs and traces
// have a fixed set of reasons.
type refusalError struct {
	// code is sent as error, reason logged and traced.
	code, reason string
}

func (r *refusalError) Error() string { return "oauth: " + r.code + ": " + r.reason }

// description is sent as error_description. What exactly is wrong with a grant
// or with credentials is nobody's business: it would tell a code that exists
// from one that does not.
func (r *refusalError) description() string {
	switch r.code {
	case codeInvalidClient:
		return "the client is unknown or its secret is wrong"
	case codeInvalidGrant:
		return "the code or the refresh token is not valid for this request"
	}
	return r.reason
}

// Refusals of all endpoints.
var (
	errQueryTooLong   = &refusalError{codeInvalidRequest, "the query is too long"}
	errQueryMalformed = &refusalError{codeInvalidRequest, "the query is malformed"}
	errDuplicate      = &refusalError{codeInvalidRequest, "a parameter is there more than once"}
)

// Refusals of the authorization endpoint.
var (
	errNoResponseType   = &refusalError{codeInvalidRequest, "response_type is missing"}
	errResponseType     = &refusalError{codeUnsupportedResponseType, "response_type must be code"}
	errScope            = &refusalError{codeInvalidScope, "the client may not ask for this scope"}
	errChallengeMissing = &refusalError{codeInvalidRequest, "code_challenge is missing"}
	errChallengeMethod  = &refusalError{codeInvalidRequest, "code_challenge_method must be S256"}
	errChallenge        = &refusalError{codeInvalidRequest, "code_challenge is not an S256 challenge"}
	errResponseMode     = &refusalError{codeInvalidRequest, "response_mode must be query"}
	errPrompt           = &refusalError{codeInvalidRequest, "prompt none must stand alone"}
	errLoginRequired    = &refusalError{codeLoginRequired, "the user has to sign in"}
	errConsentRequired  = &refusalError{codeConsentRequired, "the user has to consent"}
	errUserDenied       = &refusalError{codeAccessDenied, "the user denied the request"}
	errUserRefused      = &refusalError{codeAccessDenied, "the user is missing or disabled"}
)

// Refusals of requests in the standard dialect, before their grant or token
// is looked at.
var (
	errFormType       = &refusalError{codeInvalidRequest, "the content type must be application/x-www-form-urlencoded"}
	errFormQuery      = &refusalError{codeInvalidRequest, "the parameters must be in the body, not in the query"}
	errFormTooLong    = &refusalError{codeInvalidRequest, "the body is too long"}
	errFormMalformed  = &refusalError{codeInvalidRequest, "the body is malformed"}
	errFormUnreadable = &refusalError{codeInvalidRequest, "the body ended early"}
	errTwoCredentials = &refusalError{codeInvalidRequest, "the client is authenticated in more than one way"}
	errClientDiffers  = &refusalError{codeInvalidRequest, "client_id differs from the authenticated client"}
	errNoToken        = &refusalError{codeInvalidRequest, "token is missing"}
)

// Refusals of the token endpoint.
var (
	errMethod          = &refusalError{codeInvalidRequest, "the method is not allowed here"}
	errClient          = &refusalError{codeInvalidClient, "client unknown or secret wrong"}
	errNoGrantType     = &refusalError{codeInvalidRequest, "grant_type is missing"}
	errGrantType       = &refusalError{codeUnsupportedGrantType, "grant_type must be authorization_code or refresh_token"}
	errNoCode          = &refusalError{codeInvalidRequest, "code is missing"}
	errNoRefreshToken  = &refusalError{codeInvalidRequest, "the refresh token is missing"}
	errRefreshDiffer   = &refusalError{codeInvalidRequest, "token, _token and refresh_token differ"}
	errCodeUnknown     = &refusalError{codeInvalidGrant, "code unknown"}
	errCodeExpired     = &refusalError{codeInvalidGrant, "code expired"}
	errCodeReused      = &refusalError{codeInvalidGrant, "code redeemed before"}
	errRedirect        = &refusalError{codeInvalidGrant, "redirect_uri differs from the authorization request"}
	errRedirectMissing = &refusalError{codeInvalidRequest, "redirect_uri is missing"}
	errNoChallenge     = &refusalError{codeInvalidGrant, "the client must use PKCE"}
	errVerifierUnasked = &refusalError{codeInvalidGrant, "code_verifier without a challenge"}
	errVerifierMissing = &refusalError{codeInvalidGrant, "code_verifier missing"}
	errVerifierWrong   = &refusalError{codeInvalidGrant, "code_verifier wrong"}
	errRefreshUnknown  = &refusalError{codeInvalidGrant, "refresh token unknown"}
	errRefreshExpired  = &refusalError{codeInvalidGrant, "refresh token expired"}
	errRefreshRevoked  = &refusalError{codeInvalidGrant, "sign-in over or revoked"}
	errRefreshOld      = &refusalError{codeInvalidGrant, "refresh token rotated"}
	errRefreshReused   = &refusalError{codeInvalidGrant, "old refresh token"}
	errForeign         = &refusalError{codeInvalidGrant, "code or refresh token of another client"}
	errUserGone        = &refusalError{codeInvalidGrant, "user missing or disabled"}
	errScopeWider      = &refusalError{codeInvalidScope, "the scope is wider than what was granted"}
)

// failure is how a request that failed is answered: the error code and the
// status of an answer that is no redirect.
func failure(err error) (code string, status int) {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return codeTemporarilyUnavailable, http.StatusGatewayTimeout
	case errors.Is(err, prism.ErrUnavailable):
		return codeTemporarilyUnavailable, http.StatusServiceUnavailable
	case errors.Is(err, prism.ErrTimeout):
		return codeTemporarilyUnavailable, http.StatusGatewayTimeout
	}
	return codeServerError, http.StatusInternalServerError
}
