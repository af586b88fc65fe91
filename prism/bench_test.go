package prism_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// polledToken has the form of a real access token.
const polledToken = "abcdefghijabcdefghijabcdefghijabcdefghij123"

// polled is a service as a host runs it, silent, over the memory store and the
// real authorization server: one live on air, with chat, among others of its
// channel.
type polled struct {
	svc  *prism.Service
	live prism.Live
	// bare answers live info and nothing else; see bareHandler.
	bare http.Handler
}

func newPolled(tb testing.TB) *polled {
	tb.Helper()
	ctx := context.Background()
	store := exampleStore()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	must(store.PutChannel(ctx, "u1", prism.Channel{ID: "c1", Name: "Morning talk", Link: "https://example.com/c1", Enabled: true}))
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i := range 20 {
		status := prism.StatusReserved
		if i == 0 {
			status = prism.StatusOnAir
		}
		must(store.PutLive(ctx, prism.Live{ID: fmt.Sprintf("live-%02d", i), ChannelID: "c1", Title: "Today", Description: "Talk and music",
			Status: status, Scope: prism.ScopePublic, ReservedAt: at, StartedAt: at, Stats: prism.LiveStats{Views: 1200, Likes: 34}}))
		must(store.SendMessage(ctx, "u1", "live-00", "Hello everyone!"))
	}
	saveToken(tb, store, polledToken)

	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Secrets = newTokenCheck(tb, store), testSecrets
	svc, err := prism.New(cfg)
	must(err)
	live, err := store.Live(ctx, "u1", "live-00")
	must(err)
	return &polled{svc: svc, live: live, bare: newBareHandler(polledToken, live)}
}

// newTokenCheck is an authorization server that only verifies.
func newTokenCheck(tb testing.TB, store *memory.Store) *oauth.Server {
	tb.Helper()
	auth, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{ID: "prism", Secrets: []oauth.Secret{oauth.NewSecret("secretOfTheConsole")},
			RedirectURIs: []string{"https://example.com/callback"}}),
		Store: store, Users: store, Secrets: testSecrets, PublicURL: "https://api.example.com/prism", SweepInterval: -1,
		Login: oauth.SessionLogin(func(*http.Request, string) (string, string, error) { return "u1", "", nil }),
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := auth.Close(); err != nil {
			tb.Error(err)
		}
	})
	return auth
}

// saveToken writes an access token of u1 into the store.
func saveToken(tb testing.TB, store oauth.Store, token string) {
	tb.Helper()
	ctx, now := context.Background(), time.Now()
	code, end := oauth.DigestOf("code of "+token), now.Add(24*time.Hour)
	err := store.SaveCode(ctx, oauth.Code{Digest: code, FamilyID: token, ClientID: "prism", UserID: "u1", ExpiresAt: end})
	if err == nil {
		err = store.RedeemCode(ctx, oauth.Redemption{
			Code: code, ClientID: "prism", Now: now,
			Family: oauth.Family{ID: token, ClientID: "prism", UserID: "u1", CreatedAt: now, ExpiresAt: end,
				Generation: 1, RotatedAt: now, Pairs: 1, Used: true},
			Pair: oauth.Pair{Access: oauth.DigestOf(token), AccessExpiresAt: end,
				Refresh: oauth.DigestOf("refresh of " + token), RefreshExpiresAt: end},
		})
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// discard is a ResponseWriter that keeps nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// shot is one request that can be served again and again.
type shot struct {
	r    *http.Request
	body *bytes.Reader
	w    discard
}

func newShot(method, path, token, body string) *shot {
	s := &shot{body: bytes.NewReader([]byte(body)), w: discard{header: http.Header{}}}
	s.r = httptest.NewRequest(method, "https://api.example.com"+path, http.NoBody)
	s.r.Header.Set("x-prism-access-token", token)
	return s
}

// serve has the handler answer, on a connection with nothing left from before.
func (s *shot) serve(h http.Handler) int {
	clear(s.w.header)
	if s.body.Size() > 0 {
		_, _ = s.body.Seek(0, io.SeekStart)
		s.r.Body = io.NopCloser(s.body)
	}
	h.ServeHTTP(&s.w, s.r)
	return s.w.status
}

// shots are the calls whose cost is watched, with the most allocations that
// each may take. The first four make up a broadcast; PRISM sends live info
// every 5 seconds and the chat list every 3 to 5.
func (p *polled) shots(tb testing.TB) []struct {
	name   string
	shot   *shot
	status int
	allocs float64
} {
	tb.Helper()
	const live = "/prism/v1/service/live/live-00"
	newest := httptest.NewRecorder()
	p.svc.ServeHTTP(newest, newShot("POST", live+"/chat", polledToken, "").withBody(`{"maxResults":100}`).r)
	_, next, _ := strings.Cut(newest.Body.String(), `"nextPageToken":"`)
	next, _, ok := strings.Cut(next, `"`)
	if !ok {
		tb.Fatalf("no page token in %s", newest.Body)
	}
	return []struct {
		name   string
		shot   *shot
		status int
		allocs float64
	}{
		{"live info", newShot("GET", live, polledToken, ""), 200, 6},
		{"chat list, nothing new", newShot("POST", live+"/chat", polledToken, `{"maxResults":100,"pageToken":"`+next+`"}`), 200, 42},
		{"chat list of 20", newShot("POST", live+"/chat", polledToken, `{"maxResults":100}`), 200, 60},
		{"start, again", newShot("PUT", live+"/start", polledToken, ""), 200, 9},
		{"live list of 20", newShot("GET", "/prism/v1/service/channel/c1/lives", polledToken, ""), 200, 12},
		{"channel list", newShot("GET", "/prism/v1/service/channel/list", polledToken, ""), 200, 13},
		{"user", newShot("GET", "/prism/v1/service/user", polledToken, ""), 200, 10},
		{"no such live", newShot("GET", "/prism/v1/service/live/none", polledToken, ""), 404, 18},
		{"bad token", newShot("GET", live, strings.Repeat("x", 43), ""), 401, 18},
		{"no such API", newShot("GET", "/prism/v1/service/none", polledToken, ""), 404, 10},
	}
}

func (s *shot) withBody(body string) *shot {
	s.r.Body = io.NopCloser(strings.NewReader(body))
	return s
}

func bench(b *testing.B, h http.Handler, s *shot, status int) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if got := s.serve(h); got != status {
			b.Fatalf("status %d, want %d", got, status)
		}
	}
}

func BenchmarkLiveInfo(b *testing.B) {
	p := newPolled(b)
	bench(b, p.svc, newShot("GET", "/prism/v1/service/live/live-00", polledToken, ""), http.StatusOK)
}

// BenchmarkBareLiveInfo is what the same answer costs at the least: the
// service should stay within 1.8 times of it.
func BenchmarkBareLiveInfo(b *testing.B) {
	p := newPolled(b)
	bench(b, p.bare, newShot("GET", "/prism/v1/service/live/live-00", polledToken, ""), http.StatusOK)
}

func BenchmarkCalls(b *testing.B) {
	p := newPolled(b)
	for _, call := range p.shots(b) {
		b.Run(call.name, func(b *testing.B) { bench(b, p.svc, call.shot, call.status) })
	}
}

// BenchmarkLiveInfoParallel shows whether requests hold each other up.
func BenchmarkLiveInfoParallel(b *testing.B) {
	p := newPolled(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		s := newShot("GET", "/prism/v1/service/live/live-00", polledToken, "")
		for pb.Next() {
			s.serve(p.svc)
		}
	})
}
