package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// The Server within a prism.Service: endpoints mounted, transport by the
// Service's rule, tokens good for the resource APIs.
func TestServerWithinService(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cfg := prism.FromStore(r.store.Store)
	cfg.Users = r.users
	cfg.Auth = r.server
	cfg.Secrets = [][]byte{[]byte(strings.Repeat("p", prism.MinSecret))}
	cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	svc, err := prism.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := svc.Close(); err != nil {
			t.Error(err)
		}
	})
	call := func(path string, header map[string]string) *httptest.ResponseRecorder {
		t.Helper()
		req := httptest.NewRequest(http.MethodGet, "http://api.example.com"+path, nil)
		req.RemoteAddr = "192.0.2.1:40000"
		for name, value := range header {
			req.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		svc.ServeHTTP(w, req)
		return w
	}
	authorize := "/prism/oauth/authorize?" + authorizeQuery()
	for name, proto := range map[string]string{"plain": "http", "none": ""} {
		if w := call(authorize, map[string]string{"X-Forwarded-Proto": proto}); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	w := call(authorize, map[string]string{"X-Forwarded-Proto": "https"})
	_, q := r.location(w)
	r.keepSecret(q.Get("code"))
	w = call("/prism/v1/service/oauth2/token?grant_type=authorization_code&code="+q.Get("code"), map[string]string{
		"X-Forwarded-Proto": "https", "X-Prism-Client-Id": clientID, "X-Prism-Client-Secret": clientSecret,
	})
	var pair answer
	if err := json.Unmarshal(w.Body.Bytes(), &pair); err != nil || pair.AccessToken == "" {
		t.Fatalf("%d %v", w.Code, err)
	}
	r.keepSecret(pair.AccessToken, pair.RefreshToken)
	user := map[string]string{"X-Forwarded-Proto": "https", "X-Prism-Access-Token": pair.AccessToken}
	if w := call("/prism/v1/service/user", user); w.Code != http.StatusOK {
		t.Errorf("user: %d %s", w.Code, w.Body)
	}
	if _, err := r.server.RevokeUser(t.Context(), "u1"); err != nil {
		t.Fatal(err)
	}
	if w := call("/prism/v1/service/user", user); w.Code != http.StatusUnauthorized {
		t.Errorf("after RevokeUser: %d", w.Code)
	}
}

// The standard endpoints within a prism.Service, found by the metadata.
func TestStandardEndpointsWithinService(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cfg := prism.FromStore(r.store.Store)
	cfg.Users = r.users
	cfg.Auth = r.server
	cfg.Secrets = [][]byte{[]byte(strings.Repeat("p", prism.MinSecret))}
	svc, err := prism.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := svc.Close(); err != nil {
			t.Error(err)
		}
	})
	w := httptest.NewRecorder()
	svc.MetadataHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://api.example.com/.well-known/oauth-authorization-server/prism", nil))
	var found struct {
		Token      string `json:"token_endpoint"`
		Revoke     string `json:"revocation_endpoint"`
		Introspect string `json:"introspection_endpoint"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &found); err != nil || w.Code != http.StatusOK {
		t.Fatalf("metadata: %d %v", w.Code, err)
	}
	ask := func(endpoint string, pairs ...string) *httptest.ResponseRecorder {
		t.Helper()
		req := formRequest("", clientID, clientSecret, query(pairs...))
		target := httptest.NewRequest(http.MethodPost, endpoint, nil)
		req.URL, req.Host = target.URL, target.Host
		w := httptest.NewRecorder()
		svc.ServeHTTP(w, req)
		return w
	}
	w = ask(found.Token, "grant_type", "authorization_code", "code", r.code(), "redirect_uri", redirectURI)
	var pair answer
	if err := json.Unmarshal(w.Body.Bytes(), &pair); err != nil || w.Code != http.StatusOK {
		t.Fatalf("token: %d %v", w.Code, err)
	}
	r.keepSecret(pair.AccessToken, pair.RefreshToken)
	if w := ask(found.Introspect, "token", pair.AccessToken); !strings.HasPrefix(w.Body.String(), `{"active":true,`) {
		t.Errorf("introspect: %d %s", w.Code, w.Body)
	}
	if w := ask(found.Revoke, "token", pair.RefreshToken); w.Code != http.StatusOK {
		t.Errorf("revoke: %d %s", w.Code, w.Body)
	}
	r.wantWorks(pair.AccessToken, false)
	if w := ask(strings.Replace(found.Token, "oauth2", "oauth", 1), "grant_type", "refresh_token", "refresh_token", pair.RefreshToken); w.Code != http.StatusBadRequest {
		t.Errorf("the other path: %d %s", w.Code, w.Body)
	}
}
