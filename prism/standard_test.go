package prism_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// standardTokens is an Authenticator with all OAuth endpoints. Each answers
// with its name.
type standardTokens struct{ tokens }

func (standardTokens) ServePRISMToken(w http.ResponseWriter, r *http.Request) {
	answerName(w, r, "prism token")
}
func (standardTokens) ServeAuthorize(w http.ResponseWriter, r *http.Request) {
	answerName(w, r, "authorize")
}
func (standardTokens) ServeToken(w http.ResponseWriter, r *http.Request)  { answerName(w, r, "token") }
func (standardTokens) ServeRevoke(w http.ResponseWriter, r *http.Request) { answerName(w, r, "revoke") }
func (standardTokens) ServeIntrospect(w http.ResponseWriter, r *http.Request) {
	answerName(w, r, "introspect")
}

func (standardTokens) MetadataHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answerName(w, r, "metadata") })
}

func answerName(w http.ResponseWriter, r *http.Request, name string) {
	if _, err := io.ReadAll(r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if _, ok := r.Context().Deadline(); !ok || prism.RequestID(r.Context()) == "" {
		name += " outside the service"
	}
	_, _ = io.WriteString(w, name)
}

func withStandard(c *prism.Config) { c.Auth = standardTokens{testTokens} }

func TestStandardEndpointsAreMounted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		base     string
		found    []string
		notFound []string
	}{
		{"", []string{"", "/prism"}, []string{"/prism/prism", "/x", "/v1"}},
		{"/api/live", []string{"", "/api/live"}, []string{"/prism", "/live"}},
		{"/", []string{""}, []string{"/prism", "/"}},
	} {
		h := newHost(t, withStandard, func(c *prism.Config) { c.BasePath = tt.base })
		for _, folder := range []string{"/oauth2/", "/oauth/"} {
			for _, name := range []string{"token", "revoke", "introspect"} {
				for _, prefix := range tt.found {
					a := h.do("POST", prefix+folder+name, "a=b", "Content-Type", "application/x-www-form-urlencoded")
					if a.Code != http.StatusOK || string(a.body) != name {
						t.Errorf("base %q: %s%s%s: %d %s", tt.base, prefix, folder, name, a.Code, a.body)
					}
				}
				for _, prefix := range tt.notFound {
					if a := h.do("POST", prefix+folder+name, ""); a.Code != http.StatusNotFound {
						t.Errorf("base %q: %s%s%s: %d, want 404", tt.base, prefix, folder, name, a.Code)
					}
				}
			}
		}
		if a := h.do("GET", "/v1/service/oauth2/token", ""); string(a.body) != "prism token" {
			t.Errorf("base %q: PRISM's dialect: %d %s", tt.base, a.Code, a.body)
		}
	}
}

func TestStandardEndpointsRefuse(t *testing.T) {
	t.Parallel()
	h := newHost(t, withStandard)
	flat := func(a answer) (code string) {
		t.Helper()
		var body map[string]string
		if err := json.Unmarshal(a.body, &body); err != nil || body["success"] != "" || a.Header().Get("Location") != "" {
			t.Errorf("%d %s, Location %q: %v", a.Code, a.body, a.Header().Get("Location"), err)
		}
		return body["error"]
	}
	for _, path := range []string{"/oauth2/token", "/prism/oauth2/revoke", "/oauth/introspect"} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "post"} {
			a := h.do(method, path, "", "Origin", "https://evil.example")
			if a.Code != http.StatusMethodNotAllowed || a.Header().Get("Allow") != "POST" || a.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s: %d, %v", method, path, a.Code, a.Header())
			}
			flat(a)
		}
		r := h.request("POST", path, "token=x")
		r.TLS = nil
		a := h.serve(r)
		if a.Code != http.StatusForbidden || flat(a) != "invalid_request" || !strings.Contains(string(a.body), "TLS_REQUIRED") {
			t.Errorf("%s over plain HTTP: %d %s", path, a.Code, a.body)
		}
		if a := h.do("POST", path, strings.Repeat("a", prism.DefaultMaxBody+1)); a.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with a body over MaxBody: %d", path, a.Code)
		}
		for _, wrong := range []string{path + "/", strings.ToUpper(path), "/" + path, strings.Replace(path, "token", "%74oken", 1) + "%2F"} {
			if a := h.do("POST", wrong, ""); a.Code != http.StatusNotFound || a.Header().Get("Location") != "" {
				t.Errorf("%s: %d, Location %q", wrong, a.Code, a.Header().Get("Location"))
			}
		}
	}
}

// An Authenticator that only verifies has none of the endpoints.
func TestStandardEndpointsAreOptional(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, path := range []string{"/oauth2/token", "/prism/oauth2/revoke", "/oauth/introspect"} {
		h.wantError(h.do("POST", path, ""), prism.ErrNoSuchAPI)
	}
	rec := httptest.NewRecorder()
	h.svc.MetadataHandler().ServeHTTP(rec, h.request("GET", "/.well-known/oauth-authorization-server", ""))
	if rec.Code != http.StatusNotFound {
		t.Errorf("metadata: %d %s", rec.Code, rec.Body)
	}
}

func TestMetadataHandler(t *testing.T) {
	t.Parallel()
	h := newHost(t, withStandard)
	serve := func(r *http.Request) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		h.svc.MetadataHandler().ServeHTTP(rec, r)
		return rec
	}
	const path = "/.well-known/oauth-authorization-server/prism"
	if rec := serve(h.request("GET", path, "")); rec.Code != http.StatusOK || rec.Body.String() != "metadata" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	for _, method := range []string{"HEAD", "OPTIONS", "POST"} {
		if rec := serve(h.request(method, path, "")); rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "GET" {
			t.Errorf("%s: %d, Allow %q", method, rec.Code, rec.Header().Get("Allow"))
		}
	}
	plain := h.request("GET", path, "")
	plain.TLS = nil
	if rec := serve(plain); rec.Code != http.StatusForbidden {
		t.Errorf("over plain HTTP: %d", rec.Code)
	}
	if a := h.do("GET", path, ""); a.Code != http.StatusNotFound {
		t.Errorf("the service itself answers the metadata: %d", a.Code)
	}
}
