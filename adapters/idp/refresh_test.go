package idp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// rotating is an upstream that accepts each refresh token once and revokes
// everything when one comes back.
type rotating struct {
	mu      sync.Mutex
	current int
	revoked bool
	calls   int
}

func (u *rotating) rotate(w http.ResponseWriter, token string) {
	if u.revoked = u.revoked || token != fmt.Sprintf("upstream-refresh-%d", u.current); u.revoked {
		writeJSON(w, http.StatusBadRequest, `{"error":"invalid_grant"}`)
		return
	}
	u.current++
	writeJSON(w, http.StatusOK, fmt.Sprintf(
		`{"access_token":"upstream-access-%d","refresh_token":"upstream-refresh-%d","expires_in":3600,"token_type":"bearer"}`, u.current, u.current))
}

func (u *rotating) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.calls
}

// upstreamOf makes the rig's upstream a rotating one. The rig has read the
// body, so the form comes from its record.
func upstreamOf(r *rig) *rotating {
	u := &rotating{}
	r.handle(func(w http.ResponseWriter, _ *http.Request) {
		r.mu.Lock()
		token := r.requests[len(r.requests)-1].form.Get("refresh_token")
		r.mu.Unlock()
		u.mu.Lock()
		defer u.mu.Unlock()
		u.calls++
		u.rotate(w, token)
	})
	return u
}

func refreshOf(n int) string {
	return fmt.Sprintf("grant_type=refresh_token&token=upstream-refresh-%d", n)
}

func TestRefreshInTheGraceTime(t *testing.T) {
	t.Parallel()
	var repeated []bool
	r := newRig(t, func(c *idp.Config) {
		c.Trace.TokenIssued = func(_ context.Context, e idp.TokenEvent) {
			if e.ClientID != "prism" || e.GrantType != "refresh_token" {
				t.Errorf("event %+v", e)
			}
			repeated = append(repeated, e.Repeated)
		}
	})
	u := upstreamOf(r)
	first := r.token(refreshOf(0))
	if first.Code != http.StatusOK || first.Refresh != "upstream-refresh-1" {
		t.Fatalf("got %d %s", first.Code, first.Body)
	}
	r.clock.Advance(time.Minute - 1)
	again := r.token("grant_type=refresh_token&_token=upstream-refresh-0") // another spelling is the same token
	if again.Code != http.StatusOK || again.Access != first.Access || again.Refresh != first.Refresh || *again.ExpiresIn != 3600-59 {
		t.Errorf("within the grace time: %d %s", again.Code, again.Body)
	}
	if next := r.token(refreshOf(1)); next.Code != http.StatusOK || next.Refresh != "upstream-refresh-2" {
		t.Errorf("the newer token: %d %s", next.Code, next.Body)
	}
	if u.count() != 2 {
		t.Errorf("%d calls, want 2", u.count())
	}
	if fmt.Sprint(repeated) != "[false true false]" {
		t.Errorf("repeated: %v", repeated)
	}
	r.clock.Advance(1)
	if late := r.token(refreshOf(0)); late.Code != http.StatusBadRequest || late.Error != "invalid_grant" {
		t.Errorf("after the grace time: %d %s", late.Code, late.Body)
	}
}

func TestParallelRefreshes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	u := &rotating{}
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.handle(func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() { close(arrived) })
		<-release
		u.mu.Lock()
		defer u.mu.Unlock()
		u.calls++
		u.rotate(w, "upstream-refresh-0")
	})
	var wg sync.WaitGroup
	ask := func() {
		if got := r.token(refreshOf(0)); got.Code != http.StatusOK || got.Refresh != "upstream-refresh-1" {
			t.Errorf("got %d %s", got.Code, got.Body)
		}
	}
	wg.Go(ask)
	<-arrived
	for range 15 {
		wg.Go(ask)
	}
	close(release)
	wg.Wait()
	if u.count() != 1 {
		t.Errorf("%d calls, want 1", u.count())
	}
}

// Answers are shared neither between clients nor between scopes.
func TestRefreshesAreKeptApart(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *idp.Config) {
		c.Clients = append(c.Clients, idp.Client{
			ID: "second", Secrets: []oauth.Secret{oauth.NewSecret(consoleSecret)}, UpstreamSecret: upstreamSecret,
		})
	})
	r.token(refreshOf(0))
	r.answer(http.StatusBadRequest, `{"error":"invalid_grant"}`)
	req := prismRequest(t.Context(), refreshOf(0))
	req.Header.Set("x-prism-client-id", "second")
	if got := serve(t, r.bridge, req); got.Code != http.StatusBadRequest {
		t.Errorf("another client got %d", got.Code)
	}
	if got := r.token(refreshOf(0) + "&scope=more"); got.Code != http.StatusBadRequest {
		t.Errorf("another scope got %d", got.Code)
	}
	if got := r.token(refreshOf(0)); got.Code != http.StatusOK {
		t.Errorf("the same request got %d", got.Code)
	}
}

