package prism_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// ownEndpoints is an Authenticator whose endpoints do as a test says.
type ownEndpoints struct {
	tokens
	serve http.HandlerFunc
}

func (o ownEndpoints) ServePRISMToken(w http.ResponseWriter, r *http.Request) { o.serve(w, r) }
func (o ownEndpoints) ServeAuthorize(w http.ResponseWriter, r *http.Request)  { o.serve(w, r) }

// ownCalls reach the endpoints of ownEndpoints.
var ownCalls = []struct{ method, path, body string }{
	{"GET", "/prism/v1/service/oauth2/token", ""},
	{"GET", "/prism/oauth/authorize", ""},
	{"POST", "/prism/oauth/authorize", "login=alice"},
}

func TestIsolatedOAuthEndpointsAnswerInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, func(c *prism.Config) {
			c.Isolate = true
			c.Auth = ownEndpoints{testTokens, func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Hour)
				// What comes too late must do no harm.
				_, _ = io.ReadAll(r.Body)
				w.Header().Set("Location", "https://example.com")
				w.WriteHeader(http.StatusFound)
			}}
		})
		for _, call := range ownCalls {
			start := time.Now()
			a := h.do(call.method, call.path, call.body)
			if took := time.Since(start); a.Code != http.StatusGatewayTimeout || took != prism.DefaultDeadline || a.Header().Get("Location") != "" {
				t.Errorf("%s %s: %d after %v", call.method, call.path, a.Code, took)
			}
		}
		if err := h.svc.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestOwnEndpointsAnswerAlikeIsolatedOrNot(t *testing.T) {
	t.Parallel()
	for _, isolate := range []bool{false, true} {
		h := newHost(t, func(c *prism.Config) {
			c.Isolate, c.MaxBody = isolate, 20
			c.Auth = ownEndpoints{testTokens, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
				w.Header().Set("Cache-Control", "private")
				if err != nil {
					http.Error(w, err.Error(), http.StatusTeapot)
					return
				}
				_, _ = w.Write([]byte(r.Method + " " + string(body)))
			}}
		})
		for _, call := range ownCalls {
			a := h.do(call.method, call.path, call.body)
			if a.Code != 200 || string(a.body) != call.method+" "+call.body || a.Header().Get("Set-Cookie") == "" ||
				a.Header().Get("Cache-Control") != "private" || a.Header().Get("X-Request-Id") == "" {
				t.Errorf("isolate %v: %s %s: %d %q %v", isolate, call.method, call.path, a.Code, a.body, a.Header())
			}
		}
		if a := h.do("POST", "/prism/oauth/authorize", strings.Repeat("x", 21)); a.Code != http.StatusTeapot || !strings.Contains(string(a.body), "too large") {
			t.Errorf("isolate %v: a body over the bound: %d %q", isolate, a.Code, a.body)
		}
	}
}

func TestPanicOfAnOwnEndpointNamesIt(t *testing.T) {
	t.Parallel()
	for isolate, message := range map[bool]string{false: "prism: panic", true: "prism: an adapter panicked"} {
		h := newHost(t, func(c *prism.Config) {
			c.Isolate, c.Auth = isolate, ownEndpoints{testTokens, func(http.ResponseWriter, *http.Request) { panic("nil map") }}
		})
		for _, call := range ownCalls {
			if a := h.do(call.method, call.path, call.body); a.Code != http.StatusInternalServerError {
				t.Errorf("isolate %v: %s %s: %d", isolate, call.method, call.path, a.Code)
			}
		}
		entries := h.log.FilterMessage(message).All()
		if len(entries) != len(ownCalls) || entries[0].ContextMap()["adapter"] != "prism_test.ownEndpoints" {
			t.Errorf("isolate %v: log %+v, want the adapter's name", isolate, entries)
		}
	}
}
