package oauth

import (
	"net/url"
	"slices"
)

// authorizeParams are the checked parameters of an authorization request
// (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
type authorizeParams struct {
	ClientID    string
	RedirectURI string
	// NamedURI tells that the request named RedirectURI itself.
	NamedURI  bool
	State     string
	HasState  bool
	Scope     string
	Challenge string
	Prompt    prompt
}

// redirectFor returns where the answer to a request of the client goes: the
// URI that it names, or the only one that it has. "" means that there is no
// address that can be trusted.
func redirectFor(client Client, values url.Values) string {
	uri := values.Get("redirect_uri")
	if uri == "" {
		// Only a request that names none means the only one there is. One that
		// names it twice or names an empty one must not be answered by guess.
		if values.Has("redirect_uri") || len(client.RedirectURIs) != 1 {
			return ""
		}
		uri = client.RedirectURIs[0]
	}
	if !slices.Contains(client.RedirectURIs, uri) {
		return ""
	}
	return uri
}

// checkAuthorize checks what else an authorization request says, once client
// and redirect URI are known to be good, and fills in p.
func checkAuthorize(client Client, values url.Values, p *authorizeParams) error {
	switch values.Get("response_type") {
	case "code":
	case "":
		return errNoResponseType
	default:
		return errResponseType
	}
	if mode := values.Get("response_mode"); mode != "" && mode != "query" {
		return errResponseMode
	}
	scope, ok := normalizeScope(values.Get("scope"), client.Scopes)
	if !ok {
		return errScope
	}
	challenge, method := values.Get("code_challenge"), values.Get("code_challenge_method")
	if err := checkChallenge(client, challenge, method); err != nil {
		return err
	}
	prompt, err := parsePrompt(values.Get("prompt"))
	if err != nil {
		return err
	}
	p.Scope, p.Challenge, p.Prompt = scope, challenge, prompt
	return nil
}

// checkChallenge takes S256 only. A missing method means plain (RFC 7636
// section 4.3), which protects nothing against whoever can read the request.
func checkChallenge(client Client, challenge, method string) error {
	switch {
	case challenge == "" && (client.RequirePKCE || method != ""):
		return errChallengeMissing
	case challenge == "":
		return nil
	case method != methodS256:
		return errChallengeMethod
	case !validChallenge(challenge):
		return errChallenge
	}
	return nil
}
