package oauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// panickyUsers is a UserSource with a bug.
type panickyUsers struct{ value any }

func (p panickyUsers) User(context.Context, string) (prism.User, error) { panic(p.value) }

// panickyStore is a Store with a bug in what is not overridden by name.
type panickyStore struct{ oauth.Store }

func (panickyStore) FindAccess(context.Context, oauth.Digest) (oauth.Token, error) {
	panic("the store has a bug")
}

func (panickyStore) FindRefresh(context.Context, oauth.Digest) (oauth.Token, error) {
	panic("the store has a bug")
}

// wantPanicLogged wants one line at the level error for each panic so far. The
// last must name the endpoint, the adapters and where it happened. It returns
// the request id.
func (r *rig) wantPanicLogged(panics int, endpoint, adapter, frame string) (requestID string) {
	r.t.Helper()
	entries := r.logs.FilterLevelExact(zap.ErrorLevel).All()
	if len(entries) != panics {
		r.t.Fatalf("%d lines at the level error, want %d", len(entries), panics)
	}
	last := entries[panics-1]
	fields := last.ContextMap()
	if last.Message != "oauth: panic" || fields["endpoint"] != endpoint || fields["panic"] == nil {
		r.t.Errorf("logged %q at %q", last.Message, fields["endpoint"])
	}
	requestID, ok := fields["request_id"].(string)
	if !ok {
		r.t.Error("no request id")
	}
	if types := fmt.Sprint(fields["clients"], fields["store"], fields["login"], fields["users"]); !strings.Contains(types, adapter) {
		r.t.Errorf("no %s in %s", adapter, types)
	}
	if stack := fmt.Sprint(fields["stack"]); !strings.Contains(stack, frame) {
		r.t.Errorf("no %s in the stack\n%s", frame, stack)
	}
	return requestID
}

func TestPanicAtAuthorizeGetsThePage(t *testing.T) {
	t.Parallel()
	login := func(do func(w http.ResponseWriter)) func(*oauth.Config) {
		return func(c *oauth.Config) {
			c.Login = loginFunc(func(w http.ResponseWriter, _ *http.Request) (string, error) {
				do(w)
				panic("the login has a bug")
			})
		}
	}
	for _, c := range []struct {
		name           string
		edit           func(*oauth.Config)
		adapter, frame string
		// begun is what was answered before, "" for nothing.
		begun string
	}{
		{name: "clients", edit: func(c *oauth.Config) {
			c.Clients = sourceFunc(func(string) (oauth.Client, error) { panic("the clients have a bug") })
		}, adapter: "oauth_test.sourceFunc", frame: "TestPanicAtAuthorizeGetsThePage"},
		{name: "users", edit: func(c *oauth.Config) { c.Users = panickyUsers{"the users have a bug"} }, adapter: "oauth_test.panickyUsers", frame: "panickyUsers"},
		{name: "login", edit: login(func(http.ResponseWriter) {}), adapter: "oauth_test.loginFunc", frame: "TestPanicAtAuthorizeGetsThePage"},
		{name: "login with headers", edit: login(func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://app.example.com")
			w.Header().Set("Content-Length", "1")
		}), adapter: "oauth_test.loginFunc", frame: "TestPanicAtAuthorizeGetsThePage"},
		{name: "login after an early hint", edit: login(func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) }),
			adapter: "oauth_test.loginFunc", frame: "TestPanicAtAuthorizeGetsThePage"},
		{name: "login after its answer", edit: login(func(w http.ResponseWriter) { _, _ = w.Write([]byte("half a page")) }),
			adapter: "oauth_test.loginFunc", frame: "TestPanicAtAuthorizeGetsThePage", begun: "half a page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, c.edit)
			server := httptest.NewTLSServer(http.HandlerFunc(r.server.ServeAuthorize))
			defer server.Close()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/oauth/authorize?"+authorizeQuery(), nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			var body bytes.Buffer
			if _, err := body.ReadFrom(res.Body); err != nil {
				t.Fatal(err)
			}
			r.wantPanicLogged(1, "authorize", c.adapter, c.frame)
			if c.begun != "" {
				if res.StatusCode != http.StatusOK || body.String() != c.begun {
					t.Errorf("%d %s, want only %q", res.StatusCode, body.String(), c.begun)
				}
				return
			}
			if res.StatusCode != http.StatusInternalServerError || !strings.Contains(body.String(), "Something went wrong") || strings.Contains(body.String(), "bug") {
				t.Errorf("%d %s", res.StatusCode, body.String())
			}
			if res.Header.Get("Location") != "" || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v", res.Header)
			}
		})
	}
}

