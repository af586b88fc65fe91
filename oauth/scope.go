package oauth

import (
	"slices"
	"strings"
)

// validScopeToken reports whether token is one by RFC 6749 section 3.3.
func validScopeToken(token string) bool {
	for i := range len(token) {
		if c := token[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return token != ""
}

// normalizeScope returns the scope with single spaces and without repetitions.
// ok is false when a token is malformed or not among those allowed.
func normalizeScope(scope string, allowed []string) (normal string, ok bool) {
	if scope == "" {
		return "", true
	}
	var tokens []string
	for token := range strings.SplitSeq(scope, " ") {
		if token == "" || slices.Contains(tokens, token) {
			continue
		}
		if !validScopeToken(token) || !slices.Contains(allowed, token) {
			return "", false
		}
		tokens = append(tokens, token)
	}
	return strings.Join(tokens, " "), true
}

// withinScope reports whether every token of scope is one of granted.
func withinScope(scope, granted string) bool {
	_, ok := normalizeScope(scope, strings.Fields(granted))
	return ok
}
