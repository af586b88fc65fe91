package idp

import (
	"context"
	"net/http"
	"net/url"
)

// The headers of PRISM's dialect.
const (
	headerClientID     = "X-Prism-Client-Id"
	headerClientSecret = "X-Prism-Client-Secret" //nolint:gosec // a name, no secret
	prismChallenge     = `PRISM realm="token"`
)

// The grant types.
const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
)

// maxTokenQuery is the most bytes of a token request's query. The upstream's
// refresh tokens may be JWTs.
const maxTokenQuery = 16 << 10

// refreshTokenNames are the names under which PRISM's documentation has sent
// the refresh token over the years.
var refreshTokenNames = [...]string{"token", "_token", "refresh_token"}

// tokenRequest is a token request in PRISM's dialect.
type tokenRequest struct {
	client    Client
	grantType string
	// code, redirectURI and verifier belong to the code.
	code, redirectURI, verifier string
	// refreshToken and scope belong to the refresh token.
	refreshToken, scope string
}

// ServePRISMToken is the token endpoint in the dialect that PRISM speaks: a GET
// with the client's id and secret in the headers x-prism-client-id and
// x-prism-client-secret, the grant's parameters in the query, and a flat JSON
// answer (RFC 6749 section 5). It is translated to the upstream's endpoint.
//
//   - grant_type is authorization_code or refresh_token.
//   - code comes with redirect_uri, for which Client.RedirectURI stands in when
//     it is left out, and with code_verifier if PRISM ever sends one. state is
//     ignored.
//   - The refresh token is named token, _token or refresh_token; if more than
//     one is there they must be equal. scope is passed on.
//
// The client is authenticated first. Errors are 400, 401 for the client's
// credentials; 503 and 504 with Retry-After for an upstream that is down or
// slow, 502 for one that answers what it must not. Texts of the upstream never
// reach the answer.
func (b *Bridge) ServePRISMToken(w http.ResponseWriter, r *http.Request) {
	var req tokenRequest
	tokens, repeated, err := b.prismToken(w, r, &req)
	if err != nil {
		b.writeTokenError(w, r, req, err)
		return
	}
	b.writeTokens(w, r, req, tokens, repeated)
}

func (b *Bridge) prismToken(w http.ResponseWriter, r *http.Request, req *tokenRequest) (t tokenSet, repeated bool, err error) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		return tokenSet{}, false, errMethod
	}
	id, secret := r.Header[headerClientID], r.Header[headerClientSecret]
	if len(id) != 1 || len(secret) != 1 {
		return tokenSet{}, false, errClient
	}
	client, ok := b.clients.authenticate(id[0], secret[0], b.cfg.Now())
	if !ok {
		return tokenSet{}, false, errClient
	}
	req.client = client
	if err := req.parse(r.URL.RawQuery); err != nil {
		return tokenSet{}, false, err
	}
	if req.grantType == grantRefresh {
		return b.refresh(r.Context(), *req)
	}
	t, err = b.redeem(r.Context(), *req)
	return t, false, err
}

// parse reads the query strictly: what cannot be decoded is refused, and so is
// a parameter that is there twice (RFC 6749 section 3.2). One without a value
// counts as absent.
func (req *tokenRequest) parse(rawQuery string) error {
	if len(rawQuery) > maxTokenQuery {
		return errQueryTooLong
	}
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return errQueryMalformed
	}
	for _, v := range values {
		if len(v) > 1 {
			return errDuplicate
		}
	}
	req.grantType = values.Get("grant_type")
	switch req.grantType {
	case grantCode:
		req.code, req.redirectURI, req.verifier = values.Get("code"), values.Get("redirect_uri"), values.Get("code_verifier")
		if req.code == "" {
			return errNoCode
		}
		return nil
	case grantRefresh:
		req.scope = values.Get("scope")
		return req.parseRefreshToken(values)
	case "":
		return errNoGrantType
	}
	return errGrantType
}

func (req *tokenRequest) parseRefreshToken(values url.Values) error {
	for _, name := range refreshTokenNames {
		switch token := values.Get(name); {
		case token == "" || token == req.refreshToken:
		case req.refreshToken == "":
			req.refreshToken = token
		default:
			return errRefreshDiffer
		}
	}
	if req.refreshToken == "" {
		return errNoRefreshToken
	}
	return nil
}

// redeem exchanges a code at the upstream.
func (b *Bridge) redeem(ctx context.Context, req tokenRequest) (tokenSet, error) {
	form := url.Values{"grant_type": {grantCode}, "code": {req.code}}
	redirectURI := req.redirectURI
	if redirectURI == "" {
		redirectURI = req.client.RedirectURI
	}
	if redirectURI != "" {
		form.Set("redirect_uri", redirectURI)
	}
	if req.verifier != "" {
		form.Set("code_verifier", req.verifier)
	}
	return b.askForTokens(ctx, req.client, form, "")
}

// askForTokens makes a request to the upstream's token endpoint.
func (b *Bridge) askForTokens(ctx context.Context, client Client, form url.Values, sentRefresh string) (tokenSet, error) {
	if b.jobs.quit.Err() != nil {
		return tokenSet{}, errClosed
	}
	who := credentials{b.cfg.TokenAuth, client.UpstreamID, client.UpstreamSecret}
	got, err := b.upstream.post(ctx, "token", b.cfg.TokenURL, form, who)
	if err != nil {
		return tokenSet{}, err
	}
	t, err := readTokens(got, sentRefresh, b.cfg.DefaultExpiresIn)
	t.Received = b.cfg.Now()
	return t, err
}