// A failure is not remembered.
func TestFailedRefreshIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.answer(http.StatusInternalServerError, "{}")
	if got := r.token(refreshOf(0)); got.Code != http.StatusServiceUnavailable {
		t.Fatalf("got %d", got.Code)
	}
	r.answer(http.StatusOK, goodTokens)
	if got := r.token(refreshOf(0)); got.Code != http.StatusOK {
		t.Errorf("got %d", got.Code)
	}
}

// sharedCache is a RefreshCache that looks at what it keeps and fails on
// demand.
type sharedCache struct {
	mu       sync.Mutex
	values   map[string][]byte
	ttl      time.Duration
	get, put error
}

func (c *sharedCache) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.values[key]
	switch {
	case c.get != nil:
		return nil, c.get
	case !ok:
		return nil, fmt.Errorf("cache: %w", prism.ErrNotFound)
	}
	return value, nil
}

func (c *sharedCache) Put(_ context.Context, key string, value []byte, ttl time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.put != nil {
		return c.put
	}
	if c.values == nil {
		c.values = map[string][]byte{}
	}
	c.values[key], c.ttl = bytes.Clone(value), ttl
	return nil
}

func TestSharedRefreshCache(t *testing.T) {
	t.Parallel()
	cache := &sharedCache{}
	first := newRig(t, func(c *idp.Config) { c.RefreshCache, c.RefreshGrace = cache, 30*time.Second })
	u := upstreamOf(first)
	second := newRig(t, func(c *idp.Config) {
		c.RefreshCache, c.RefreshGrace, c.TokenURL = cache, 30*time.Second, first.server.URL
	})
	a, b := first.token(refreshOf(0)), second.token(refreshOf(0))
	if a.Code != http.StatusOK || b.Code != http.StatusOK || a.Refresh != b.Refresh || u.count() != 1 {
		t.Fatalf("got %d and %d with %d calls", a.Code, b.Code, u.count())
	}
	if cache.ttl != 30*time.Second || len(cache.values) != 1 {
		t.Errorf("%d values for %v", len(cache.values), cache.ttl)
	}
	for key, value := range cache.values {
		if len(key) != 64 || strings.Contains(key+string(value), "upstream-") || bytes.Contains(value, []byte("access")) {
			t.Errorf("the cache sees %q: %q", key, value)
		}
		// What came from another token does not open.
		cache.values[key] = append(bytes.Clone(value[:len(value)-1]), value[len(value)-1]^1)
	}
	if got := second.token(refreshOf(0)); got.Code != http.StatusBadRequest {
		t.Errorf("a forged entry gave %d %s", got.Code, got.Body)
	}
	if second.log.FilterMessageSnippet("refresh cache").Len() == 0 {
		t.Error("a forged entry is not in the log")
	}
}

// A cache that keeps entries too long does not lengthen the grace time.
func TestSharedCacheKeepsTooLong(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *idp.Config) { c.RefreshCache = &sharedCache{} })
	u := upstreamOf(r)
	r.token(refreshOf(0))
	r.clock.Advance(time.Minute)
	if got := r.token(refreshOf(0)); got.Code != http.StatusBadRequest || u.count() != 2 {
		t.Errorf("got %d after %d calls", got.Code, u.count())
	}
}

// An instance that lost the race finds the winner's answer.
func TestRefreshWonByAnotherInstance(t *testing.T) {
	t.Parallel()
	cache := &sharedCache{}
	winner := newRig(t, func(c *idp.Config) { c.RefreshCache = cache })
	loser := newRig(t, func(c *idp.Config) { c.RefreshCache = cache })
	loser.handle(func(w http.ResponseWriter, _ *http.Request) {
		winner.token(refreshOf(0))
		writeJSON(w, http.StatusBadRequest, `{"error":"invalid_grant"}`)
	})
	if got := loser.token(refreshOf(0)); got.Code != http.StatusOK || got.Refresh != "upstream-refresh-1" {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
}

func TestRefreshCacheFails(t *testing.T) {
	t.Parallel()
	for name, cache := range map[string]*sharedCache{
		"get": {get: errors.New("down")}, "put": {put: errors.New("down")}, "short value": {values: map[string][]byte{}},
	} {
		r := newRig(t, func(c *idp.Config) { c.RefreshCache = cache })
		if got := r.token(refreshOf(0)); got.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", name, got.Code, got.Body)
		}
		if name == "short value" {
			for key := range cache.values {
				cache.values[key] = []byte("x")
			}
			r.token(refreshOf(0))
		}
		if r.log.FilterMessageSnippet("refresh cache").Len() != 1 {
			t.Errorf("%s: not in the log", name)
		}
	}
}
