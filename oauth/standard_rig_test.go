package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// formRequest is a request in the standard dialect. A client id of "" leaves
// the Authorization header away.
func formRequest(path, id, secret string, form url.Values) *http.Request {
	req := httptest.NewRequest(http.MethodPost, publicURL+path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	return req
}

// post is a good client's request to the standard token endpoint.
func (r *rig) post(pairs ...string) answer {
	r.t.Helper()
	return r.postAs(clientID, clientSecret, pairs...)
}

func (r *rig) postAs(id, secret string, pairs ...string) answer {
	r.t.Helper()
	return r.serveForm(formRequest("/oauth2/token", id, secret, query(pairs...)))
}

// serveForm serves a request to the standard token endpoint.
func (r *rig) serveForm(req *http.Request) answer {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.server.ServeToken(w, req)
	a := r.readAnswer(w)
	switch {
	case a.status == http.StatusOK && (a.AccessToken == "" || a.RefreshToken == "" || a.Error != ""):
		r.t.Errorf("200 with %s", a.body)
	case a.status != http.StatusOK && (a.AccessToken != "" || a.RefreshToken != "" || a.Error == ""):
		r.t.Errorf("%d with %s", a.status, a.body)
	}
	return a
}

// readAnswer reads a flat JSON answer and checks what all have in common.
func (r *rig) readAnswer(w *httptest.ResponseRecorder) answer {
	r.t.Helper()
	a := answer{status: w.Code, header: w.Header(), body: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		r.t.Errorf("%d without JSON: %v", w.Code, err)
	}
	r.keepSecret(a.AccessToken, a.RefreshToken)
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json", "Location": "",
	} {
		if got := a.header.Get(name); got != want {
			r.t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if (a.status == http.StatusUnauthorized) != (a.header.Get("WWW-Authenticate") != "") {
		r.t.Errorf("%d with WWW-Authenticate %q", a.status, a.header.Get("WWW-Authenticate"))
	}
	return a
}

// revoke asks the revocation endpoint. A 200 has no body.
func (r *rig) revokeAs(id, secret string, pairs ...string) answer {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.server.ServeRevoke(w, formRequest("/oauth2/revoke", id, secret, query(pairs...)))
	if w.Code != http.StatusOK {
		return r.readAnswer(w)
	}
	if w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" {
		r.t.Errorf("200 with %q, %v", w.Body, w.Header())
	}
	return answer{status: w.Code, header: w.Header()}
}

func (r *rig) revoke(token string) answer {
	r.t.Helper()
	return r.revokeAs(clientID, clientSecret, "token", token)
}

func (r *rig) introspectAs(id, secret string, pairs ...string) answer {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.server.ServeIntrospect(w, formRequest("/oauth2/introspect", id, secret, query(pairs...)))
	return r.readAnswer(w)
}

// active asks the introspection endpoint whether a token is good.
func (r *rig) active(token string) bool {
	r.t.Helper()
	a := r.introspectAs(clientID, clientSecret, "token", token)
	if a.status != http.StatusOK {
		r.t.Errorf("introspect: %d %s", a.status, a.body)
	}
	return a.body != `{"active":false}`
}

// clientEndpoints are the endpoints that authenticate a client in the standard
// dialect.
func (r *rig) clientEndpoints() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"token": r.server.ServeToken, "revoke": r.server.ServeRevoke, "introspect": r.server.ServeIntrospect,
	}
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// The whole way of an independent client: authorize with PKCE, exchange,
// refresh, introspect, revoke.
func TestStandardFlow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := r.code("code_challenge", challenge, "code_challenge_method", "S256", "scope", "live")
	pair := r.mustOK(r.post("grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI, "code_verifier", verifier))
	if pair.Scope != "live" || pair.TokenType != "bearer" || pair.ExpiresIn != 12*3600 {
		t.Errorf("%s", pair.body)
	}
	r.wantWorks(pair.AccessToken, true)
	next := r.mustOK(r.post("grant_type", "refresh_token", "refresh_token", pair.RefreshToken, "scope", "live"))
	for name, token := range map[string]string{"access": next.AccessToken, "refresh": next.RefreshToken, "old access": pair.AccessToken} {
		if !r.active(token) {
			t.Errorf("the %s token is not active", name)
		}
	}
	if a := r.revoke(next.RefreshToken); a.status != http.StatusOK {
		t.Errorf("revoke: %d", a.status)
	}
	for name, token := range map[string]string{"access": next.AccessToken, "refresh": next.RefreshToken, "old access": pair.AccessToken} {
		if r.active(token) {
			t.Errorf("the %s token outlived the revocation", name)
		}
	}
}
