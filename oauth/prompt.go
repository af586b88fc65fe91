package oauth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// The values of prompt that mean something here.
const (
	promptNone    = "none"
	promptLogin   = "login"
	promptConsent = "consent"
)

// prompt is the parameter of that name (OpenID Connect Core 1.0 section
// 3.1.2.1), which clients without OpenID use as well.
type prompt struct{ none, login, consent bool }

// parsePrompt ignores values that it does not know.
func parsePrompt(value string) (prompt, error) {
	var p prompt
	for word := range strings.SplitSeq(value, " ") {
		switch word {
		case promptNone:
			p.none = true
		case promptLogin:
			p.login = true
		case promptConsent:
			p.consent = true
		}
	}
	if p.none && strings.Trim(value, " ") != promptNone {
		return prompt{}, errPrompt
	}
	return p, nil
}

// withoutLogin takes the demand to sign in anew out of the query of a request
// whose prompt is p. Whoever comes back has been asked, and a Login that cannot
// obey is not asked for ever.
func (p prompt) withoutLogin(rawQuery string) string {
	if !p.login {
		return rawQuery
	}
	var kept []string
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err == nil && name == "prompt" {
			if !p.consent {
				continue
			}
			pair = "prompt=" + promptConsent
		}
		kept = append(kept, pair)
	}
	return strings.Join(kept, "&")
}

type interactionKey struct{}

// InteractionFrom returns the authorization request for which SessionLogin
// calls the host's function, from the context of the request that it passes.
func InteractionFrom(ctx context.Context) (in Interaction, ok bool) {
	in, ok = ctx.Value(interactionKey{}).(Interaction)
	return in, ok
}

// nowhere is the ResponseWriter of a Login that may show nothing.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header       { return n.header }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}
