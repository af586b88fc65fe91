package prism_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// mountedAt starts a TLS server with a service that front wraps.
func mountedAt(t *testing.T, front func(http.Handler) http.Handler, change ...func(*prism.Config)) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(front(newHost(t, change...).svc))
	t.Cleanup(server.Close)
	return server
}

func inFront(answer func(w http.ResponseWriter, r *http.Request) (done bool)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !answer(w, r) {
				next.ServeHTTP(w, r)
			}
		})
	}
}

func TestCheckMount(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		front func(http.Handler) http.Handler
		// want are texts that the error has, none for no error.
		want []string
		// count is the number of problems.
		count int
	}{
		"sound": {func(h http.Handler) http.Handler { return h }, nil, 0},
		"CORS answers OPTIONS and adds headers": {inFront(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Origin") != "" {
				w.Header().Set("Access-Control-Allow-Origin", "*")
			}
			if r.Header.Get("Access-Control-Request-Method") == "" {
				return false
			}
			w.WriteHeader(http.StatusNoContent)
			return true
		}), []string{
			"GET /prism/v1/service/user: the answer has Access-Control-Allow-Origin: mount the service outside of CORS",
			"HEAD /prism/v1/service/user: the answer has Access-Control-Allow-Origin",
			"OPTIONS /prism/v1/service/user: the answer has Access-Control-Allow-Origin",
			"OPTIONS /prism/v1/service/user: got status 204, want 405: something in front of the service answers OPTIONS",
		}, 4},
		"a router answers HEAD": {inFront(func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "text/html")
			return r.Method == http.MethodHead
		}), []string{"HEAD /prism/v1/service/user: got status 200, want 405: something in front of the service answers HEAD"}, 1},
		"a router answers OPTIONS with its own 405": {inFront(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodOptions {
				return false
			}
			w.Header().Set("Allow", "OPTIONS, GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return true
		}), []string{`got Allow "OPTIONS, GET, HEAD", want "GET": a router in front answers`}, 1},
		"an error page with the right status and Allow": {inFront(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodOptions {
				return false
			}
			w.Header().Set("Allow", "GET")
			http.Error(w, "405", http.StatusMethodNotAllowed)
			return true
		}), []string{"got status 405 without the service's METHOD_NOT_ALLOWED"}, 1},
		"redirect": {inFront(func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusMovedPermanently)
			return true
		}), []string{"redirected with 301, want 401", "redirected with 301, want 405"}, 4},
		"mounted elsewhere": {func(h http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/api/prism/", http.StripPrefix("/api", h))
			return mux
		}, []string{"got status 404, want 401: the service is not mounted here"}, 4},
		"CSRF refuses PUT": {inFront(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut {
				return false
			}
			http.Error(w, "no CSRF token", http.StatusForbidden)
			return true
		}), []string{"PUT /prism/v1/service/live/mount-check/start: got status 403, want 401: something in front of the service refuses"}, 1},
		"a web server answers a page for everything": {inFront(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<!doctype html>"))
			return true
		}), []string{"got status 200, want 401: something in front of the service answers"}, 4},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mountedAt(t, test.front)
			err := prism.CheckMount(t.Context(), server.Client(), server.URL)
			for _, text := range test.want {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("no problem %q in\n%v", text, err)
				}
			}
			var list interface{ Unwrap() []error }
			if errors.As(err, &list) && len(list.Unwrap()) != test.count || err == nil && test.count != 0 {
				t.Errorf("want %d problems, got\n%v", test.count, err)
			}
		})
	}
}

func TestCheckMountUnderPath(t *testing.T) {
	t.Parallel()
	server := mountedAt(t, func(h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/tv/", http.StripPrefix("/tv", h))
		return mux
	})
	for _, domain := range []string{server.URL + "/tv", server.URL + "/tv/"} {
		if err := prism.CheckMount(t.Context(), server.Client(), domain); err != nil {
			t.Errorf("%s: %v", domain, err)
		}
	}
}

// Plain HTTP that reaches the service is told with the way out of it.
func TestCheckMountPlainHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newHost(t).svc)
	defer server.Close()
	err := prism.CheckMount(t.Context(), nil, server.URL)
	if err == nil || !strings.Contains(err.Error(), "the service sees plain HTTP: use https, and name a proxy") {
		t.Errorf("got %v", err)
	}
}

func TestCheckMountBadDomain(t *testing.T) {
	t.Parallel()
	for _, domain := range []string{"", "live.example.com", "/prism", "ftp://live.example.com", "https://", "https://live.example.com?x=y", "https://a/#b", "https://\x00"} {
		if err := prism.CheckMount(t.Context(), nil, domain); err == nil || !strings.Contains(err.Error(), "must be an https or http URL") {
			t.Errorf("%q: %v", domain, err)
		}
	}
}

func TestCheckMountNoAnswer(t *testing.T) {
	t.Parallel()
	server := mountedAt(t, func(h http.Handler) http.Handler { return h })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := prism.CheckMount(ctx, server.Client(), server.URL); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Check a deployment, here a service that stands behind a router that answers
// OPTIONS.
func ExampleCheckMount() {
	cfg := prism.FromStore(exampleStore())
	cfg.Auth, cfg.Development = exampleAuth, true
	svc := prism.Handler(cfg)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		svc.ServeHTTP(w, r)
	}))
	defer server.Close()

	fmt.Println(prism.CheckMount(context.Background(), server.Client(), server.URL))
	// Output: prism: CheckMount: OPTIONS /prism/v1/service/user: got status 204, want 405: something in front of the service answers OPTIONS; mount the service outside of CORS middleware and for every method
}
