package oauth

import (
	"net/http"
	"net/url"
)

// ServeToken is the token endpoint in the standard dialect (RFC 6749 section
// 3.2), for any other OAuth client than PRISM: a POST of a form, the client
// authenticated by client_secret_basic or client_secret_post, never both.
//
//   - grant_type authorization_code takes code; redirect_uri, if the
//     authorization request named one; and code_verifier exactly if it had a
//     code_challenge (RFC 7636).
//   - grant_type refresh_token takes refresh_token, and scope, which must be
//     within what was granted.
//
// It answers as ServePRISMToken does. Parameters in the query are refused.
func (s *Server) ServeToken(w http.ResponseWriter, r *http.Request) {
	info := tokenRequestInfo{endpoint: endpointToken, challenge: basicChallenge}
	defer s.recoverToken(w, r, &info)
	client, form, err := s.clientForm(w, r, &info)
	if err != nil {
		s.writeTokenError(w, r, &info, err)
		return
	}
	pair, err := s.grant(r.Context(), client, form, &info, parseStandardCode, parseStandardRefresh)
	if err != nil {
		s.writeTokenError(w, r, &info, err)
		return
	}
	info.answered = true
	writeTokens(w, pair)
}

func parseStandardCode(form url.Values) (codeGrant, error) {
	g, err := parseCode(form)
	g.strictURI = true
	return g, err
}

func parseStandardRefresh(form url.Values) (refreshGrant, error) {
	g := refreshGrant{token: form.Get("refresh_token"), scope: form.Get("scope")}
	if g.token == "" {
		return refreshGrant{}, errNoRefreshToken
	}
	return g, nil
}
