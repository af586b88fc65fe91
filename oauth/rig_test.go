package oauth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

const (
	publicURL    = "https://api.example.com/prism"
	redirectURI  = "https://app.example.com/cb"
	clientID     = "Prism000000000000001"
	clientSecret = "SecretSecretSecret01"
	otherID      = "Other000000000000001"
	otherSecret  = "SecretSecretSecret02"
	pkceID       = "PkceOnly000000000001"
	manyURIsID   = "ManyURIs000000000001"
	verifier     = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge    = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B
)

// testClock is a clock that moves only when told.
type testClock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// testUsers is a UserSource whose users and failure can be changed.
type testUsers struct {
	mu    sync.Mutex
	users map[string]prism.User
	err   error
}

func (u *testUsers) User(_ context.Context, id string) (prism.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err != nil {
		return prism.User{}, u.err
	}
	user, ok := u.users[id]
	if !ok {
		return prism.User{}, fmt.Errorf("users: %w", prism.ErrNotFound)
	}
	return user, nil
}

func (u *testUsers) set(user prism.User) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.users[user.ID] = user
}

func (u *testUsers) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.err = err
}

// rig is a Server with everything around it under the test's control. When the
// test ends it fails if a secret stood in the log.
type rig struct {
	t       testing.TB
	server  *oauth.Server
	store   *faultStore
	users   *testUsers
	clock   *testClock
	logs    *observer.ObservedLogs
	login   func(r *http.Request, resume string) (string, string, error)
	secrets []string

	mu      sync.Mutex
	issued  []oauth.TokenEvent
	refused []oauth.RefusedEvent
	reused  []oauth.ReuseEvent
}

func newRig(t testing.TB, edit ...func(*oauth.Config)) *rig {
	t.Helper()
	r := &rig{
		t:     t,
		clock: &testClock{t: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)},
		users: &testUsers{users: map[string]prism.User{"u1": {ID: "u1"}, "u2": {ID: "u2"}, "blocked": {ID: "blocked", Disabled: true}}},
	}
	mem, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live", Now: r.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	r.store = &faultStore{Store: mem}
	core, logs := observer.New(zap.DebugLevel)
	r.logs = logs
	cfg := oauth.Config{
		Clients:       oauth.StaticClients(testClients()...),
		Store:         r.store,
		Users:         r.users,
		Secrets:       [][]byte{[]byte(strings.Repeat("k", oauth.MinSecret))},
		PublicURL:     publicURL,
		SweepInterval: -1,
		Now:           r.clock.now,
		Logger:        zap.New(core),
		Login: oauth.SessionLogin(func(req *http.Request, resume string) (string, string, error) {
			if r.login != nil {
				return r.login(req, resume)
			}
			return "u1", "", nil
		}),
		Trace: oauth.Trace{
			TokenIssued: func(_ context.Context, e oauth.TokenEvent) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.issued = append(r.issued, e)
			},
			TokenRefused: func(_ context.Context, e oauth.RefusedEvent) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.refused = append(r.refused, e)
			},
			ReuseDetected: func(_ context.Context, e oauth.ReuseEvent) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.reused = append(r.reused, e)
			},
		},
	}
	for _, f := range edit {
		f(&cfg)
	}
	r.server, err = oauth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.keepSecret(clientSecret, otherSecret, verifier)
	t.Cleanup(func() {
		if err := r.server.Close(); err != nil {
			t.Error(err)
		}
		r.checkLog()
	})
	return r
}

func testClients() []oauth.Client {
	secrets := []oauth.Secret{oauth.NewSecret(clientSecret)}
	return []oauth.Client{
		{ID: clientID, Secrets: secrets, RedirectURIs: []string{redirectURI}, Scopes: []string{"live", "chat"}},
		{ID: otherID, Secrets: []oauth.Secret{oauth.NewSecret(otherSecret)}, RedirectURIs: []string{redirectURI}},
		{ID: pkceID, Secrets: secrets, RedirectURIs: []string{redirectURI}, RequirePKCE: true},
		{ID: manyURIsID, Secrets: secrets, RedirectURIs: []string{
			redirectURI, "https://app.example.com/cb?a=1&b=%20x", "http://127.0.0.1:8000/cb", "com.example.app:/cb", "https://app.example.com/q?",
		}},
	}
}

func (r *rig) keepSecret(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		if len(s) >= 16 {
			r.secrets = append(r.secrets, s)
		}
	}
}

// checkLog wants none of the secrets in the log, nor in what the store got.
func (r *rig) checkLog() {
	r.t.Helper()
	var log strings.Builder
	for _, entry := range r.logs.All() {
		fmt.Fprintln(&log, entry.Message, entry.ContextMap())
	}
	for _, s := range r.secrets {
		if strings.Contains(log.String(), s) {
			r.t.Errorf("the log has the secret %q", s)
		}
		if strings.Contains(r.store.given.String(), s) {
			r.t.Errorf("the store was given the secret %q", s)
		}
	}
}

