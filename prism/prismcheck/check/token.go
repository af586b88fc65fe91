package check

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

const tokenPath = "/oauth2/token" //nolint:gosec // a path, not a token

var tokenChecks = []Check{
	{
		ID: "token.issue", setup: true, Severity: Required, Source: srcAPI + ": token",
		Title: "A code is exchanged for tokens, by GET, with the client's id and secret in headers.",
		Fix:   "Serve GET /prism/v1/service/oauth2/token with x-prism-client-id and x-prism-client-secret; the answer is flat JSON, no envelope.",
		run:   checkIssue,
	},
	{
		ID: "token.no-redirect-uri", Severity: Required, Source: srcAPI + ": token, sample",
		Title: "The exchange works without redirect_uri.",
		Fix:   "redirect_uri is optional at PRISM's token endpoint; check it only when it is sent.",
		run:   func(p *probe) { checkExchangeWith(p, url.Values{"redirect_uri": nil}) },
	},
	{
		ID: "token.state-ignored", Severity: Required, Source: srcAPI + ": token",
		Title: "The exchange works with a state parameter.",
		Fix:   "Accept state at the token endpoint and ignore it.",
		run:   func(p *probe) { checkExchangeWith(p, url.Values{"state": {rand.Text()}}) },
	},
	{
		ID: "token.redirect-uri", Severity: Security, Source: "RFC 6749 section 4.1.3",
		Title: "The exchange is refused when redirect_uri is sent and is not that of the authorization request.",
		Fix:   "Keep redirect_uri with the code and compare the two as whole strings: 400 invalid_grant.",
		run:   checkExchangeRedirectURI,
	},
	{
		ID: "token.secret", Severity: Security, Source: srcAPI + ": token; RFC 6749 section 3.2.1",
		Title: "A code is not exchanged with a wrong or a missing client secret, and the answer is 401 invalid_client.",
		Fix:   "Authenticate the client before anything else: compare the secret in constant time, answer 401 with error invalid_client.",
		run:   checkExchangeSecret,
	},
	{
		ID: "token.client", Severity: Security, Source: "RFC 6749 section 5.2",
		Title: "An unknown client gets no tokens, and 401 invalid_client.",
		Fix:   "Answer an unknown x-prism-client-id like a wrong secret.",
		run:   checkExchangeClient,
	},
	{
		ID: "token.code", Severity: Required, Source: "RFC 6749 section 5.2",
		Title: "An unknown code is answered with 400 invalid_grant.",
		Fix:   "Answer a code that is unknown, used or expired with 400 and error invalid_grant; 401 would log the streamer out.",
		run:   checkUnknownCode,
	},
	{
		ID: "token.grant-type", Severity: Security, Source: "RFC 6749 section 5.2; RFC 9700 section 2.4",
		Title: "Grants other than authorization_code and refresh_token are refused.",
		Fix:   "Answer 400 unsupported_grant_type to password, client_credentials and everything else.",
		run:   checkGrantType,
	},
	{
		ID: "token.parameters", Severity: Recommended, Source: "RFC 6749 sections 3.2 and 5.2",
		Title: "A token request with a missing or a doubled parameter is answered with 400 invalid_request.",
		Fix:   "Refuse repeated parameters; name the missing one in error_description.",
		run:   checkParameters,
	},
	{
		ID: "token.random", Severity: Security, Source: "RFC 6749 section 10.10",
		Title: "Tokens cannot be guessed: each is new, with at least 128 bits.",
		Fix:   "Make tokens of 32 random bytes from the system's generator.",
		run:   checkTokenRandom,
	},
}

// ask makes a request to the token endpoint with the client credentials of g.
func (p *probe) ask(g *gateway.Gateway, query url.Values) (gateway.Tokens, error) {
	return call(p, func(ctx context.Context) (gateway.Tokens, error) { return g.Token(ctx, query) })
}

// exchange redeems a code; change replaces parameters.
func (p *probe) exchange(g *gateway.Gateway, code string, change url.Values) (gateway.Tokens, error) {
	query := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {p.RedirectURI}}
	for name, values := range change {
		if query[name] = values; values == nil {
			delete(query, name)
		}
	}
	return p.ask(g, query)
}

func checkIssue(p *probe) {
	switch {
	case p.Token != "" && p.code == "":
		p.run.me = p.g.WithToken(p.Token)
		p.need(p.signInFlags(), "a token was given")
	case p.code == "":
		p.skip("the sign-in gave no code")
	}
	tokens, err := p.exchange(p.g, p.code, nil)
	if tokens.AccessToken == "" {
		p.end("the exchange gave no access token: %v", errText(err))
	}
	p.tokens = tokens
	p.run.me = p.g.Session(tokens)
}

func checkExchangeWith(p *probe, change url.Values) {
	code := p.newCode()
	if tokens, err := p.exchange(p.g, code, change); tokens.AccessToken == "" {
		p.fail("the exchange gave no access token: %v", errText(err))
	}
}

func checkExchangeRedirectURI(p *probe) {
	p.filler()
	for _, uri := range []string{"https://prismcheck.invalid/callback", p.RedirectURI + "/"} {
		if tokens, _ := p.exchange(p.g, p.newCode(), url.Values{"redirect_uri": {uri}}); tokens.AccessToken != "" {
			p.fail("the exchange with redirect_uri %s gave tokens", uri)
		}
	}
}

