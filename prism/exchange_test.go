package prism_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/b2bprism/b2bprism/prism"
)

func zapError(text string) zapcore.Field { return zap.Error(errors.New(text)) }

func TestDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		isolate bool
		before  func(ctx context.Context) error
	}{
		{"a store that honours its context", false, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		{"a store that reports it as unavailable", false, func(ctx context.Context) error { <-ctx.Done(); return prism.ErrUnavailable }},
		{"a store that does not, isolated", true, func(context.Context) error { time.Sleep(time.Hour); return nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var healthy atomic.Bool
				stub := &stubHost{lives: []prism.Live{goodLive()}, before: func(ctx context.Context) error {
					if healthy.Load() {
						return nil
					}
					return tt.before(ctx)
				}}
				h := newHost(t, stub.use, func(c *prism.Config) { c.Isolate = tt.isolate })
				for _, call := range []struct{ method, path string }{{"GET", "live"}, {"PUT", "live/start"}} {
					start := time.Now()
					h.wantError(h.do(call.method, liveBase+call.path, ""), prism.ErrTimeout)
					if took := time.Since(start); took != prism.DefaultDeadline {
						t.Errorf("%s answered after %v, want %v", call.method, took, prism.DefaultDeadline)
					}
				}
				healthy.Store(true)
				if a := h.do("GET", liveBase+"live", ""); a.Code != 200 {
					t.Errorf("after a slow store: %d", a.Code)
				}
			})
		})
	}
}

func TestAnswerThatComesTooLateIs504(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stub := &stubHost{lives: []prism.Live{goodLive()}, before: func(context.Context) error { time.Sleep(3 * time.Second); return nil }}
		h := newHost(t, stub.use, func(c *prism.Config) { c.Deadline = time.Second })
		h.wantError(h.do("GET", liveBase+"live", ""), prism.ErrTimeout)
	})
}

func TestCloseWaitsForIsolatedCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		returned := false
		stub := &stubHost{lives: []prism.Live{goodLive()}, before: func(context.Context) error {
			time.Sleep(time.Minute)
			returned = true
			return nil
		}}
		h := newHost(t, stub.use, func(c *prism.Config) { c.Isolate = true })
		h.do("GET", liveBase+"live", "")
		if err := h.svc.Close(); err != nil || !returned {
			t.Errorf("Close returned %v before the adapter did", err)
		}
	})
}

func TestWritesOutliveAClientThatWentAway(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, path, body string
		cancelled          bool
	}{
		{"GET", liveBase + "live", "", true},
		{"POST", liveBase + "live/chat", `{"maxResults":1}`, true},
		{"PUT", liveBase + "live/start", "", false},
		{"PUT", liveBase + "live/stop", "", false},
		{"PUT", liveBase + "live", `{"title":"t"}`, false},
		{"POST", "/prism/v1/service/channel/main/live", `{"title":"t","reservedAt":"2026-11-22T12:00:00Z"}`, false},
		{"PUT", liveBase + "live/chat", `{"message":"m"}`, false},
		{"PUT", liveBase + "live/ban/bob", "", false},
	} {
		ctx, goAway := context.WithCancel(t.Context())
		var seen error
		stub := &stubHost{lives: []prism.Live{goodLive()}, before: func(ctx context.Context) error {
			goAway()
			seen = ctx.Err()
			return seen
		}}
		h := newHost(t, stub.use)
		h.serve(h.request(tt.method, tt.path, tt.body).WithContext(ctx))
		if (seen != nil) != tt.cancelled {
			t.Errorf("%s %s: the store's context: %v, want cancelled %v", tt.method, tt.path, seen, tt.cancelled)
		}
		goAway()
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	const good = `{"title":"t","reservedAt":"2026-11-22T12:00:00Z"}`
	for _, tt := range []struct {
		name, contentType, body string
		want                    *prism.Error
	}{
		{"no content type", "", good, nil},
		{"JSON", "application/json; charset=utf-8", good, nil},
		{"text", "text/plain", good, nil},
		{"a content type that is none", "???", good, nil},
		{"form", "application/x-www-form-urlencoded", good, prism.ErrMediaType},
		{"form in any case, malformed", "Application/X-WWW-Form-Urlencoded; ;;", good, prism.ErrMediaType},
		{"multipart", "multipart/form-data; boundary=x", good, prism.ErrMediaType},
		{"huge", "", `{"title":"` + strings.Repeat("x", prism.DefaultMaxBody) + `"}`, prism.ErrTooLarge},
		{"truncated", "", good[:20], prism.ErrInvalid},
		{"empty", "", "", prism.ErrInvalid},
		{"duplicate key", "", `{"title":"a","title":"b","reservedAt":"2026-11-22T12:00:00Z"}`, prism.ErrInvalid},
		{"not UTF-8", "", "{\"title\":\"\xff\",\"reservedAt\":\"2026-11-22T12:00:00Z\"}", prism.ErrInvalid},
		{"deeply nested", "", strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), prism.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			a := h.do("POST", "/prism/v1/service/channel/main/live", tt.body, "Content-Type", tt.contentType)
			if tt.want == nil {
				if a.Code != 200 {
					t.Errorf("%d %s", a.Code, a.body)
				}
				return
			}
			message := h.wantError(a, tt.want)
			if tt.want == prism.ErrInvalid && !strings.HasPrefix(message, "body: ") {
				t.Errorf("message %q does not name the body", message)
			}
			if after := h.do("GET", "/prism/v1/service/user", ""); after.Code != 200 {
				t.Errorf("the service answers %d afterwards", after.Code)
			}
		})
	}
}

