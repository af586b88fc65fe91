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
