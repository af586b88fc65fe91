package idp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/oauth"
)

const goodTokens = `{"access_token":"upstream-access-1","refresh_token":"upstream-refresh-1","expires_in":3600,"token_type":"Bearer"}`

// secretsOfTheRig must never be in a log or in an error answer.
var secretsOfTheRig = []string{
	consoleSecret, upstreamSecret, url.QueryEscape(upstreamSecret), "upstream-access", "upstream-refresh", "the-code", "inspector-secret", "upstream's own words",
}

// rig is a bridge in front of an upstream that a test scripts.
type rig struct {
	t      *testing.T
	bridge *idp.Bridge
	clock  *clock
	log    *observer.ObservedLogs
	server *httptest.Server

	mu       sync.Mutex
	handler  http.HandlerFunc
	requests []upstreamRequest
}

// upstreamRequest is what the upstream was asked.
type upstreamRequest struct {
	method, path string
	header       http.Header
	form         url.Values
}

func newRig(t *testing.T, change ...func(*idp.Config)) *rig {
	t.Helper()
	r := &rig{t: t, clock: newClock()}
	r.answer(http.StatusOK, goodTokens)
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return // the bridge went away
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Errorf("the upstream got the form %q", body)
		}
		r.mu.Lock()
		r.requests = append(r.requests, upstreamRequest{req.Method, req.URL.Path, req.Header, form})
		handler := r.handler
		r.mu.Unlock()
		handler(w, req)
	}))
	core, log := observer.New(zapcore.DebugLevel)
	r.log = log
	cfg := goodConfig(r.server.URL)
	cfg.Now, cfg.Logger = r.clock.Now, zap.New(core)
	for _, c := range change {
		c(&cfg)
	}
	bridge, err := idp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.bridge = bridge
	t.Cleanup(func() {
		if err := bridge.Close(); err != nil {
			t.Error(err)
		}
		r.server.Close()
		r.noSecretInLog()
	})
	return r
}

func goodConfig(upstream string) idp.Config {
	return idp.Config{
		Clients: []idp.Client{{
			ID: "prism", Secrets: []oauth.Secret{oauth.NewSecret(consoleSecret)},
			UpstreamID: "prism at the upstream", UpstreamSecret: upstreamSecret, RedirectURI: redirectURI,
		}},
		TokenURL: upstream + "/token",
		Introspection: &idp.Introspection{
			URL: upstream + "/introspect", ClientID: "inspector", ClientSecret: "inspector-secret",
		},
		AllowInsecure: true,
	}
}

// handle sets what the upstream does.
func (r *rig) handle(h http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handler = h
}

// answer sets what the upstream answers.
func (r *rig) answer(status int, body string) {
	r.handle(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, status, body) })
}

func writeJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// asked returns the requests so far and forgets them.
func (r *rig) asked() []upstreamRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.requests
	r.requests = nil
	return list
}

// reply is an answer of the token endpoint.
type reply struct {
	*httptest.ResponseRecorder
	Access      string `json:"access_token"`
	Refresh     string `json:"refresh_token"`
	ExpiresIn   *int64 `json:"expires_in"`
	Type        string `json:"token_type"`
	Scope       string `json:"scope"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func prismRequest(ctx context.Context, query string) *http.Request {
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.com/prism/v1/service/oauth2/token?"+query, nil)
	req.Header.Set("x-prism-client-id", "prism")
	req.Header.Set("x-prism-client-secret", consoleSecret)
	return req
}

func serve(t testing.TB, bridge *idp.Bridge, req *http.Request) reply {
	t.Helper()
	got := reply{ResponseRecorder: httptest.NewRecorder()}
	bridge.ServePRISMToken(got, req)
	body := got.Body.String()
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatalf("the answer is no flat token answer: %v\n%s", err, body)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"} {
		if have := got.Header().Get(name); have != want {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	if got.Code != http.StatusOK {
		for _, secret := range secretsOfTheRig {
			if strings.Contains(body, secret) {
				t.Errorf("%q is in the answer: %s", secret, body)
			}
		}
	}
	return got
}

// token makes a request to the token endpoint in PRISM's dialect.
func (r *rig) token(query string) reply {
	r.t.Helper()
	return serve(r.t, r.bridge, prismRequest(r.t.Context(), query))
}

func (r *rig) noSecretInLog() {
	r.t.Helper()
	for _, entry := range r.log.All() {
		line, err := json.Marshal(entry.ContextMap())
		if err != nil {
			r.t.Error(err)
		}
		for _, secret := range secretsOfTheRig {
			if strings.Contains(entry.Message+string(line), secret) {
				r.t.Errorf("%q is in the log: %s %s", secret, entry.Message, line)
			}
		}
	}
}