// TestRealConnection sends what httptest.NewRecorder cannot: a client that
// stops in mid-body, and one that goes away.
func TestRealConnection(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *prism.Config) { c.Deadline = 200 * time.Millisecond })
	server := httptest.NewTLSServer(h.svc)
	t.Cleanup(server.Close)

	slow, feed := io.Pipe()
	t.Cleanup(func() { _ = feed.Close() })
	go func() { _, _ = feed.Write([]byte(`{"title":`)) }()
	req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/prism/v1/service/channel/main/live", slow)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-prism-access-token", "token-of-alice")
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatalf("a body that never ends: %v, want an answer", err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusGatewayTimeout {
		t.Errorf("a body that never ends: %d, want 504", resp.StatusCode)
	}

	req, err = http.NewRequestWithContext(t.Context(), "GET", server.URL+"/prism/v1/service/user", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-prism-access-token", "token-of-alice")
	resp, err = server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.TLS.Version < 0x0303 {
		t.Errorf("the next request: %d", resp.StatusCode)
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	ids := map[string]bool{}
	for _, path := range []string{"/prism/v1/service/user", "/prism/v1/service/live/none", "/nowhere"} {
		header := h.do("GET", path, "").Header()
		if header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: headers %v", path, header)
		}
		ids[header.Get("X-Request-Id")] = true
	}
	if len(ids) != 3 || ids[""] {
		t.Errorf("request ids %v, want three", ids)
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	var infos []prism.RequestInfo
	var results []prism.RequestResult
	type key struct{}
	var seen any
	h := newHost(t, (&stubHost{lives: []prism.Live{goodLive()}, before: func(ctx context.Context) error {
		seen = ctx.Value(key{})
		return nil
	}}).use, func(c *prism.Config) {
		c.Trace.RequestStart = func(ctx context.Context, info prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
			infos = append(infos, info)
			return context.WithValue(ctx, key{}, "span"), func(r prism.RequestResult) { results = append(results, r) }
		}
	})
	a := h.do("GET", "/prism"+liveBase+"live?x=secret", "")
	h.do("BREW", "/prism/v1/service/user", "")
	h.do("GET", "/nowhere/secret", "")
	if a.Code != 200 || seen != "span" {
		t.Errorf("%d, the store's context has %v, want the Trace's", a.Code, seen)
	}
	if len(infos) != 3 || infos[0].Route != "/v1/service/live/{liveId}" || infos[0].Method != "GET" ||
		infos[0].RequestID != a.Header().Get("X-Request-Id") || infos[1].Method != "OTHER" || infos[2].Route != "unknown" {
		t.Errorf("infos %+v", infos)
	}
	if len(results) != 3 || results[0].Status != 200 || results[0].UserID != "alice" || results[0].ErrorCode != 0 ||
		results[1].ErrorCode != prism.ErrMethodNotAllowed.Code || results[2].Status != 404 {
		t.Errorf("results %+v", results)
	}
}

func TestNothingSecretInTheLog(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	live := h.create("t")
	_, key, err := prism.SplitRTMPPath(live.RTMPPath)
	if err != nil {
		t.Fatal(err)
	}
	h.do("PUT", liveBase+live.LiveID+"/start?key="+key, "")
	h.do("GET", "/prism/v1/service/user?access_token=token-of-alice", "", "x-prism-access-token", "token-of-mallory")
	h.do("GET", "/nowhere/token-of-alice", "")
	if h.log.Len() == 0 {
		t.Fatal("nothing was logged")
	}
	for _, entry := range h.log.All() {
		for name, value := range entry.ContextMap() {
			text, _ := value.(string)
			if strings.Contains(text, "token-of-") || strings.Contains(text, key) {
				t.Errorf("%q has a secret in %s: %q", entry.Message, name, text)
			}
		}
	}
}

func TestOversizedHeaders(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.wantError(h.do("GET", "/prism/v1/service/user", "", "x-prism-access-token", strings.Repeat("x", 100_000)), prism.ErrUnauthorized)

	server := httptest.NewUnstartedServer(h.svc)
	server.Config.MaxHeaderBytes = 8 << 10
	server.StartTLS()
	t.Cleanup(server.Close)
	for _, tt := range []struct {
		header string
		want   int
	}{{strings.Repeat("x", 64<<10), http.StatusRequestHeaderFieldsTooLarge}, {"x", http.StatusOK}} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/prism/v1/service/user", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("x-prism-access-token", "token-of-alice")
		req.Header.Set("X-Padding", tt.header)
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("a header of %d bytes: %d, want %d", len(tt.header), resp.StatusCode, tt.want)
		}
	}
}