// query makes url.Values of name, value pairs.
func query(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// authorizeQuery is a good authorization request with more or other
// parameters; the value "-" takes one away.
func authorizeQuery(pairs ...string) string {
	v := query("response_type", "code", "client_id", clientID, "redirect_uri", redirectURI, "state", "st")
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "-" {
			v.Del(pairs[i])
		}
	}
	return v.Encode()
}

func (r *rig) authorize(method, rawQuery string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, publicURL+"/oauth/authorize", nil)
	req.URL.RawQuery = rawQuery
	w := httptest.NewRecorder()
	r.server.ServeAuthorize(w, req)
	return w
}

// location is the redirect of an answer, and its query.
func (r *rig) location(w *httptest.ResponseRecorder) (*url.URL, url.Values) {
	r.t.Helper()
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil || u.String() == "" {
		r.t.Fatalf("status %d, Location %q: %v", w.Code, w.Header().Get("Location"), err)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		r.t.Fatal(err)
	}
	return u, q
}

// code runs a good authorization request and returns its code.
func (r *rig) code(pairs ...string) string {
	r.t.Helper()
	w := r.authorize(http.MethodGet, authorizeQuery(pairs...))
	if w.Code != http.StatusFound {
		r.t.Fatalf("authorize: status %d\n%s", w.Code, w.Body)
	}
	_, q := r.location(w)
	code := q.Get("code")
	if code == "" {
		r.t.Fatalf("authorize: no code in %v", q)
	}
	r.keepSecret(code)
	return code
}

// answer is what the token endpoint said.
type answer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int64  `json:"expires_in"`
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope"`
	Error        string `json:"error"`
	Description  string `json:"error_description"`

	status int
	header http.Header
	body   string
}

func (r *rig) tokenAs(id, secret string, pairs ...string) answer {
	r.t.Helper()
	req := httptest.NewRequest(http.MethodGet, publicURL+"/v1/service/oauth2/token", nil)
	req.URL.RawQuery = query(pairs...).Encode()
	req.Header.Set("X-Prism-Client-Id", id)
	req.Header.Set("X-Prism-Client-Secret", secret)
	return r.serveToken(req)
}

func (r *rig) serveToken(req *http.Request) answer {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.server.ServePRISMToken(w, req)
	a := answer{status: w.Code, header: w.Header(), body: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		r.t.Errorf("the token endpoint answered %d without JSON: %v", w.Code, err)
	}
	r.keepSecret(a.AccessToken, a.RefreshToken)
	switch {
	case a.status == http.StatusOK && (a.AccessToken == "" || a.RefreshToken == "" || a.Error != ""):
		r.t.Errorf("200 with %s", a.body)
	case a.status != http.StatusOK && (a.AccessToken != "" || a.RefreshToken != "" || a.Error == ""):
		r.t.Errorf("%d with %s", a.status, a.body)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json",
	} {
		if got := a.header.Get(name); got != want {
			r.t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	return a
}

func (r *rig) token(pairs ...string) answer {
	r.t.Helper()
	return r.tokenAs(clientID, clientSecret, pairs...)
}

func (r *rig) redeem(code string) answer {
	r.t.Helper()
	return r.token("grant_type", "authorization_code", "code", code)
}

func (r *rig) refresh(token string) answer {
	r.t.Helper()
	return r.token("grant_type", "refresh_token", "refresh_token", token)
}

// signIn returns a fresh pair.
func (r *rig) signIn(pairs ...string) answer {
	r.t.Helper()
	return r.mustOK(r.redeem(r.code(pairs...)))
}

func (r *rig) mustOK(a answer) answer {
	r.t.Helper()
	if a.status != http.StatusOK {
		r.t.Fatalf("status %d: %s", a.status, a.body)
	}
	return a
}

func (r *rig) wantError(a answer, status int, code string) {
	r.t.Helper()
	if a.status != status || a.Error != code {
		r.t.Errorf("answer %d %q, want %d %q", a.status, a.Error, status, code)
	}
}

// wantWorks checks whether an access token verifies.
func (r *rig) wantWorks(access string, want bool) {
	r.t.Helper()
	p, err := r.server.Verify(context.Background(), access)
	if (err == nil) != want {
		r.t.Errorf("Verify: %+v, %v, want ok %v", p, err, want)
	}
}

func (r *rig) lastRefusal() oauth.RefusedEvent {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.refused) == 0 {
		r.t.Fatal("Trace.TokenRefused was not called")
	}
	return r.refused[len(r.refused)-1]
}
