package gateway

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// MinTokenLife is the life that an access token must exceed: with less left,
// the PRISM client refreshes before every call.
const MinTokenLife = 180 * time.Second

// Tokens is a token answer. Its String keeps the tokens out of logs.
type Tokens struct {
	AccessToken, RefreshToken string
	ExpiresIn                 time.Duration
	// TokenType is "bearer" in any case.
	TokenType string
	// Scope is "" when the answer has none.
	Scope string
}

// String tells type and life, not the tokens.
func (t Tokens) String() string { return fmt.Sprintf("tokens (%s, %s)", t.TokenType, t.ExpiresIn) }

// GoString is String, for %#v.
func (t Tokens) GoString() string { return t.String() }

// tokenText is what a token may be made of (RFC 6749 appendix A.12): it has to
// stand in a header.
var tokenText = regexp.MustCompile(`^[\x21-\x7e]+$`)

// descriptionText is RFC 6749 section 5.2.
var descriptionText = regexp.MustCompile(`^[\x20-\x21\x23-\x5b\x5d-\x7e]*$`)

// tokenErrors are the codes of RFC 6749 section 5.2.
var tokenErrors = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
}

// decodeTokens reads an answer of the token endpoint, which has no envelope.
func decodeTokens(r *report, resp *Response) (Tokens, error) {
	if resp.Status >= 300 && resp.Status < 400 {
		r.add(RuleNoRedirect, "", "got status %d", resp.Status)
		return Tokens{}, nil
	}
	checkHeader(r, resp, "application/json")
	root := decodeObject(r, resp)
	if root == nil {
		return Tokens{}, nil
	}
	if resp.Status != http.StatusOK || root.members["error"] != nil {
		return Tokens{}, decodeTokenError(r, resp.Status, root)
	}
	for _, key := range []string{"success", "data"} {
		if root.members[key] != nil {
			r.add(RuleTokenAnswer, key, "the answer has an envelope")
		}
	}
	return tokensOf(r, root), nil
}

func tokensOf(r *report, root *node) Tokens {
	var t Tokens
	text := func(key string, when need) string {
		n, ok := root.members[key]
		switch {
		case !ok && when == required:
			r.add(RuleTokenAnswer, key, "the field is missing")
		case !ok:
		case n.kind != kindString:
			r.add(RuleTokenAnswer, key, "got %s, want a string", n.kind)
		case when == required && !tokenText.MatchString(n.text):
			r.add(RuleTokenAnswer, key, "the text is empty or cannot stand in a header")
		default:
			return n.text
		}
		return ""
	}
	t.AccessToken = text("access_token", required)
	t.RefreshToken = text("refresh_token", required)
	t.TokenType = text("token_type", required)
	t.Scope = text("scope", optional)
	if t.TokenType != "" && !strings.EqualFold(t.TokenType, "bearer") {
		r.add(RuleTokenAnswer, "token_type", "got %s, want bearer", shown(t.TokenType))
	}
	n, ok := root.members["expires_in"]
	if !ok {
		r.add(RuleTokenAnswer, "expires_in", "the field is missing")
		return t
	}
	seconds, ok := integer(n)
	if !ok {
		r.add(RuleTokenAnswer, "expires_in", "got %s, want an integer of 0 to %d", describe(n), maxNumber)
		return t
	}
	t.ExpiresIn = time.Duration(seconds) * time.Second
	if t.ExpiresIn <= MinTokenLife {
		r.add(RuleTokenLifetime, "expires_in", "got %d, want more than %d", seconds, int(MinTokenLife.Seconds()))
	}
	return t
}

// decodeTokenError reads an RFC 6749 error. Failures that stand before OAuth,
// such as TLS_REQUIRED or a time-out, may come as an envelope.
func decodeTokenError(r *report, status int, root *node) error {
	oauthStatus := status == http.StatusBadRequest || status == http.StatusUnauthorized
	if root.members["success"] != nil && root.members["error"] == nil && !oauthStatus {
		_, failure := decodeEnvelope(r, status, root)
		return failure
	}
	e := &TokenError{Status: status}
	n := root.members["error"]
	if n == nil || n.kind != kindString || n.text == "" {
		r.add(RuleTokenError, "error", "status %d: the error code is missing", status)
		return nil
	}
	e.Code = n.text
	if d := root.members["error_description"]; d != nil {
		if d.kind != kindString || !descriptionText.MatchString(d.text) {
			r.add(RuleTokenError, "error_description", "got %s, want printable ASCII without quotes and backslashes", describe(d))
		}
		e.Description = d.text
		checkInternals(r, "error_description", d.text)
	}
	switch {
	case status >= 500:
	case !slices.Contains(tokenErrors, e.Code):
		r.add(RuleTokenError, "error", "got %s, which RFC 6749 section 5.2 does not have", shown(e.Code))
	case !oauthStatus:
		r.add(RuleTokenError, "", "got status %d, want 400 or 401", status)
	case status == http.StatusUnauthorized && e.Code != "invalid_client":
		r.add(RuleTokenError, "", "got status 401 with %s, want 400", shown(e.Code))
	}
	return e
}
