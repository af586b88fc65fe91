package idp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/prism"
)

func TestVerifyCache(t *testing.T) {
	t.Parallel()
	exp := func(d time.Duration) string { return fmt.Sprintf(active+`,"exp":%d}`, newClock().Now().Add(d).Unix()) }
	for name, c := range map[string]struct {
		ttl    time.Duration
		body   string
		lasts  time.Duration
		cached bool
	}{
		"default":         {0, active + "}", idp.DefaultVerifyTTL, true},
		"longer":          {time.Minute, active + "}", time.Minute, true},
		"until exp":       {time.Minute, exp(5 * time.Second), 5 * time.Second, true},
		"off":             {-1, active + "}", 0, false},
		"exp has passed":  {time.Minute, exp(-time.Second), 0, false},
		"not a bad token": {time.Minute, `{"active":false}`, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(cfg *idp.Config) { cfg.VerifyTTL = c.ttl })
			r.answer(http.StatusOK, c.body)
			verify := func() int {
				_, err := r.bridge.Verify(t.Context(), "upstream-access-1")
				if err != nil && !errors.Is(err, prism.ErrUnauthorized) {
					t.Fatal(err)
				}
				return len(r.asked())
			}
			if verify() != 1 {
				t.Fatal("the upstream was not asked")
			}
			if c.cached {
				r.clock.Advance(c.lasts - 1)
				if verify() != 0 {
					t.Error("forgotten too early")
				}
				r.clock.Advance(1)
			}
			if verify() != 1 {
				t.Error("remembered too long")
			}
		})
	}
}

func TestVerifyCacheIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *idp.Config) { c.VerifyEntries = 2 })
	r.answer(http.StatusOK, active+"}")
	verify := func(token string) int {
		t.Helper()
		if _, err := r.bridge.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		return len(r.asked())
	}
	for _, token := range []string{"a", "b", "c"} {
		verify(token)
	}
	if verify("b") != 0 || verify("c") != 0 {
		t.Error("the newest two are forgotten")
	}
	if verify("a") != 1 {
		t.Error("the oldest one is still there")
	}
}

// Requests with one token at the same time share one call; one that goes away
// leaves the others alone.
func TestVerifySharesACall(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	r.handle(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived) // a second call would panic
		<-release
		writeJSON(w, http.StatusOK, active+"}")
	})
	first, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := r.bridge.Verify(first, "upstream-access-1")
		left <- err
	}()
	<-arrived
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) || errors.Is(err, prism.ErrUnauthorized) {
		t.Errorf("the one who left: %v", err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if p, err := r.bridge.Verify(t.Context(), "upstream-access-1"); err != nil || p.UserID != "minji" {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
	close(release)
	wg.Wait()
	if n := len(r.asked()); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

func TestUserID(t *testing.T) {
	t.Parallel()
	own := errors.New("the host's own failure")
	for name, c := range map[string]struct {
		id   string
		err  error
		want error
	}{
		"mapped":       {"host-minji", nil, nil},
		"unknown":      {"", fmt.Errorf("members: %w", prism.ErrNotFound), prism.ErrUnauthorized},
		"refused":      {"", prism.ErrUnauthorized, prism.ErrUnauthorized},
		"not now":      {"", prism.ErrUnavailable, prism.ErrUnavailable},
		"other":        {"", own, own},
		"with a value": {"host-minji", own, own},
	} {
		r := newRig(t, func(cfg *idp.Config) {
			cfg.UserID = func(context.Context, idp.Claims) (string, error) { return c.id, c.err }
		})
		r.answer(http.StatusOK, active+"}")
		got, err := r.bridge.Verify(t.Context(), "upstream-access-1")
		if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) || err == nil && got.UserID != c.id || err != nil && got != (prism.Principal{}) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		if name == "unknown" && errors.Is(err, prism.ErrNotFound) {
			t.Error("an unknown person is answered 404, which reads as an unknown live")
		}
	}

	r := newRig(t, func(cfg *idp.Config) {
		cfg.UserID = func(context.Context, idp.Claims) (string, error) { return "", nil }
	})
	r.answer(http.StatusOK, active+"}")
	if _, err := r.bridge.Verify(t.Context(), "upstream-access-1"); err == nil || errors.Is(err, prism.ErrUnauthorized) {
		t.Errorf("no id: %v", err)
	}
}

// A panic of the host's function comes out where the Service catches it.
func TestPanicOfUserID(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(cfg *idp.Config) {
		cfg.UserID = func(context.Context, idp.Claims) (string, error) { panic("host") }
	})
	r.answer(http.StatusOK, active+"}")
	for range 2 { // the second shows that the first left nothing behind
		func() {
			defer func() {
				if p := recover(); p != "host" {
					t.Errorf("recovered %v", p)
				}
			}()
			_, err := r.bridge.Verify(t.Context(), "upstream-access-1")
			t.Errorf("returned %v", err)
		}()
	}
}

func TestClosedBridge(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	arrived := make(chan struct{})
	r.handle(func(_ http.ResponseWriter, req *http.Request) {
		close(arrived)
		<-req.Context().Done()
	})
	waiting := make(chan error, 1)
	go func() {
		_, err := r.bridge.Verify(t.Context(), "upstream-access-1")
		waiting <- err
	}()
	<-arrived
	for range 2 {
		if err := r.bridge.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-waiting; !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("the call under way: %v", err)
	}
	if _, err := r.bridge.Verify(t.Context(), "upstream-access-2"); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("later: %v", err)
	}
	for _, query := range []string{"grant_type=authorization_code&code=the-code", "grant_type=refresh_token&token=r"} {
		if got := r.token(query); got.Code != http.StatusServiceUnavailable {
			t.Errorf("token endpoint: %d", got.Code)
		}
	}
}
