package oauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-oauth2/oauth2/v4"
	oauth2errors "github.com/go-oauth2/oauth2/v4/errors"
	"github.com/go-oauth2/oauth2/v4/models"

	"github.com/b2bprism/b2bprism/prism"
)

// Manager returns the server as the Manager of github.com/go-oauth2/oauth2/v4,
// so that code written for that package works with our engine and Store.
//
// Refusals are the package's own error values, unwrapped, since code written
// for it compares them with ==. Failures of the Store wrap its error. Codes and
// tokens are in clear only in the answer that made them. What each method does:
//
//   - GetClient returns the client without its secret, of which only the digest
//     is known; it implements oauth2.ClientPasswordVerifier. GetDomain is the
//     first redirect URI, for show: never validate a redirect URI with it.
//   - GenerateAuthToken issues a code for UserID, who the caller has signed in,
//     by the rules of ServeAuthorize: registered redirect URI, allowed scope,
//     S256 only, a user who is not disabled. There is no client secret at this
//     step (RFC 6749 section 4.1.1). The response type token is unsupported.
//   - GenerateAccessToken redeems a code, once the client's id and secret were
//     checked; RedirectURI may be empty as in PRISM's dialect. The password,
//     client credentials and implicit grants are unsupported. AccessTokenExp
//     is ignored: Config.AccessTTL rules.
//   - RefreshAccessToken rotates, once the client's id and secret were checked.
//     Scope may name no more than was granted.
//   - RemoveAccessToken and RemoveRefreshToken end the sign-in that the token
//     belongs to, with all its tokens. An unknown token is no error.
//   - LoadAccessToken is Verify. LoadRefreshToken finds a refresh token that is
//     alive, without using it.
func (s *Server) Manager() oauth2.Manager { return manager{s} }

type manager struct{ s *Server }

// oauth2ErrorOf maps our refusals to the package's values; other errors stay.
func oauth2ErrorOf(err error) error {
	refused, ok := errors.AsType[*refusalError](err)
	if !ok {
		return err
	}
	switch refused.code {
	case codeInvalidRequest:
		return oauth2errors.ErrInvalidRequest
	case codeInvalidClient:
		return oauth2errors.ErrInvalidClient
	case codeInvalidScope:
		return oauth2errors.ErrInvalidScope
	case codeAccessDenied:
		return oauth2errors.ErrAccessDenied
	case codeUnsupportedGrantType:
		return oauth2errors.ErrUnsupportedGrantType
	case codeUnsupportedResponseType:
		return oauth2errors.ErrUnsupportedResponseType
	}
	return oauth2errors.ErrInvalidGrant
}

func (m manager) GetClient(ctx context.Context, clientID string) (oauth2.ClientInfo, error) {
	client, err := m.client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	return clientInfo{client, m.s.cfg.Now}, nil
}

func (m manager) client(ctx context.Context, clientID string) (Client, error) {
	client, err := m.s.findClient(ctx, clientID)
	if errors.Is(err, prism.ErrNotFound) {
		return Client{}, oauth2errors.ErrInvalidClient
	}
	return client, err
}

func (m manager) GenerateAuthToken(ctx context.Context, rt oauth2.ResponseType, tgr *oauth2.TokenGenerateRequest) (oauth2.TokenInfo, error) {
	if rt != oauth2.Code {
		return nil, oauth2errors.ErrUnsupportedResponseType
	}
	client, err := m.client(ctx, tgr.ClientID)
	if err != nil {
		return nil, err
	}
	p := authorizeParams{ClientID: client.ID, RedirectURI: tgr.RedirectURI, NamedURI: true, Challenge: tgr.CodeChallenge}
	if !slices.Contains(client.RedirectURIs, p.RedirectURI) || CheckRedirectURI(p.RedirectURI) != nil {
		return nil, oauth2errors.ErrInvalidRedirectURI
	}
	scope, ok := normalizeScope(tgr.Scope, client.Scopes)
	if !ok {
		return nil, oauth2errors.ErrInvalidScope
	}
	p.Scope = scope
	if err := checkChallenge(client, tgr.CodeChallenge, string(tgr.CodeChallengeMethod)); err != nil {
		return nil, oauth2ErrorOf(err)
	}
	text, code, err := m.s.issueCode(ctx, tgr.UserID, p)
	if err != nil {
		return nil, oauth2ErrorOf(err)
	}
	info := models.NewToken()
	info.SetClientID(code.ClientID)
	info.SetUserID(code.UserID)
	info.SetRedirectURI(code.RedirectURI)
	info.SetScope(code.Scope)
	info.SetCode(text)
	info.SetCodeCreateAt(code.ExpiresAt.Add(-m.s.cfg.CodeTTL))
	info.SetCodeExpiresIn(m.s.cfg.CodeTTL)
	if code.Challenge != "" {
		info.SetCodeChallenge(code.Challenge)
		info.SetCodeChallengeMethod(oauth2.CodeChallengeS256)
	}
	return info, nil
}

