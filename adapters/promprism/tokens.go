package promprism

import (
	"context"
	"strconv"

	"github.com/b2bprism/b2bprism/oauth"
)

const (
	outcomeIssued    = "issued"
	outcomeRefreshed = "refreshed"
	outcomeSibling   = "sibling"
)

// OAuthTrace returns the Trace to set as oauth.Config.Trace. Join it with
// another by oauth.JoinTraces.
func (m *Metrics) OAuthTrace() oauth.Trace {
	return oauth.Trace{
		TokenIssued:   m.tokenIssued,
		TokenRefused:  m.tokenRefused,
		ReuseDetected: m.reuseDetected,
		LoginFailed:   m.loginFailed,
	}
}

func (m *Metrics) tokenIssued(_ context.Context, event oauth.TokenEvent) {
	outcome := other
	switch {
	case event.Sibling:
		outcome = outcomeSibling
	case event.GrantType == "authorization_code":
		outcome = outcomeIssued
	case event.GrantType == "refresh_token":
		outcome = outcomeRefreshed
	}
	m.tokens.WithLabelValues(outcome).Inc()
}

func (m *Metrics) tokenRefused(_ context.Context, event oauth.RefusedEvent) {
	m.refusals.WithLabelValues(known(endpoints, event.Endpoint), known(refusalCodes, event.Code), known(refusalReasons, event.Reason)).Inc()
}

func (m *Metrics) reuseDetected(_ context.Context, event oauth.ReuseEvent) {
	m.reuse.WithLabelValues(known(reuses, event.What)).Inc()
}

func (m *Metrics) loginFailed(_ context.Context, event oauth.LoginEvent) {
	m.logins.WithLabelValues(strconv.FormatBool(event.Limited)).Inc()
}

func known(set map[string]bool, value string) string {
	if set[value] {
		return value
	}
	return other
}

var reuses = map[string]bool{"code": true, "refresh_token": true}

// endpoints are those of oauth.RefusedEvent.Endpoint.
var endpoints = map[string]bool{"token": true, "revoke": true, "introspect": true}

// refusalCodes are the error codes of RFC 6749 section 5.2, and the two of
// section 4.1.2.1 for a server that failed.
var refusalCodes = map[string]bool{
	"invalid_request":         true,
	"invalid_client":          true,
	"invalid_grant":           true,
	"invalid_scope":           true,
	"unauthorized_client":     true,
	"unsupported_grant_type":  true,
	"server_error":            true,
	"temporarily_unavailable": true,
}

// refusalReasons are the texts of oauth.RefusedEvent.Reason, as they stand in
// the log, so that a peak leads to its entries.
var refusalReasons = map[string]bool{
	"a parameter is there more than once":             true,
	"client unknown or secret wrong":                  true,
	"client_id differs from the authenticated client": true,
	"code expired":    true,
	"code is missing": true,
	"code or refresh token of another client":                    true,
	"code redeemed before":                                       true,
	"code unknown":                                               true,
	"code_verifier missing":                                      true,
	"code_verifier without a challenge":                          true,
	"code_verifier wrong":                                        true,
	"grant_type is missing":                                      true,
	"grant_type must be authorization_code or refresh_token":     true,
	"old refresh token":                                          true,
	"redirect_uri differs from the authorization request":        true,
	"redirect_uri is missing":                                    true,
	"refresh token expired":                                      true,
	"refresh token rotated":                                      true,
	"refresh token unknown":                                      true,
	"sign-in over or revoked":                                    true,
	"the body ended early":                                       true,
	"the body is malformed":                                      true,
	"the body is too long":                                       true,
	"the client is authenticated in more than one way":           true,
	"the client must use PKCE":                                   true,
	"the content type must be application/x-www-form-urlencoded": true,
	"the method is not allowed here":                             true,
	"the parameters must be in the body, not in the query":       true,
	"the query is malformed":                                     true,
	"the query is too long":                                      true,
	"the refresh token is missing":                               true,
	"the scope is wider than what was granted":                   true,
	"the server failed":                                          true,
	"token is missing":                                           true,
	"token, _token and refresh_token differ":                     true,
	"user missing or disabled":                                   true,
}
