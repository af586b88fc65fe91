package idp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/prism"
)

// slowUpstream is an upstream without a network, so that synctest can move the
// clock. It honours the request's context as net/http does.
type slowUpstream struct {
	mu    sync.Mutex
	takes time.Duration
	calls int
}

func (s *slowUpstream) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.calls++
	takes := s.takes
	s.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	body := goodTokens
	switch req.URL.Path {
	case "/introspect":
		body = active + "}"
	case "/slow-body":
		return respond(io.NopCloser(&stuckBody{req.Context()})), nil
	}
	return respond(io.NopCloser(strings.NewReader(body))), nil
}

func respond(body io.ReadCloser) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

type stuckBody struct{ ctx context.Context }

func (s *stuckBody) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func (s *slowUpstream) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func slowBridge(t *testing.T, s *slowUpstream, change ...func(*idp.Config)) *idp.Bridge {
	t.Helper()
	cfg := goodConfig("https://idp.example.com")
	cfg.Transport = s
	for _, c := range change {
		c(&cfg)
	}
	b, err := idp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func closeBridge(t *testing.T, b *idp.Bridge) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// An upstream that is slow is 504 at the request's deadline, and not later.
func TestSlowUpstream(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takes, deadline, timeout, want time.Duration
		path                           string
	}{
		"deadline of the request": {time.Hour, 2500 * time.Millisecond, 0, 2500 * time.Millisecond, "/token"},
		"timeout of the bridge":   {time.Hour, time.Hour, 4 * time.Second, 4 * time.Second, "/token"},
		"no deadline":             {time.Hour, 0, 0, idp.DefaultTimeout, "/token"},
		"slow body":               {time.Second, 2 * time.Second, 0, 2 * time.Second, "/slow-body"},
	} {
		for _, query := range []string{"grant_type=authorization_code&code=the-code", "grant_type=refresh_token&token=r"} {
			t.Run(name+" "+query[11:18], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := slowBridge(t, &slowUpstream{takes: c.takes}, func(cfg *idp.Config) {
						cfg.Timeout = c.timeout
						cfg.TokenURL = "https://idp.example.com" + c.path
					})
					defer closeBridge(t, b)
					ctx := t.Context()
					if c.deadline > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, c.deadline)
						defer cancel()
					}
					start := time.Now()
					got := serve(t, b, prismRequest(ctx, query))
					if got.Code != http.StatusGatewayTimeout || got.Error != "temporarily_unavailable" || got.Header().Get("Retry-After") == "" {
						t.Errorf("got %d %s, want 504", got.Code, got.Body)
					}
					if took := time.Since(start); took != c.want {
						t.Errorf("took %v, want %v", took, c.want)
					}
				})
			})
		}
	}
}

func TestSlowVerification(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*idp.Config){"introspection": func(*idp.Config) {}, "keys": withJWT} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := slowBridge(t, &slowUpstream{takes: time.Hour}, change)
				defer closeBridge(t, b)
				for _, deadline := range []time.Duration{time.Second, time.Hour} {
					ctx, cancel := context.WithTimeout(t.Context(), deadline)
					_, err := b.Verify(ctx, sign(t, signingKey, "k1", claimsNow(time.Now())))
					cancel()
					if !errors.Is(err, prism.ErrTimeout) || errors.Is(err, prism.ErrUnauthorized) {
						t.Errorf("got %v, want ErrTimeout", err)
					}
				}
			})
		})
	}
}

// The answer to a refresh is not lost when PRISM did not wait for it.
func TestSlowRefreshIsThereLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		upstream := &slowUpstream{takes: 4 * time.Second}
		b := slowBridge(t, upstream)
		defer closeBridge(t, b)
		ask := func() reply {
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
			defer cancel()
			return serve(t, b, prismRequest(ctx, "grant_type=refresh_token&token=upstream-refresh-0"))
		}
		if got := ask(); got.Code != http.StatusGatewayTimeout {
			t.Fatalf("got %d", got.Code)
		}
		if got := ask(); got.Code != http.StatusOK || got.Access != "upstream-access-1" {
			t.Errorf("asked again: %d %s", got.Code, got.Body)
		}
		time.Sleep(time.Second)
		if got := ask(); got.Code != http.StatusOK || *got.ExpiresIn != 3599 {
			t.Errorf("asked once more: %d %s", got.Code, got.Body)
		}
		if n := upstream.count(); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

// Without a grace time, requests at the same moment still share one call.
func TestParallelRefreshesWithoutGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		upstream := &slowUpstream{takes: time.Second}
		b := slowBridge(t, upstream, func(c *idp.Config) { c.RefreshGrace = -1 })
		defer closeBridge(t, b)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if got := serve(t, b, prismRequest(t.Context(), refreshOf(0))); got.Code != http.StatusOK {
					t.Errorf("got %d", got.Code)
				}
			})
		}
		wg.Wait()
		serve(t, b, prismRequest(t.Context(), refreshOf(0)))
		if n := upstream.count(); n != 2 {
			t.Errorf("%d calls, want one for the eight and one for the last", n)
		}
	})
}

// Callers with made-up tokens cannot pile up calls without bound.
func TestHangingCallsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := slowBridge(t, &slowUpstream{takes: time.Hour})
		defer closeBridge(t, b)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var mu sync.Mutex
		slow, busy := 0, 0
		var wg sync.WaitGroup
		for i := range 1100 {
			wg.Go(func() {
				_, err := b.Verify(ctx, "token"+string(rune('!'+i%90))+string(rune('!'+i/90)))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, prism.ErrTimeout):
					slow++
				case errors.Is(err, prism.ErrUnavailable):
					busy++
				}
			})
		}
		wg.Wait()
		if slow != 1024 || busy != 76 {
			t.Errorf("%d waited, %d were refused", slow, busy)
		}
	})
}
