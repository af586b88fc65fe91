package oauthclients

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
)

// metadata is what a client of RFC 8414 reads.
type metadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	Introspection string `json:"introspection_endpoint"`
}

// discover finds the endpoints as RFC 8414 section 3.1 says, with the path of
// the issuer behind the well-known one.
func discover(t *testing.T, app *quickstart.App) metadata {
	t.Helper()
	issuer := app.Creds.ServiceAPIDomain + "/prism"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		app.Creds.ServiceAPIDomain+"/.well-known/oauth-authorization-server/prism", nil)
	must(t, err)
	resp, err := app.HTTP.Do(req)
	must(t, err)
	var found metadata
	must(t, json.NewDecoder(resp.Body).Decode(&found))
	must(t, resp.Body.Close())
	if resp.StatusCode != http.StatusOK || found.Issuer != issuer {
		t.Fatalf("metadata: %d, issuer %q, want %q", resp.StatusCode, found.Issuer, issuer)
	}
	return found
}

// TestXOAuth2 is golang.org/x/oauth2 with each way in which it authenticates.
// It has no revocation and no introspection; these are plain forms.
func TestXOAuth2(t *testing.T) {
	app := quickstart.Start(t, "-redirect-uri", redirectURI)
	secrets := map[string]string{"client secret": app.Creds.ClientSecret}
	found := discover(t, app)
	for name, style := range map[string]oauth2.AuthStyle{
		"client_secret_basic": oauth2.AuthStyleInHeader,
		"client_secret_post":  oauth2.AuthStyleInParams,
		"auto-detect":         oauth2.AuthStyleAutoDetect,
	} {
		t.Run(name, func(t *testing.T) {
			c := &xclient{t: t, app: app, found: found, person: newPerson(t, app, app.Creds.Users[0].Login), config: oauth2.Config{
				ClientID: app.Creds.ClientID, ClientSecret: app.Creds.ClientSecret, RedirectURL: redirectURI,
				Endpoint: oauth2.Endpoint{AuthURL: found.Authorization, TokenURL: found.Token, AuthStyle: style},
			}}
			for what, secret := range c.run() {
				secrets[name+": "+what] = secret
			}
		})
	}
	app.WantNoSecrets(secrets)
}

type xclient struct {
	t      *testing.T
	app    *quickstart.App
	found  metadata
	person *person
	config oauth2.Config
}

func (c *xclient) context() context.Context {
	return context.WithValue(c.t.Context(), oauth2.HTTPClient, c.app.HTTP)
}

// run returns the secrets that were used.
func (c *xclient) run() map[string]string {
	t := c.t
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	code := c.code(oauth2.S256ChallengeOption(verifier))
	_, err := c.config.Exchange(c.context(), code, oauth2.VerifierOption(oauth2.GenerateVerifier()))
	c.wantError(err, "invalid_grant")
	_, err = c.config.Exchange(c.context(), code)
	c.wantError(err, "invalid_grant")
	first, err := c.config.Exchange(c.context(), code, oauth2.VerifierOption(verifier))
	must(t, err)
	if first.Type() != "Bearer" || first.RefreshToken == "" || time.Until(first.Expiry) < time.Hour {
		t.Errorf("type %q, refresh token %v, expires in %v", first.Type(), first.RefreshToken != "", time.Until(first.Expiry))
	}
	c.wantUser(first)

	// The client refreshes by itself when the token is over.
	first.Expiry = time.Now().Add(-time.Minute)
	second, err := c.config.TokenSource(c.context(), first).Token()
	must(t, err)
	if second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken {
		t.Error("the refresh brought an old token")
	}
	c.wantUser(second)
	c.wantIntrospection(second.AccessToken, map[string]any{
		"active": true, "client_id": c.config.ClientID, "sub": c.app.Creds.Users[0].UserID, "token_type": "bearer", "iss": c.found.Issuer,
	})

	if status, body := c.post(c.found.Revocation, second.RefreshToken); status != http.StatusOK || body != "" {
		t.Errorf("revocation: %d %q", status, body)
	}
	for _, token := range []string{first.AccessToken, second.AccessToken, second.RefreshToken} {
		c.wantIntrospection(token, map[string]any{"active": false})
	}
	second.Expiry = time.Now().Add(-time.Minute)
	_, err = c.config.TokenSource(c.context(), second).Token()
	c.wantError(err, "invalid_grant")
	return map[string]string{
		"verifier": verifier, "code": code, "access token": first.AccessToken, "refresh token": first.RefreshToken,
		"second access token": second.AccessToken, "second refresh token": second.RefreshToken,
	}
}

// code has the person sign in, and checks state and iss (RFC 9207) of the
// answer.
func (c *xclient) code(options ...oauth2.AuthCodeOption) string {
	c.t.Helper()
	state := oauth2.GenerateVerifier()
	answer := c.person.authorize(c.config.AuthCodeURL(state, options...)).Query()
	if answer.Get("state") != state || answer.Get("iss") != c.found.Issuer || answer.Get("code") == "" || answer.Get("tenant") != "1" {
		c.t.Fatalf("the answer has state %v, iss %q, a code %v, error %q",
			answer.Get("state") == state, answer.Get("iss"), answer.Has("code"), answer.Get("error"))
	}
	return answer.Get("code")
}

// wantError wants the library to have understood an error of RFC 6749 section
// 5.2.
func (c *xclient) wantError(err error, code string) {
	c.t.Helper()
	var got *oauth2.RetrieveError
	if !errors.As(err, &got) || got.ErrorCode != code || got.Response.StatusCode != http.StatusBadRequest {
		c.t.Errorf("got %v, want %s", err, code)
	}
}

// wantUser uses an access token where the service API takes it, in PRISM's own
// header.
func (c *xclient) wantUser(token *oauth2.Token) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.app.Creds.ServiceAPIDomain+"/prism/v1/service/user", nil)
	must(c.t, err)
	current, err := c.config.TokenSource(c.context(), token).Token() // refreshed if need be
	must(c.t, err)
	req.Header.Set("x-prism-access-token", current.AccessToken)
	resp, err := c.app.HTTP.Do(req)
	must(c.t, err)
	must(c.t, resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		c.t.Errorf("the access token: %d", resp.StatusCode)
	}
}

func (c *xclient) post(endpoint, token string) (status int, body string) {
	c.t.Helper()
	form := url.Values{"token": {token}}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	must(c.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(c.config.ClientID), url.QueryEscape(c.config.ClientSecret))
	resp, err := c.app.HTTP.Do(req)
	must(c.t, err)
	var text strings.Builder
	must(c.t, resp.Write(&text))
	_, body, _ = strings.Cut(text.String(), "\r\n\r\n")
	return resp.StatusCode, strings.TrimSpace(body)
}

func (c *xclient) wantIntrospection(token string, want map[string]any) {
	c.t.Helper()
	status, body := c.post(c.found.Introspection, token)
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
		c.t.Fatalf("introspection: %d, %v", status, err)
	}
	for name, value := range want {
		if got[name] != value {
			c.t.Errorf("introspection: %s is %v, want %v", name, got[name], value)
		}
	}
	if want["active"] == false && len(got) != 1 {
		c.t.Errorf("introspection tells more than that the token is not active: %v", got)
	}
}
