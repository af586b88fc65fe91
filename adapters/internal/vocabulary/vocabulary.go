// Package vocabulary has the words of packages oauth and prism that may stand
// in a metric, so that nobody can make series without end. They are not
// exported as lists where they are from: tests read them from the source.
package vocabulary

import "github.com/b2bprism/b2bprism/prism"

// Other stands for every value that is not of the known set.
const Other = "other"

// EndReasons are the reasons of package prism.
func EndReasons() []prism.EndReason {
	return []prism.EndReason{
		prism.EndedByStreamer, prism.EndedByNewerLive, prism.EndedByHost,
		prism.EndedByChannel, prism.EndedByIngestTimeout, Other,
	}
}

// Known returns value if it is in the set, else Other.
func Known(set map[string]bool, value string) string {
	if set[value] {
		return value
	}
	return Other
}

// Reused are those of oauth.ReuseEvent.What.
var Reused = map[string]bool{"code": true, "refresh_token": true}

// Endpoints are those of oauth.RefusedEvent.Endpoint.
var Endpoints = map[string]bool{"token": true, "revoke": true, "introspect": true}

// RefusalCodes are the error codes of RFC 6749 section 5.2, and the two of
// section 4.1.2.1 for a server that failed.
var RefusalCodes = map[string]bool{
	"invalid_request":         true,
	"invalid_client":          true,
	"invalid_grant":           true,
	"invalid_scope":           true,
	"unauthorized_client":     true,
	"unsupported_grant_type":  true,
	"server_error":            true,
	"temporarily_unavailable": true,
}

// RefusalReasons are the texts of oauth.RefusedEvent.Reason, as they stand in
// the log, so that a peak leads to its entries.
var RefusalReasons = map[string]bool{
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
