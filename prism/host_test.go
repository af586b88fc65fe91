package prism_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tokens is an Authenticator over fixed tokens.
type tokens map[string]string

func (a tokens) Verify(_ context.Context, token string) (prism.Principal, error) {
	if user, ok := a[token]; ok {
		return prism.Principal{UserID: user, ClientID: "prism"}, nil
	}
	return prism.Principal{}, fmt.Errorf("no such token: %w", prism.ErrUnauthorized)
}

var testTokens = tokens{"token-of-alice": "alice", "token-of-bob": "bob", "token-of-ghost": "ghost"}

var testSecrets = [][]byte{bytes.Repeat([]byte("s"), prism.MinSecret)}

// clock is a time source that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// host is a service over a memory store with two users: alice has the channels
// "main" and "off" (disabled), bob has "bobs".
type host struct {
	t     *testing.T
	store *memory.Store
	clock *clock
	svc   *prism.Service
	log   *observer.ObservedLogs
}

func newHost(t *testing.T, change ...func(*prism.Config)) *host {
	t.Helper()
	h := &host{t: t, clock: newClock()}
	var err error
	h.store, err = memory.New(prism.StoreOptions{
		RTMPBase: "rtmp://ingest.example.com/live",
		LiveLink: func(liveID string) string { return "https://example.com/watch/" + liveID },
		Now:      h.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(h.store.PutUser(ctx, prism.User{ID: "alice", Name: "Alice", ThumbnailURL: "https://example.com/alice.png"}))
	must(h.store.PutUser(ctx, prism.User{ID: "bob", Name: "Bob"}))
	must(h.store.PutChannel(ctx, "alice", prism.Channel{ID: "main", Name: "Main", Enabled: true, Link: "https://example.com/main",
		Description: "All day", Tags: []string{"talk", "a;b"}, FollowerCount: 12}))
	h.clock.Advance(time.Second)
	must(h.store.PutChannel(ctx, "alice", prism.Channel{ID: "off", Name: "Off", Link: "https://example.com/off"}))
	must(h.store.PutChannel(ctx, "bob", prism.Channel{ID: "bobs", Name: "Bob's", Enabled: true}))

	core, log := observer.New(zapcore.DebugLevel)
	h.log = log
	cfg := prism.FromStore(h.store)
	cfg.Auth, cfg.Secrets, cfg.Logger = testTokens, testSecrets, zap.New(core)
	for _, c := range change {
		c(&cfg)
	}
	h.svc, err = prism.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(h.svc.Close()) })
	return h
}

// answer is one answer of the service.
type answer struct {
	*httptest.ResponseRecorder
	body []byte
}

// envelope is the frame, decoded strictly enough to tell null from absent.
type envelope struct {
	Success   *bool
	ErrorCode *int
	ErrorName *string
	Message   *string
	Data      json.RawMessage
}

func (h *host) request(method, path, body string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "https://api.example.com"+path, strings.NewReader(body))
	r = r.WithContext(h.t.Context())
	r.Header.Set("x-prism-access-token", "token-of-alice")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	return r
}

func (h *host) do(method, path, body string, header ...string) answer {
	h.t.Helper()
	return h.serve(h.request(method, path, body, header...))
}

func (h *host) serve(r *http.Request) answer {
	h.t.Helper()
	rec := httptest.NewRecorder()
	h.svc.ServeHTTP(rec, r)
	return answer{rec, rec.Body.Bytes()}
}

// data decodes the data of a success into v.
func (h *host) data(a answer, v any) {
	h.t.Helper()
	var e envelope
	if err := json.Unmarshal(a.body, &e); err != nil {
		h.t.Fatalf("answer %d is no envelope: %s", a.Code, a.body)
	}
	if a.Code != http.StatusOK || e.Success == nil || !*e.Success || *e.ErrorCode != 0 || e.ErrorName != nil || e.Message != nil {
		h.t.Fatalf("answer %d, want a success envelope: %s", a.Code, a.body)
	}
	if err := json.Unmarshal(e.Data, v); err != nil {
		h.t.Fatalf("data %s: %v", e.Data, err)
	}
}

// wantError checks a failure envelope and returns its message.
func (h *host) wantError(a answer, want *prism.Error) string {
	h.t.Helper()
	var e envelope
	if err := json.Unmarshal(a.body, &e); err != nil {
		h.t.Fatalf("answer %d is no envelope: %q", a.Code, a.body)
	}
	if a.Code != want.Status || e.Success == nil || *e.Success || *e.ErrorCode != want.Code || *e.ErrorName != want.Name ||
		e.Message == nil || *e.Message == "" || string(e.Data) != "null" {
		h.t.Fatalf("answer %d %s, want %d %s", a.Code, a.body, want.Status, want.Name)
	}
	if got := a.Header().Get("Content-Type"); got != "application/json" {
		h.t.Errorf("Content-Type = %q", got)
	}
	return *e.Message
}

type liveJSON struct {
	LiveID, Title, Description, ReservedAt, RTMPPath, Status, Scope, LiveLink string
	StartAt                                                                   *string
	LiveStat                                                                  map[string]int
}

type liveAnswer struct {
	ChannelID string
	Live      liveJSON
}

func (h *host) create(title string) liveJSON {
	h.t.Helper()
	var got liveAnswer
	h.data(h.do("POST", "/prism/v1/service/channel/main/live",
		`{"title":"`+title+`","reservedAt":"2026-11-22T21:00:00+09:00"}`), &got)
	return got.Live
}
