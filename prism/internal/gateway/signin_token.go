package gateway

import (
	"context"
	"net/http"
	"net/url"
)

// The spellings of the refresh token's parameter in the documentation's
// renderings. A service accepts all three.
const (
	RefreshParamToken           = "token"
	RefreshParamUnderscoreToken = "_token"
	RefreshParamRefreshToken    = "refresh_token"
)

const tokenRoute = "/v1/service/oauth2/token" //nolint:gosec // a path, not a token

// Exchange redeems a code for tokens.
func (g *Gateway) Exchange(ctx context.Context, code string) (Tokens, error) {
	return g.exchange(ctx, code, "")
}

func (g *Gateway) exchange(ctx context.Context, code, state string) (Tokens, error) {
	query := url.Values{"grant_type": {"authorization_code"}, "code": {code}}
	if !g.OmitRedirectURI {
		query.Set("redirect_uri", g.RedirectURI)
	}
	if state != "" {
		query.Set("state", state)
	}
	return g.Token(ctx, query)
}

// Refresh redeems a refresh token, in the newest spelling of its parameter.
func (g *Gateway) Refresh(ctx context.Context, refreshToken string) (Tokens, error) {
	return g.RefreshAs(ctx, refreshToken, RefreshParamToken)
}

// RefreshAs is Refresh with one of the spellings RefreshParam….
func (g *Gateway) RefreshAs(ctx context.Context, refreshToken, param string) (Tokens, error) {
	return g.Token(ctx, url.Values{"grant_type": {"refresh_token"}, param: {refreshToken}})
}

// Token makes a request to the token endpoint with any query, and the client's
// id and secret in their headers.
func (g *Gateway) Token(ctx context.Context, query url.Values) (Tokens, error) {
	in := Request{
		Path:  servicePath + tokenRoute + "?" + query.Encode(),
		Route: tokenRoute,
		Header: http.Header{
			HeaderClientID:     {g.ClientID},
			HeaderClientSecret: {g.ClientSecret},
		},
	}
	resp, err := g.Do(ctx, in)
	if err != nil {
		return Tokens{}, err
	}
	r := &report{method: http.MethodGet, route: tokenRoute}
	g.checkTime(r, resp)
	if resp.Status != http.StatusOK {
		checkSecrets(r, resp, apiSecrets(in, g.ClientSecret))
	}
	tokens, failure := decodeTokens(r, resp)
	return tokens, r.err(failure)
}