// wrongSecret is not the client's, and has its length.
func (p *probe) wrongSecret() string {
	last := p.ClientSecret[len(p.ClientSecret)-1]
	other := byte('a')
	if last == other {
		other = 'b'
	}
	return p.ClientSecret[:len(p.ClientSecret)-1] + string(other)
}

func checkExchangeSecret(p *probe) {
	p.filler()
	for name, secret := range inOrder(map[string]string{"wrong": p.wrongSecret(), "empty": "", "shortened": p.ClientSecret[:len(p.ClientSecret)-1]}) {
		code := p.newCode()
		tokens, err := p.exchange(p.gateway(p.ClientID, secret), code, nil)
		p.clientRefused(tokens, err, "an exchange with "+name+" secret")
		if name != "wrong" {
			continue
		}
		if tokens, err := p.exchange(p.g, code, nil); tokens.AccessToken == "" {
			p.fail("after an exchange with a wrong secret the code is spent for the real client, too: %v", errText(err))
		}
	}
	in := gateway.Request{Path: api + tokenPath + "?" + url.Values{"grant_type": {"authorization_code"}, "code": {p.newCode()}}.Encode(), Route: "/v1/service" + tokenPath}
	if resp := p.send(in); resp.Status < http.StatusBadRequest {
		p.fail("an exchange without client headers got %d, want 401", resp.Status)
	}
}

// clientRefused wants a 401 invalid_client.
func (p *probe) clientRefused(tokens gateway.Tokens, err error, what string) {
	if tokens.AccessToken != "" {
		p.fail("%s gave tokens", what)
		return
	}
	if p.refused(err, what, http.StatusUnauthorized) && err.(*refusal).name != "invalid_client" { //nolint:errorlint // refused says so
		p.fail("%s: got error %q, want invalid_client", what, err.(*refusal).name) //nolint:errorlint // likewise
	}
}

func checkExchangeClient(p *probe) {
	code := p.newCode()
	tokens, err := p.exchange(p.gateway("prismcheck0nobody", p.ClientSecret), code, nil)
	p.clientRefused(tokens, err, "an exchange of an unknown client")
}

// badRequest wants a 400 with an OAuth error.
func (p *probe) badRequest(tokens gateway.Tokens, err error, what string, codes ...string) {
	if tokens.AccessToken != "" {
		p.fail("%s gave tokens", what)
		return
	}
	if !p.refused(err, what, http.StatusBadRequest) {
		return
	}
	for _, code := range codes {
		if err.(*refusal).name == code { //nolint:errorlint // refused says so
			return
		}
	}
	p.fail("%s: got error %q, want %s", what, err.(*refusal).name, codes[0]) //nolint:errorlint // likewise
}

func (p *probe) tokenClient() {
	p.oauth()
	switch {
	case p.tokens.AccessToken != "":
	case p.Token != "" && p.code == "":
		p.need(p.signInFlags(), "a token was given")
	default:
		p.skip("no tokens were issued")
	}
}

func checkUnknownCode(p *probe) {
	p.tokenClient()
	tokens, err := p.exchange(p.g, rand.Text(), nil)
	p.badRequest(tokens, err, "an unknown code", "invalid_grant")
}

func checkGrantType(p *probe) {
	p.tokenClient()
	for _, grant := range []string{"client_credentials", "password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"} {
		query := url.Values{"grant_type": {grant}}
		if grant == "password" && p.Account.Account != "" {
			query.Set("username", p.Account.Account)
			query.Set("password", p.Account.Password)
		}
		tokens, err := p.ask(p.g, query)
		p.badRequest(tokens, err, "grant_type "+grant, "unsupported_grant_type", "unauthorized_client")
	}
}

func checkParameters(p *probe) {
	p.tokenClient()
	tokens, err := p.ask(p.g, url.Values{"grant_type": {"authorization_code"}})
	p.badRequest(tokens, err, "a request without code", "invalid_request")
	tokens, err = p.ask(p.g, url.Values{"code": {rand.Text()}})
	p.badRequest(tokens, err, "a request without grant_type", "invalid_request", "unsupported_grant_type")
	tokens, err = p.ask(p.g, url.Values{"grant_type": {"refresh_token"}})
	p.badRequest(tokens, err, "a refresh without a token", "invalid_request")
	if p.Account.Account != "" {
		code := p.newCode()
		tokens, err = p.exchange(p.g, code, url.Values{"code": {code, rand.Text()}})
		p.badRequest(tokens, err, "a request with two codes", "invalid_request")
	}
}

func checkTokenRandom(p *probe) {
	p.filler()
	tokens, err := p.exchange(p.g, p.newCode(), nil)
	if tokens.AccessToken == "" {
		p.end("the exchange gave no access token: %v", errText(err))
	}
	for name, pair := range inOrder(map[string][2]string{
		"access tokens": {p.tokens.AccessToken, tokens.AccessToken}, "refresh tokens": {p.tokens.RefreshToken, tokens.RefreshToken},
	}) {
		if pair[0] != "" && pair[0] == pair[1] {
			p.fail("two sign-ins gave the same %s", name)
		} else if pair[0] != "" && !unguessable(pair[0], pair[1]) {
			p.fail("the %s have too few characters that differ for 128 bits: %d and %d characters", name, len(pair[0]), len(pair[1]))
		}
	}
	if p.tokens.AccessToken == p.tokens.RefreshToken {
		p.fail("the access token and the refresh token are the same")
	}
}
