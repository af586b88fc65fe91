package idp

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxToken is the most characters of an access token: it has to stand in a
// header.
const maxToken = 16 << 10

// tokenSet is a token answer of the upstream that was found sound.
type tokenSet struct {
	Access  string `json:"a"`
	Refresh string `json:"r"`
	Scope   string `json:"s,omitempty"`
	// ExpiresIn is in seconds from Received.
	ExpiresIn int64     `json:"e"`
	Received  time.Time `json:"t"`
}

// expiresIn is what is left of the access token's life, in seconds.
func (t tokenSet) expiresIn(now time.Time) int64 {
	age := max(now.Sub(t.Received), 0)
	return max(t.ExpiresIn-int64(age/time.Second), 0)
}

// readTokens reads an answer of the upstream's token endpoint. sent is the
// refresh token of the request, "" for a code. A *refusalError is what the
// upstream refused; other errors are failures.
func readTokens(got answer, sent string, fallbackLife time.Duration) (tokenSet, error) {
	if got.status != http.StatusOK {
		return tokenSet{}, readTokenError(got)
	}
	values, err := got.object()
	if err != nil {
		return tokenSet{}, err
	}
	if _, ok := values["error"]; ok {
		return tokenSet{}, fault("answered 200 with an error")
	}
	var t tokenSet
	if t.Access, err = tokenField(values, "access_token"); err != nil {
		return tokenSet{}, err
	}
	if t.Access == "" {
		return tokenSet{}, fault("answered no access_token")
	}
	if kind, ok := values["token_type"].(string); !ok || !strings.EqualFold(kind, "bearer") {
		return tokenSet{}, fault("answered a token_type other than bearer")
	}
	if t.Refresh, err = tokenField(values, "refresh_token"); err != nil {
		return tokenSet{}, err
	}
	if t.Refresh == "" {
		// RFC 6749 section 6: the one that was sent stays valid. PRISM's
		// client forgets its refresh token when an answer has none.
		t.Refresh = sent
	}
	if t.Refresh == "" {
		return tokenSet{}, fault("answered no refresh_token for a code: let it issue refresh tokens to this client (offline_access)")
	}
	if t.ExpiresIn, err = lifeField(values["expires_in"], fallbackLife); err != nil {
		return tokenSet{}, err
	}
	if scope, ok := values["scope"].(string); ok && (scope == "" || printable(scope, maxToken)) {
		t.Scope = scope
	}
	return t, nil
}

// tokenField returns "" for a field that is missing, null or empty.
func tokenField(values map[string]any, name string) (string, error) {
	value, ok := values[name]
	if !ok || value == nil || value == "" {
		return "", nil
	}
	token, ok := value.(string)
	if !ok || !wellFormedToken(token) {
		return "", fault("answered a malformed " + name)
	}
	return token, nil
}

// wellFormedToken reports whether a token can stand in a header (RFC 6749
// appendix A.12).
func wellFormedToken(token string) bool {
	return printable(token, maxToken) && !strings.Contains(token, " ")
}

// lifeField reads expires_in. Some servers send the number as a string.
func lifeField(value any, fallback time.Duration) (int64, error) {
	var text string
	switch v := value.(type) {
	case nil:
		if fallback == 0 {
			return 0, fault("answered no expires_in: set Config.DefaultExpiresIn")
		}
		return int64(fallback / time.Second), nil
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds <= 0 {
		return 0, fault("answered an expires_in that is no positive integer")
	}
	return min(seconds, math.MaxInt32), nil
}

// readTokenError reads an error answer (RFC 6749 section 5.2). Its status is
// not looked at beyond that it is one: servers differ.
func readTokenError(got answer) error {
	values, err := got.object()
	code, isText := values["error"].(string)
	refused, known := upstreamRefusals[code]
	clientError := got.status >= 400 && got.status < 500
	switch {
	case err == nil && clientError && known:
		return refused
	case err == nil && clientError && code == codeUnauthorizedClient:
		// Keycloak says so of a wrong secret, others of a grant type.
		return errOwnClient
	case err == nil && clientError && code == codeInvalidClient, got.status == http.StatusUnauthorized, got.status == http.StatusForbidden:
		return errOwnCredentials
	case err == nil && clientError && (code == codeServerError || code == codeTemporarilyUnavailable):
		return errUpstreamDown
	case err == nil && clientError && isText && code != "":
		return fault("answered an error code that the bridge does not know")
	case clientError:
		return fault("answered an error that is no OAuth error")
	}
	return fault("answered a status that no token endpoint has")
}
