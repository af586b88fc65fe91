package oauth

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

// maxTokenQuery is the most bytes of a token request's query. PRISM may send the
// state along, so it holds what maxAuthorizeQuery does.
const maxTokenQuery = maxAuthorizeQuery

// refreshTokenNames are the names under which PRISM's documentation has sent
// the refresh token over the years.
var refreshTokenNames = [...]string{"token", "_token", "refresh_token"}

// ServePRISMToken is the token endpoint in the dialect that PRISM speaks: a GET
// with the client's id and secret in the headers x-prism-client-id and
// x-prism-client-secret, the grant's parameters in the query, and a flat JSON
// answer (RFC 6749 section 5).
//
//   - grant_type is authorization_code or refresh_token.
//   - code comes with redirect_uri, which may be left out but must otherwise be
//     that of the authorization request, and with code_verifier exactly if the
//     request had a code_challenge (RFC 7636). state is ignored.
//   - The refresh token is named token, _token or refresh_token; if more than
//     one is there they must be equal. scope must be within what was granted.
//
// The client is authenticated first. Errors are 400, 401 for the client's
// credentials, 503 and 504 with Retry-After when the store could not answer,
// and 500. There is no pair in an answer that was not saved.
func (s *Server) ServePRISMToken(w http.ResponseWriter, r *http.Request) {
	info := tokenRequestInfo{endpoint: endpointToken, challenge: prismChallenge}
	defer s.recoverToken(w, r, &info)
	pair, err := s.prismToken(w, r, &info)
	if err != nil {
		s.writeTokenError(w, r, &info, err)
		return
	}
	info.answered = true
	writeTokens(w, pair)
}

func (s *Server) prismToken(w http.ResponseWriter, r *http.Request, info *tokenRequestInfo) (issued, error) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		return issued{}, errMethod
	}
	ctx := r.Context()
	id, secret := r.Header[headerClientID], r.Header[headerClientSecret]
	if len(id) != 1 || len(secret) != 1 {
		return issued{}, errClient
	}
	client, err := s.authenticateClient(ctx, id[0], secret[0])
	if err != nil {
		return issued{}, err
	}
	info.clientID = client.ID
	values, err := parseQuery(r.URL.RawQuery, maxTokenQuery)
	if err != nil {
		return issued{}, err
	}
	return s.grant(ctx, client, values, info, parseCode, parsePRISMRefresh)
}

// grant answers the grant of an authenticated client, in either dialect.
func (s *Server) grant(ctx context.Context, client Client, values url.Values, info *tokenRequestInfo,
	code func(url.Values) (codeGrant, error), refresh func(url.Values) (refreshGrant, error),
) (issued, error) {
	info.grantType = values.Get("grant_type")
	switch info.grantType {
	case grantCode:
		g, err := code(values)
		if err != nil {
			return issued{}, err
		}
		return s.redeem(ctx, client, g)
	case grantRefresh:
		g, err := refresh(values)
		if err != nil {
			return issued{}, err
		}
		return s.refresh(ctx, client, g)
	case "":
		return issued{}, errNoGrantType
	}
	return issued{}, errGrantType
}

func parseCode(values url.Values) (codeGrant, error) {
	// A parameter without a value counts as absent (RFC 6749 section 3.2).
	g := codeGrant{
		code:        values.Get("code"),
		redirectURI: values.Get("redirect_uri"),
		verifier:    values.Get("code_verifier"),
	}
	if g.code == "" {
		return codeGrant{}, errNoCode
	}
	return g, nil
}

func parsePRISMRefresh(values url.Values) (refreshGrant, error) {
	g := refreshGrant{scope: values.Get("scope")}
	for _, name := range refreshTokenNames {
		switch token := values.Get(name); {
		case token == "" || token == g.token:
		case g.token == "":
			g.token = token
		default:
			return refreshGrant{}, errRefreshDiffer
		}
	}
	if g.token == "" {
		return refreshGrant{}, errNoRefreshToken
	}
	return g, nil
}
