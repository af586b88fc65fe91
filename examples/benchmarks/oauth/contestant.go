package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// The one client and the one user of all contestants.
const (
	clientID     = "Prism000000000000001"
	clientSecret = "SecretSecretSecret01"
	redirectURI  = "https://app.example.com/cb"
	userID       = "u1"
)

// contestant is an authorization server with its store in memory.
type contestant struct {
	name string
	// code signs the user in and returns an authorization code.
	code func(ctx context.Context) (string, error)
	// endpoint answers token requests, by the dialect that they are in.
	endpoint map[*dialect]http.Handler
	// verify checks an access token as a resource server beside it does.
	verify func(ctx context.Context, accessToken string) error
}

// dialect is a way to ask for tokens.
type dialect struct {
	name    string
	request func(values url.Values) (*http.Request, error)
}

// standard is RFC 6749: a POST of a form with Basic credentials.
var standard = &dialect{"standard dialect", func(values url.Values) (*http.Request, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://api.example.com/oauth2/token", strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth(clientID, clientSecret)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r, nil
}}

// prismDialect is what PRISM sends: a GET with the credentials in headers of
// their own.
var prismDialect = &dialect{"PRISM's dialect", func(values url.Values) (*http.Request, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://api.example.com/prism/v1/service/oauth2/token?"+values.Encode(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-Prism-Client-Id", clientID)
	r.Header.Set("X-Prism-Client-Secret", clientSecret)
	return r, nil
}}

func exchangeValues(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}}
}

func refreshValues(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// capture is a ResponseWriter that costs nothing by itself.
type capture struct {
	header http.Header
	status int
	body   []byte
}

func newCapture() *capture { return &capture{header: make(http.Header)} }

func (c *capture) Header() http.Header { return c.header }

func (c *capture) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *capture) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.body = append(c.body, p...)
	return len(p), nil
}

func (c *capture) reset() {
	clear(c.header)
	c.status, c.body = 0, c.body[:0]
}
