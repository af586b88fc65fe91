package otelprism

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/b2bprism/b2bprism/oauth"
)

const keyOutcome = attribute.Key("b2bprism.oauth.outcome")

// Outcomes of a token request that was answered with a pair.
const (
	outcomeIssued    = "issued"
	outcomeRefreshed = "refreshed"
	outcomeSibling   = "sibling"
)

// other stands in an attribute of a metric for every value that is not of the
// known set. Attributes of spans and events are as they come.
const other = "other"

// beginAtZero makes the series whose first event matters: a rate over a
// series that begins with 1 misses it.
func (m *meters) beginAtZero() {
	ctx := context.Background()
	for _, outcome := range []string{outcomeIssued, outcomeRefreshed, outcomeSibling} {
		m.tokens.Add(ctx, 0, metric.WithAttributes(keyOutcome.String(outcome)))
	}
	for what := range reuses {
		m.reuse.Add(ctx, 0, metric.WithAttributes(keyReused.String(what)))
	}
	for _, limited := range []bool{false, true} {
		m.logins.Add(ctx, 0, metric.WithAttributes(keyLimited.Bool(limited)))
	}
}

func (m *meters) tokenIssued(ctx context.Context, event oauth.TokenEvent) {
	if m == nil {
		return
	}
	outcome := other
	switch {
	case event.Sibling:
		outcome = outcomeSibling
	case event.GrantType == "authorization_code":
		outcome = outcomeIssued
	case event.GrantType == "refresh_token":
		outcome = outcomeRefreshed
	}
	m.tokens.Add(ctx, 1, metric.WithAttributes(keyOutcome.String(outcome)))
}

func (m *meters) tokenRefused(ctx context.Context, event oauth.RefusedEvent) {
	if m == nil {
		return
	}
	m.refusals.Add(ctx, 1, metric.WithAttributes(
		keyEndpoint.String(known(endpoints, event.Endpoint)), keyCode.String(known(refusalCodes, event.Code)),
		keyReason.String(known(refusalReasons, event.Reason))))
}

func (m *meters) reuseDetected(ctx context.Context, event oauth.ReuseEvent) {
	if m != nil {
		m.reuse.Add(ctx, 1, metric.WithAttributes(keyReused.String(known(reuses, event.What))))
	}
}

func (m *meters) loginFailed(ctx context.Context, event oauth.LoginEvent) {
	if m != nil {
		m.logins.Add(ctx, 1, metric.WithAttributes(keyLimited.Bool(event.Limited)))
	}
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
