package openapi

import (
	"encoding/json"
	"html"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // of RFC 7636 appendix B
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	form      = "application/x-www-form-urlencoded"
)

// clientFaults are the clients that cannot be looked up, by the status that
// this gives.
var clientFaults = map[string]string{"500": "INTERNAL", "503": "UNAVAILABLE", "504": "TIMEOUT"}

// prismTokens gets every answer of the token endpoint in PRISM's dialect.
func prismTokens(t *testing.T, a *app) {
	o := a.operation(t, "getToken")
	get := func(status, client, secret, query string) {
		t.Helper()
		a.expect(t, o, status, "GET", a.secure.URL+"/prism/v1/service/oauth2/token?"+query, "",
			prismtest.HeaderClientID, client, prismtest.HeaderClientSecret, secret)
	}
	code := a.code(t, prismClient, "")
	get("200", prismClient, a.clientSecret, "grant_type=authorization_code&state=x&code="+code)
	refresh := a.tokens(t, prismClient, "").RefreshToken
	get("200", prismClient, a.clientSecret, "grant_type=refresh_token&token="+refresh+"&_token="+refresh)
	get("400", prismClient, a.clientSecret, "")
	get("400", prismClient, a.clientSecret, "grant_type=password")
	get("400", prismClient, a.clientSecret, "grant_type=authorization_code&code=x")
	get("400", prismClient, a.clientSecret, "grant_type=refresh_token&scope=live&token="+a.tokens(t, prismClient, "").RefreshToken)
	get("401", prismClient, "wrong", "grant_type=authorization_code&code=x")
	for status, client := range clientFaults {
		get(status, client, a.clientSecret, "grant_type=authorization_code&code=x")
	}
	a.expect(t, o, "403", "GET", a.plain.URL+"/prism/v1/service/oauth2/token", "")
	a.send(t, "POST", a.secure.URL+"/prism/v1/service/oauth2/token", "")
}

// standard gets every answer of the endpoints for other clients.
func standard(t *testing.T, a *app) {
	pair := a.tokens(t, webClient, "live chat")
	foreign := a.tokens(t, prismClient, "")
	for id, bodies := range map[string]map[string][]string{
		"postToken": {
			"200": {
				"grant_type=authorization_code&redirect_uri=" + url.QueryEscape(redirectURI) + "&code_verifier=" + verifier +
					"&code=" + a.code(t, webClient, "live"),
				"grant_type=refresh_token&scope=live&refresh_token=" + a.tokens(t, webClient, "live chat").RefreshToken,
			},
			"400": {"", "grant_type=password", "grant_type=refresh_token&refresh_token=x", "grant_type=refresh_token&scope=none&refresh_token=" + pair.RefreshToken},
		},
		"introspectToken": {
			"200": {"token=" + pair.AccessToken, "token_type_hint=refresh_token&token=" + pair.RefreshToken, "token=x", "token=" + foreign.AccessToken},
			"400": {"", "token=a&token=b"},
		},
		"revokeToken": {
			"200": {"token=x", "token=" + a.tokens(t, webClient, "").AccessToken},
			"400": {"", "token=" + foreign.AccessToken},
		},
	} {
		o := a.operation(t, id)
		post := func(status, client, secret, body string, header ...string) {
			t.Helper()
			basic := httptest.NewRequest("POST", "/", nil)
			basic.SetBasicAuth(client, secret)
			header = append([]string{"Content-Type", form, "Authorization", basic.Header.Get("Authorization")}, header...)
			a.expect(t, o, status, "POST", a.secure.URL+"/prism"+o.path, body, header...)
		}
		for status, list := range bodies {
			for _, body := range list {
				post(status, webClient, a.clientSecret, body)
			}
		}
		post("400", webClient, a.clientSecret, "{}", "Content-Type", "application/json")
		post("401", webClient, "wrong", "token=x&grant_type=refresh_token")
		for status, client := range clientFaults {
			post(status, client, "x", "token=x&grant_type=refresh_token")
		}
		credentials := "&client_id=" + webClient + "&client_secret=" + a.clientSecret
		a.expect(t, o, "400", "POST", a.secure.URL+"/oauth2/"+strings.TrimPrefix(o.path, "/oauth2/"), "grant_type=x"+credentials, "Content-Type", form)
		a.expect(t, o, "403", "POST", a.plain.URL+"/prism"+o.path, "")
		a.send(t, "GET", a.secure.URL+o.path, "")
	}
	o := a.operation(t, "getMetadata")
	a.expect(t, o, "200", "GET", a.secure.URL+"/.well-known/oauth-authorization-server", "")
	a.expect(t, o, "403", "GET", a.plain.URL+"/.well-known/oauth-authorization-server", "")
}

