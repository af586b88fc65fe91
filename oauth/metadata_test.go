package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
)

func TestMetadata(t *testing.T) {
	t.Parallel()
	const wellKnown = "/.well-known/oauth-authorization-server"
	methods := []any{"client_secret_basic", "client_secret_post"}
	for issuer, paths := range map[string][]string{
		publicURL:                     {wellKnown + "/prism", wellKnown},
		"https://api.example.com":     {wellKnown},
		"https://api.example.com/a/b": {wellKnown + "/a/b", wellKnown},
	} {
		r := newRig(t, func(c *oauth.Config) { c.PublicURL = issuer })
		h := r.server.MetadataHandler()
		for _, path := range paths {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://api.example.com"+path, nil))
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
				t.Fatalf("%s: %d %v", path, w.Code, err)
			}
			want := map[string]any{
				"issuer":                                         issuer,
				"authorization_endpoint":                         issuer + "/oauth/authorize",
				"token_endpoint":                                 issuer + "/oauth2/token",
				"revocation_endpoint":                            issuer + "/oauth2/revoke",
				"introspection_endpoint":                         issuer + "/oauth2/introspect",
				"response_types_supported":                       []any{"code"},
				"response_modes_supported":                       []any{"query"},
				"grant_types_supported":                          []any{"authorization_code", "refresh_token"},
				"token_endpoint_auth_methods_supported":          methods,
				"revocation_endpoint_auth_methods_supported":     methods,
				"introspection_endpoint_auth_methods_supported":  methods,
				"code_challenge_methods_supported":               []any{"S256"},
				"prompt_values_supported":                        []any{"none", "login", "consent"},
				"authorization_response_iss_parameter_supported": true,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q", got)
			}
			for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodPost} {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(method, "https://api.example.com"+path, nil))
				if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodGet {
					t.Errorf("%s %s: %d, Allow %q", method, path, w.Code, w.Header().Get("Allow"))
				}
			}
		}
		for _, path := range []string{"/", wellKnown + "/", wellKnown + "/x", "/prism" + wellKnown, wellKnown + "/a%2Fb", "/" + wellKnown} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://api.example.com"+path, nil))
			if w.Code != http.StatusNotFound || w.Header().Get("Location") != "" {
				t.Errorf("issuer %s: %s: %d", issuer, path, w.Code)
			}
		}
	}
}
