package oauthclients

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
)

// redirectURI is the clients'. Nothing goes there: a person stops before.
const redirectURI = "https://client.example/oauth/callback?tenant=1"

// person is a user with a browser, who signs in where the quickstart asks.
type person struct {
	t      *testing.T
	client *http.Client
	login  quickstart.Login
}

func newPerson(t *testing.T, app *quickstart.App, login quickstart.Login) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &person{t, &http.Client{
		Transport:     app.HTTP.Transport,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, login}
}

// authorize opens an authorization URL, signs in if that is asked for, and
// returns where the browser is sent to in the end: the redirect URI.
func (p *person) authorize(address string) *url.URL {
	p.t.Helper()
	at, err := url.Parse(address)
	must(p.t, err)
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, at.String(), nil)
	must(p.t, err)
	for range 10 {
		resp, err := p.client.Do(req)
		must(p.t, err)
		var body bytes.Buffer
		_, err = body.ReadFrom(resp.Body)
		must(p.t, err)
		must(p.t, resp.Body.Close())
		switch resp.StatusCode {
		case http.StatusFound, http.StatusSeeOther:
			next, err := resp.Location()
			must(p.t, err)
			if strings.HasPrefix(next.String(), redirectURI) {
				return next
			}
			req, err = http.NewRequestWithContext(p.t.Context(), http.MethodGet, next.String(), nil)
			must(p.t, err)
		case http.StatusOK:
			req = p.fill(resp.Request.URL, &body)
		default:
			p.t.Fatalf("%s answered %d", resp.Request.URL.Path, resp.StatusCode)
		}
	}
	p.t.Fatal("the browser is sent around in circles")
	return nil
}

// fill answers the sign-in form of a page.
func (p *person) fill(at *url.URL, page *bytes.Buffer) *http.Request {
	p.t.Helper()
	document, err := html.Parse(page)
	must(p.t, err)
	form, action := url.Values{}, ""
	for n := range document.Descendants() {
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
		}
		switch {
		case n.Data == "form" && action == "":
			action = attr["action"]
		case n.Data != "input":
		case attr["autocomplete"] == "username":
			form.Set(attr["name"], p.login.Login)
		case attr["type"] == "password":
			form.Set(attr["name"], p.login.Password)
		case attr["type"] == "hidden":
			form.Set(attr["name"], attr["value"])
		}
	}
	to, err := at.Parse(action)
	must(p.t, err)
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	must(p.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Origin", to.Scheme+"://"+to.Host)
	return req
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