// pages gets every answer of the authorization endpoint.
func pages(t *testing.T, a *app) {
	get, post := a.operation(t, "authorize"), a.operation(t, "submitAuthorize")
	address := a.authorizeURL(webClient, "")
	a.expect(t, get, "200", "GET", address, "")
	a.expect(t, get, "302", "GET", address+"&prompt=none", "")
	a.expect(t, get, "303", "GET", a.authorizeURL(siteClient, ""), "")
	a.expect(t, get, "400", "GET", a.authorizeURL("nobody", ""), "")
	insecure := strings.Replace(address, a.secure.URL, a.plain.URL, 1)
	a.expect(t, get, "403", "GET", insecure, "")

	submit := func(status, address, account, word string, header ...string) (page, cookie string) {
		t.Helper()
		body, cookie := a.signInForm(t, address, account, word)
		got := a.send(t, "POST", address, body, append([]string{"Content-Type", form, "Cookie", cookie}, header...)...)
		if strconv.Itoa(got.status) != status {
			t.Errorf("%s: %d, want %s", post.id, got.status, status)
		}
		return got.body, cookie
	}
	submit("303", address, "minji", password)
	consent, cookie := submit("200", address+"&prompt=consent", "minji", password)
	ticket := html.UnescapeString(hidden.FindStringSubmatch(consent)[2])
	for _, action := range []string{"deny", "allow"} {
		body := url.Values{"prism_consent": {ticket}, "action": {action}}.Encode()
		a.expect(t, post, "303", "POST", address+"&prompt=consent", body, "Content-Type", form, "Cookie", cookie)
	}
	stale, _ := a.signInForm(t, address, "minji", password)
	a.expect(t, post, "400", "POST", address, stale, "Content-Type", form) // without the page's cookie
	submit("403", address, "minji", password, "Sec-Fetch-Site", "cross-site")
	submit("413", address, strings.Repeat("m", 20<<10), password)
	a.expect(t, post, "415", "POST", address, "{}", "Content-Type", "application/json")
	submit("422", address, "minji", "wrong")
	for status, fault := range clientFaults {
		submit(status, address, fault, password)
		a.expect(t, get, status, "GET", a.authorizeURL(fault, ""), "")
	}
	for range oauth.DefaultAccountAttempts {
		body, cookie := a.signInForm(t, address, "limited", "wrong")
		a.send(t, "POST", address, body, "Content-Type", form, "Cookie", cookie)
	}
	submit("429", address, "limited", "wrong")
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(transaction|prism_consent)" value="([^"]+)">`)

func (a *app) authorizeURL(client, scope string) string {
	query := url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirectURI}, "state": {"s"}, "scope": {scope},
	}
	if client == webClient {
		query.Set("code_challenge", challenge)
		query.Set("code_challenge_method", "S256")
	}
	return a.secure.URL + "/prism/oauth/authorize?" + query.Encode()
}

// signInForm is the sign-in page at address, filled in, and its cookie.
func (a *app) signInForm(t *testing.T, address, account, word string) (body, cookie string) {
	t.Helper()
	page := a.send(t, "GET", address, "")
	field := hidden.FindStringSubmatch(page.body)
	if field == nil {
		t.Fatalf("no sign-in page: %d %s", page.status, page.body)
	}
	cookie, _, _ = strings.Cut(page.header.Get("Set-Cookie"), ";")
	return url.Values{"account": {account}, "password": {word}, field[1]: {html.UnescapeString(field[2])}, "action": {"signin"}}.Encode(), cookie
}

// code signs minji in.
func (a *app) code(t *testing.T, client, scope string) string {
	t.Helper()
	address := a.authorizeURL(client, scope)
	body, cookie := a.signInForm(t, address, "minji", password)
	to, err := url.Parse(a.send(t, "POST", address, body, "Content-Type", form, "Cookie", cookie).header.Get("Location"))
	must(t, err)
	if to.Query().Get("code") == "" {
		t.Fatalf("no code came: %s", to.Query().Get("error"))
	}
	return to.Query().Get("code")
}

// tokens signs minji in and redeems the code.
func (a *app) tokens(t *testing.T, client, scope string) prismtest.Tokens {
	t.Helper()
	body := url.Values{
		"grant_type": {"authorization_code"}, "code": {a.code(t, client, scope)}, "redirect_uri": {redirectURI},
		"client_id": {client}, "client_secret": {a.clientSecret},
	}
	if client == webClient {
		body.Set("code_verifier", verifier)
	}
	got := a.send(t, "POST", a.secure.URL+"/prism/oauth2/token", body.Encode(), "Content-Type", form)
	var pair struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	must(t, json.Unmarshal([]byte(got.body), &pair))
	return prismtest.Tokens{AccessToken: pair.Access, RefreshToken: pair.Refresh}
}
