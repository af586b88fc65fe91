package idp_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// What PRISM sees of an upstream in trouble, behind a whole service: 503 when
// it is down, 504 when it is slow, 502 or 503 when it lies, and 401 only for a
// token that is not good.
func TestTroubleBehindAService(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	for name, c := range map[string]struct {
		upstream        http.HandlerFunc
		token, resource int
	}{
		"good":    {says(200, "application/json", active+`,"access_token":"upstream-access-1","refresh_token":"upstream-refresh-1","expires_in":3600}`), 200, 200},
		"down":    {says(503, "text/html", "upstream's own words"), 503, 503},
		"hung up": {hijack(""), 503, 503},
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-released:
			}
		}, 504, 504},
		"lying":    {says(200, "text/html", "upstream's own words"), 502, 503},
		"refusing": {says(400, "application/json", `{"error":"invalid_grant"}`), 400, 503},
		"inactive": {says(200, "application/json", `{"active":false}`), 502, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.handle(c.upstream)
			store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.PutUser(t.Context(), prism.User{ID: "minji", Name: "Minji"}); err != nil {
				t.Fatal(err)
			}
			cfg := prism.FromStore(store)
			cfg.Auth, cfg.Secrets = r.bridge, [][]byte{bytes.Repeat([]byte("s"), prism.MinSecret)}
			if name == "slow" {
				cfg.Deadline = 50 * time.Millisecond
			}
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
			svc.ServeHTTP(w, prismRequest(t.Context(), "grant_type=refresh_token&token=upstream-refresh-0"))
			if w.Code != c.token {
				t.Errorf("token endpoint: %d %s, want %d", w.Code, w.Body, c.token)
			}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.com/prism/v1/service/user", nil)
			req.Header.Set("x-prism-access-token", "upstream-access-1")
			w = httptest.NewRecorder()
			svc.ServeHTTP(w, req)
			if w.Code != c.resource {
				t.Errorf("resource: %d %s, want %d", w.Code, w.Body, c.resource)
			}
			if bytes.Contains(w.Body.Bytes(), []byte("own words")) {
				t.Errorf("the upstream's text is in the answer: %s", w.Body)
			}
			// The authorization endpoint is the upstream's own.
			w = httptest.NewRecorder()
			svc.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.com/prism/oauth/authorize", nil))
			if w.Code != http.StatusNotFound {
				t.Errorf("authorize: %d, want 404", w.Code)
			}
		})
	}
	t.Cleanup(func() { close(released) })
}

func BenchmarkVerifyRemembered(b *testing.B) {
	server := httptest.NewServer(says(200, "application/json", active+"}"))
	defer server.Close()
	bridge, err := idp.New(goodConfig(server.URL))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = bridge.Close() }()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bridge.Verify(context.Background(), "upstream-access-1"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyJWT(b *testing.B) {
	server := httptest.NewServer(keySet(publicJWK(b, signingKey, "k1")))
	defer server.Close()
	cfg := goodConfig(server.URL)
	withJWT(&cfg)
	cfg.VerifyTTL = -1
	bridge, err := idp.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = bridge.Close() }()
	token := sign(b, signingKey, "k1", claimsNow(time.Now()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bridge.Verify(context.Background(), token); err != nil {
			b.Fatal(err)
		}
	}
}
