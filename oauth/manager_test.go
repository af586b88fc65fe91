package oauth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-oauth2/oauth2/v4"
	oauth2errors "github.com/go-oauth2/oauth2/v4/errors"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func (r *rig) managerCode(edit func(*oauth2.TokenGenerateRequest)) (oauth2.TokenInfo, error) {
	tgr := &oauth2.TokenGenerateRequest{ClientID: clientID, UserID: "u1", RedirectURI: redirectURI, Scope: "live"}
	if edit != nil {
		edit(tgr)
	}
	info, err := r.server.Manager().GenerateAuthToken(context.Background(), oauth2.Code, tgr)
	if err == nil {
		r.keepSecret(info.GetCode())
	}
	return info, err
}

func TestManagerWholeFlow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, m := context.Background(), r.server.Manager()
	code, err := r.managerCode(func(g *oauth2.TokenGenerateRequest) {
		g.CodeChallenge, g.CodeChallengeMethod = challenge, oauth2.CodeChallengeS256
	})
	if err != nil {
		t.Fatal(err)
	}
	if code.GetClientID() != clientID || code.GetUserID() != "u1" || code.GetScope() != "live" || code.GetRedirectURI() != redirectURI ||
		code.GetCodeExpiresIn() != oauth.DefaultCodeTTL || !code.GetCodeCreateAt().Equal(r.clock.now()) || code.GetCodeChallenge() != challenge {
		t.Errorf("code %+v", code)
	}
	redeem := &oauth2.TokenGenerateRequest{ClientID: clientID, ClientSecret: clientSecret, Code: code.GetCode(), CodeVerifier: verifier}
	pair, err := m.GenerateAccessToken(ctx, oauth2.AuthorizationCode, redeem)
	if err != nil {
		t.Fatal(err)
	}
	r.keepSecret(pair.GetAccess(), pair.GetRefresh())
	if pair.GetAccessExpiresIn() != oauth.DefaultAccessTTL || pair.GetRefreshExpiresIn() != oauth.DefaultRefreshIdleTTL || pair.GetCode() != "" {
		t.Errorf("pair %+v", pair)
	}
	r.wantWorks(pair.GetAccess(), true)
	next, err := m.RefreshAccessToken(ctx, &oauth2.TokenGenerateRequest{ClientID: clientID, ClientSecret: clientSecret, Refresh: pair.GetRefresh()})
	if err != nil {
		t.Fatal(err)
	}
	r.keepSecret(next.GetAccess(), next.GetRefresh())
	for _, load := range []func() (oauth2.TokenInfo, error){
		func() (oauth2.TokenInfo, error) { return m.LoadAccessToken(ctx, next.GetAccess()) },
		func() (oauth2.TokenInfo, error) { return m.LoadRefreshToken(ctx, next.GetRefresh()) },
		func() (oauth2.TokenInfo, error) { return m.LoadRefreshToken(ctx, pair.GetRefresh()) }, // in grace
	} {
		info, err := load()
		if err != nil {
			t.Fatal(err)
		}
		if info.GetUserID() != "u1" || info.GetClientID() != clientID || info.GetScope() != "live" || info.GetAccess() != "" || info.GetRefresh() != "" {
			t.Errorf("loaded %+v", info)
		}
	}
	// The mark by LoadAccessToken and the end of grace make the first one old.
	r.clock.advance(oauth.DefaultRefreshGrace + time.Second)
	if _, err := m.LoadRefreshToken(ctx, pair.GetRefresh()); err != oauth2errors.ErrInvalidRefreshToken { //nolint:errorlint // the package's values are compared so
		t.Errorf("old refresh token: %v", err)
	}
	r.wantWorks(next.GetAccess(), true)
	r.clock.advance(oauth.DefaultAccessTTL)
	if _, err := m.LoadAccessToken(ctx, next.GetAccess()); err != oauth2errors.ErrExpiredAccessToken { //nolint:errorlint // as above
		t.Errorf("expired: %v", err)
	}
	if err := m.RemoveAccessToken(ctx, next.GetAccess()); err != nil {
		t.Error(err)
	}
	if _, err := m.LoadRefreshToken(ctx, next.GetRefresh()); err != oauth2errors.ErrInvalidRefreshToken { //nolint:errorlint // as above
		t.Errorf("after removal: %v", err)
	}
	for _, token := range []string{"", "x", flipLast(next.GetAccess())} {
		if err := errors.Join(m.RemoveAccessToken(ctx, token), m.RemoveRefreshToken(ctx, token)); err != nil {
			t.Errorf("removing an unknown token: %v", err)
		}
	}
}

func TestManagerRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, m := context.Background(), r.server.Manager()
	code, err := r.managerCode(nil)
	if err != nil {
		t.Fatal(err)
	}
	second := func(_ any, err error) error { return err }
	edited := func(edit func(*oauth2.TokenGenerateRequest)) error { return second(r.managerCode(edit)) }
	token := func(gt oauth2.GrantType, id, secret, code string) error {
		return second(m.GenerateAccessToken(ctx, gt, &oauth2.TokenGenerateRequest{ClientID: id, ClientSecret: secret, Code: code}))
	}
	for name, c := range map[string]struct{ got, want error }{
		"implicit":       {second(m.GenerateAuthToken(ctx, oauth2.Token, &oauth2.TokenGenerateRequest{ClientID: clientID})), oauth2errors.ErrUnsupportedResponseType},
		"unknown client": {edited(func(g *oauth2.TokenGenerateRequest) { g.ClientID = "nobody" }), oauth2errors.ErrInvalidClient},
		"foreign uri":    {edited(func(g *oauth2.TokenGenerateRequest) { g.RedirectURI = "https://evil.example" }), oauth2errors.ErrInvalidRedirectURI},
		"no uri":         {edited(func(g *oauth2.TokenGenerateRequest) { g.RedirectURI = "" }), oauth2errors.ErrInvalidRedirectURI},
		"foreign scope":  {edited(func(g *oauth2.TokenGenerateRequest) { g.Scope = "admin" }), oauth2errors.ErrInvalidScope},
		"plain PKCE":     {edited(func(g *oauth2.TokenGenerateRequest) { g.CodeChallenge, g.CodeChallengeMethod = challenge, "plain" }), oauth2errors.ErrInvalidRequest},
		"blocked user":   {edited(func(g *oauth2.TokenGenerateRequest) { g.UserID = "blocked" }), oauth2errors.ErrAccessDenied},
		"no user":        {edited(func(g *oauth2.TokenGenerateRequest) { g.UserID = "" }), oauth2errors.ErrAccessDenied},

		"password":              {token(oauth2.PasswordCredentials, clientID, clientSecret, ""), oauth2errors.ErrUnsupportedGrantType},
		"client credentials":    {token(oauth2.ClientCredentials, clientID, clientSecret, ""), oauth2errors.ErrUnsupportedGrantType},
		"implicit grant":        {token(oauth2.Implicit, clientID, clientSecret, ""), oauth2errors.ErrUnsupportedGrantType},
		"refreshing as grant":   {token(oauth2.Refreshing, clientID, clientSecret, ""), oauth2errors.ErrUnsupportedGrantType},
		"wrong secret":          {token(oauth2.AuthorizationCode, clientID, "x", code.GetCode()), oauth2errors.ErrInvalidClient},
		"no secret":             {token(oauth2.AuthorizationCode, clientID, "", code.GetCode()), oauth2errors.ErrInvalidClient},
		"foreign client":        {token(oauth2.AuthorizationCode, otherID, otherSecret, code.GetCode()), oauth2errors.ErrInvalidGrant},
		"unknown code":          {token(oauth2.AuthorizationCode, clientID, clientSecret, "x"), oauth2errors.ErrInvalidGrant},
		"refresh, wrong secret": {second(m.RefreshAccessToken(ctx, &oauth2.TokenGenerateRequest{ClientID: clientID, Refresh: "x"})), oauth2errors.ErrInvalidClient},
		"refresh, unknown": {second(m.RefreshAccessToken(ctx, &oauth2.TokenGenerateRequest{ClientID: clientID, ClientSecret: clientSecret, Refresh: "x"})),
			oauth2errors.ErrInvalidGrant},
		"load access":  {second(m.LoadAccessToken(ctx, "x")), oauth2errors.ErrInvalidAccessToken},
		"load refresh": {second(m.LoadRefreshToken(ctx, "x")), oauth2errors.ErrInvalidRefreshToken},
		"get client":   {second(m.GetClient(ctx, "nobody")), oauth2errors.ErrInvalidClient},
	} {
		if c.got != c.want { //nolint:errorlint // code for go-oauth2 compares so
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if err := token(oauth2.AuthorizationCode, clientID, clientSecret, code.GetCode()); err != nil {
		t.Errorf("the refused calls burnt the code: %v", err)
	}
}

func TestManagerFailsWithTheStoresError(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, m := context.Background(), r.server.Manager()
	pair := r.signIn()
	for _, method := range []string{"SaveCode", "FindAccess", "FindRefresh", "FindCode"} {
		r.store.failWith(method, prism.ErrUnavailable)
	}
	_, errCode := r.managerCode(nil)
	_, errAccess := m.LoadAccessToken(ctx, pair.AccessToken)
	_, errRefresh := m.LoadRefreshToken(ctx, pair.RefreshToken)
	for i, err := range []error{errCode, errAccess, errRefresh, m.RemoveAccessToken(ctx, pair.AccessToken), m.RemoveRefreshToken(ctx, pair.RefreshToken)} {
		if !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestManagerClient(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	client, err := r.server.Manager().GetClient(context.Background(), clientID)
	if err != nil {
		t.Fatal(err)
	}
	if client.GetID() != clientID || client.GetSecret() != "" || client.GetDomain() != redirectURI || client.IsPublic() || client.GetUserID() != "" {
		t.Errorf("%+v", client)
	}
	checker, ok := client.(oauth2.ClientPasswordVerifier)
	if !ok || !checker.VerifyPassword(clientSecret) || checker.VerifyPassword("") || checker.VerifyPassword(otherSecret) {
		t.Error("VerifyPassword")
	}
	bare := newRig(t, func(c *oauth.Config) { c.Clients = oauth.StaticClients(oauth.Client{ID: "bare"}) })
	client, err = bare.server.Manager().GetClient(context.Background(), "bare")
	if err != nil || client.GetDomain() == "" {
		t.Errorf("%v, %v: an empty domain matches every redirect URI in go-oauth2", client, err)
	}
}