// tokenEndpoints are those that authenticate the client, each with a request
// that asks the store for a token.
func tokenEndpoints(r *rig) map[string]func(w http.ResponseWriter) {
	const token = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG" // of 43 characters
	return map[string]func(w http.ResponseWriter){
		"token": func(w http.ResponseWriter) {
			r.server.ServePRISMToken(w, tokenRequest(http.MethodGet, "grant_type=refresh_token&token="+token))
		},
		"standard token": func(w http.ResponseWriter) {
			r.server.ServeToken(w, formRequest("/oauth2/token", clientID, clientSecret, query("grant_type", "refresh_token", "refresh_token", token)))
		},
		"revoke": func(w http.ResponseWriter) {
			r.server.ServeRevoke(w, formRequest("/oauth2/revoke", clientID, clientSecret, query("token", token)))
		},
		"introspect": func(w http.ResponseWriter) {
			r.server.ServeIntrospect(w, formRequest("/oauth2/introspect", clientID, clientSecret, query("token", token)))
		},
	}
}

func TestPanicAtATokenEndpointGetsItsError(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *oauth.Config) { c.Store = panickyStore{c.Store} })
	panics := 0
	for name, serve := range tokenEndpoints(r) {
		panics++
		endpoint := strings.TrimPrefix(name, "standard ")
		w := httptest.NewRecorder()
		serve(w)
		var answer struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusInternalServerError || answer.Error != "server_error" {
			t.Errorf("%s: %d %s, %v", name, w.Code, w.Body, err)
		}
		if h := w.Header(); h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, h)
		}
		r.wantPanicLogged(panics, endpoint, "oauth_test.panickyStore", "panickyStore")
		if e := r.lastRefusal(); e.Endpoint != endpoint || e.ClientID != clientID || e.Code != "server_error" || e.Reason != "the server failed" {
			t.Errorf("%s: TokenRefused %+v", name, e)
		}
	}
}

// A Trace is called after the answer: its panic is logged, and nothing is
// written behind what the client got.
func TestPanicAfterATokenAnswer(t *testing.T) {
	t.Parallel()
	calls := 0
	r := newRig(t, func(c *oauth.Config) {
		c.Trace.TokenRefused = func(context.Context, oauth.RefusedEvent) {
			calls++
			panic("the trace has a bug")
		}
	})
	a := r.refresh("unknown")
	r.wantError(a, http.StatusBadRequest, "invalid_grant")
	r.wantPanicLogged(1, "token", "oauth_test.faultStore", "TestPanicAfterATokenAnswer")
	if calls != 1 {
		t.Errorf("TokenRefused was called %d times", calls)
	}
}

func TestAbortedHandlersStayAborted(t *testing.T) {
	t.Parallel()
	aborted := func(serve func()) (p any) {
		defer func() { p = recover() }()
		serve()
		return nil
	}
	r := newRig(t, func(c *oauth.Config) {
		c.Clients = sourceFunc(func(string) (oauth.Client, error) { panic(http.ErrAbortHandler) })
	})
	endpoints := tokenEndpoints(r)
	endpoints["authorize"] = func(w http.ResponseWriter) {
		r.server.ServeAuthorize(w, httptest.NewRequest(http.MethodGet, publicURL+"/oauth/authorize?"+authorizeQuery(), nil))
	}
	for name, serve := range endpoints {
		w := httptest.NewRecorder()
		if p := aborted(func() { serve(w) }); p != http.ErrAbortHandler { //nolint:errorlint // what is panicked
			t.Errorf("%s: panicked with %v", name, p)
		}
		if w.Body.Len() != 0 {
			t.Errorf("%s: answered %s", name, w.Body)
		}
	}
	if n := r.logs.FilterLevelExact(zap.ErrorLevel).Len(); n != 0 {
		t.Errorf("%d lines at the level error", n)
	}
}

// Within a Service the browser gets the page, too, with the request id that the
// log has.
func TestPanicWithinAService(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *oauth.Config) { c.Users = panickyUsers{"the users have a bug"} })
	for i, isolate := range []bool{false, true} {
		svc, err := prism.New(prism.Config{
			Users:          struct{ prism.UserSource }{},
			Channels:       struct{ prism.ChannelStore }{},
			Lives:          struct{ prism.LiveStore }{},
			Auth:           r.server,
			Secrets:        [][]byte{bytes.Repeat([]byte("k"), prism.MinSecret)},
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
			Isolate:        isolate,
		})
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest(http.MethodGet, publicURL+"/oauth/authorize?"+authorizeQuery(), nil)
		req.RemoteAddr = "192.0.2.1:40000"
		req.Header.Set("X-Forwarded-Proto", "https")
		w := httptest.NewRecorder()
		svc.ServeHTTP(w, req)
		id := r.wantPanicLogged(i+1, "authorize", "oauth_test.panickyUsers", "panickyUsers")
		if w.Code != http.StatusInternalServerError || id == "" || !strings.Contains(w.Body.String(), "Reference: <code>"+id+"</code>") {
			t.Errorf("isolate %v: request id %q, %d\n%s", isolate, id, w.Code, w.Body)
		}
	}
}