func (m manager) GenerateAccessToken(ctx context.Context, gt oauth2.GrantType, tgr *oauth2.TokenGenerateRequest) (oauth2.TokenInfo, error) {
	client, err := m.s.authenticateClient(ctx, tgr.ClientID, tgr.ClientSecret)
	if err != nil {
		return nil, oauth2ErrorOf(err)
	}
	if gt != oauth2.AuthorizationCode {
		return nil, oauth2errors.ErrUnsupportedGrantType
	}
	pair, err := m.s.redeem(ctx, client, codeGrant{
		code:        tgr.Code,
		redirectURI: tgr.RedirectURI,
		verifier:    tgr.CodeVerifier,
	})
	if err != nil {
		return nil, oauth2ErrorOf(err)
	}
	return pairInfo(pair), nil
}

func (m manager) RefreshAccessToken(ctx context.Context, tgr *oauth2.TokenGenerateRequest) (oauth2.TokenInfo, error) {
	client, err := m.s.authenticateClient(ctx, tgr.ClientID, tgr.ClientSecret)
	if err != nil {
		return nil, oauth2ErrorOf(err)
	}
	pair, err := m.s.refresh(ctx, client, refreshGrant{token: tgr.Refresh, scope: tgr.Scope})
	if err != nil {
		return nil, oauth2ErrorOf(err)
	}
	return pairInfo(pair), nil
}

func pairInfo(pair issued) oauth2.TokenInfo {
	info := models.NewToken()
	info.SetClientID(pair.family.ClientID)
	info.SetUserID(pair.family.UserID)
	info.SetScope(pair.family.Scope)
	info.SetAccess(pair.access)
	info.SetAccessCreateAt(pair.at)
	info.SetAccessExpiresIn(pair.pair.AccessExpiresAt.Sub(pair.at))
	info.SetRefresh(pair.refresh)
	info.SetRefreshCreateAt(pair.at)
	info.SetRefreshExpiresIn(pair.pair.RefreshExpiresAt.Sub(pair.at))
	return info
}

func (m manager) RemoveAccessToken(ctx context.Context, access string) error {
	return m.remove(ctx, access, m.s.cfg.Store.FindAccess)
}

func (m manager) RemoveRefreshToken(ctx context.Context, refresh string) error {
	return m.remove(ctx, refresh, m.s.cfg.Store.FindRefresh)
}

func (m manager) remove(ctx context.Context, text string, find func(context.Context, Digest) (Token, error)) error {
	if !wellFormedToken(text) {
		return nil
	}
	token, err := find(ctx, DigestOf(text))
	if errors.Is(err, prism.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("oauth: find the token: %w", err)
	}
	return m.s.RevokeFamily(ctx, token.Family.ID)
}

func (m manager) LoadAccessToken(ctx context.Context, access string) (oauth2.TokenInfo, error) {
	good, err := m.s.findAccess(ctx, access)
	switch {
	case errors.Is(err, errAccessExpired):
		return nil, oauth2errors.ErrExpiredAccessToken
	case errors.Is(err, prism.ErrUnauthorized):
		return nil, oauth2errors.ErrInvalidAccessToken
	case err != nil:
		return nil, err
	}
	now := m.s.now()
	info := principalInfo(good.principal)
	info.SetAccessCreateAt(now)
	info.SetAccessExpiresIn(good.expiresAt.Sub(now))
	return info, nil
}

func (m manager) LoadRefreshToken(ctx context.Context, refresh string) (oauth2.TokenInfo, error) {
	if !wellFormedToken(refresh) {
		return nil, oauth2errors.ErrInvalidRefreshToken
	}
	token, err := m.s.cfg.Store.FindRefresh(ctx, DigestOf(refresh))
	if errors.Is(err, prism.ErrNotFound) {
		return nil, oauth2errors.ErrInvalidRefreshToken
	}
	if err != nil {
		return nil, fmt.Errorf("oauth: find the refresh token: %w", err)
	}
	now := m.s.now()
	if !m.s.rotates(token, now) {
		return nil, oauth2errors.ErrInvalidRefreshToken
	}
	if !now.Before(token.ExpiresAt) {
		return nil, oauth2errors.ErrExpiredRefreshToken
	}
	info := principalInfo(prism.Principal{UserID: token.Family.UserID, ClientID: token.Family.ClientID, Scope: token.Family.Scope})
	info.SetRefreshCreateAt(now)
	info.SetRefreshExpiresIn(token.ExpiresAt.Sub(now))
	return info, nil
}

// principalInfo tells whom a token speaks for. The time at which it was made is
// not stored: the callers set the present, and what is left of its life.
func principalInfo(p prism.Principal) *models.Token {
	info := models.NewToken()
	info.SetClientID(p.ClientID)
	info.SetUserID(p.UserID)
	info.SetScope(p.Scope)
	return info
}

// clientInfo is a Client as go-oauth2 sees it.
type clientInfo struct {
	client Client
	now    func() time.Time
}

var _ oauth2.ClientPasswordVerifier = clientInfo{}

func (c clientInfo) GetID() string     { return c.client.ID }
func (c clientInfo) GetSecret() string { return "" }
func (c clientInfo) IsPublic() bool    { return false }
func (c clientInfo) GetUserID() string { return "" }

// GetDomain never is "": go-oauth2 takes that for a match of everything.
func (c clientInfo) GetDomain() string {
	if len(c.client.RedirectURIs) == 0 {
		return "https://none.invalid"
	}
	return c.client.RedirectURIs[0]
}

func (c clientInfo) VerifyPassword(secret string) bool {
	return c.client.Authenticate(secret, c.now())
}
