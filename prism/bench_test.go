package prism_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// discard is a ResponseWriter that keeps nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// newPoll is a service as a host runs it, silent, and the request that PRISM
// sends every five seconds for every live.
func newPoll(t testing.TB) (http.Handler, *http.Request) {
	t.Helper()
	store := exampleStore()
	if err := store.PutChannel(t.Context(), "u1", prism.Channel{ID: "c1", Name: "Morning talk", Link: "https://example.com/c1", Enabled: true}); err != nil {
		t.Fatal(err)
	}
	live, err := store.CreateLive(t.Context(), "u1", "c1", prism.NewLive{Title: "Today", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Secrets = exampleAuth, testSecrets
	svc, err := prism.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "https://api.example.com/prism/v1/service/live/"+live.ID, nil)
	r.Header.Set("x-prism-access-token", "t")
	return svc, r
}

func BenchmarkLiveInfo(b *testing.B) {
	svc, r := newPoll(b)
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		svc.ServeHTTP(w, r)
	}
	if w.status != http.StatusOK {
		b.Fatal(w.status)
	}
}
