package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

const testRedirectURI = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/4711"

// instance is the whole app, running on loopback ports of its own.
type instance struct {
	*app
	t        *testing.T
	dir      string
	log, out *lockedBuffer
	// secrets must not be in the log when the test ends.
	secrets []string
	roots   *x509.CertPool
	// stop ends the app, and returns the exit of serve.
	stop func() error
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs the app on a memory store, unless args say otherwise, until the
// test ends. Then its log is searched for secrets.
func start(t *testing.T, args ...string) *instance {
	t.Helper()
	return startIn(t, t.TempDir(), args...)
}

func startIn(t *testing.T, dir string, args ...string) *instance {
	t.Helper()
	args = append([]string{"-addr", "127.0.0.1:0", "-tls-addr", "127.0.0.1:0", "-data", dir,
		"-db", "memory:", "-redirect-uri", testRedirectURI}, args...)
	s, err := parseFlags(args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	in := &instance{t: t, dir: dir, log: &lockedBuffer{}, out: &lockedBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	srv, err := newServer(ctx, s, newLogger(in.log))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	in.app = srv.app
	done, ready := make(chan error, 1), make(chan struct{})
	go func() {
		done <- srv.serve(ctx, func() { printRegistration(in.out, srv.app.creds, s); close(ready) })
	}()
	<-ready
	in.stop = sync.OnceValue(func() error { cancel(); return <-done })
	in.roots = x509.NewCertPool()
	pem, err := os.ReadFile(filepath.Join(dir, "tls-cert.pem"))
	if err != nil || !in.roots.AppendCertsFromPEM(pem) {
		t.Fatalf("certificate: %v", err)
	}
	c := in.creds
	in.secrets = append(in.secrets, c.ClientSecret, c.Admin.Password)
	for _, u := range c.Users {
		in.secrets = append(in.secrets, u.Password)
	}
	t.Cleanup(func() {
		if err := in.stop(); err != nil {
			t.Errorf("serve: %v", err)
		}
		log := in.log.String()
		for _, secret := range in.secrets {
			if secret != "" && strings.Contains(log, secret) {
				t.Errorf("the log has the secret %q:\n%s", secret, log)
			}
		}
	})
	return in
}

// hide adds a secret that the log must not have.
func (in *instance) hide(secrets ...string) { in.secrets = append(in.secrets, secrets...) }

// count has the numbers of lives written now.
func (in *instance) count() {
	in.t.Helper()
	if err := in.statistics.Flush(in.t.Context()); err != nil {
		in.t.Error(err)
	}
}

func (in *instance) entry(login string) memberEntry {
	in.t.Helper()
	for _, u := range in.creds.Users {
		if u.Login == login {
			return u
		}
	}
	in.t.Fatalf("no user %q", login)
	return memberEntry{}
}

func (in *instance) gateway(domain string) *prismtest.Gateway {
	g := &prismtest.Gateway{
		ServiceAPIDomain: domain, AuthorizeURL: in.creds.AuthorizeURL,
		ClientID: in.creds.ClientID, ClientSecret: in.creds.ClientSecret,
		RedirectURI: testRedirectURI, RootCAs: in.roots,
	}
	in.t.Cleanup(g.CloseIdleConnections)
	return g
}

// browser is one person in front of the app's pages.
type browser struct {
	in     *instance
	client *http.Client
	base   string
}

// visit opens a browser without a session on the TLS address.
func (in *instance) visit() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		in.t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: in.roots}, ForceAttemptHTTP2: true}
	in.t.Cleanup(transport.CloseIdleConnections)
	return &browser{in: in, base: in.origin, client: &http.Client{
		Jar: jar, Transport: transport, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// as opens a browser that is signed in.
func (in *instance) as(login string) *browser {
	in.t.Helper()
	password := in.creds.Admin.Password
	if login != in.creds.Admin.Login {
		password = in.entry(login).Password
	}
	b := in.visit()
	got := b.post("/login", "login", login, "password", password)
	if got.status != http.StatusSeeOther {
		in.t.Fatalf("sign-in as %s: status %d", login, got.status)
	}
	u, err := url.Parse(in.origin)
	if err != nil {
		in.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		in.hide(c.Value)
	}
	return b
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) location() string { return a.header.Get("Location") }

func (b *browser) get(path string) answer {
	b.in.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.base+path, nil)
	if err != nil {
		b.in.t.Fatal(err)
	}
	return b.do(req)
}

// post sends a form of names and values as our own page does.
func (b *browser) post(path string, form ...string) answer {
	b.in.t.Helper()
	return b.do(b.form(path, form...))
}

func (b *browser) form(path string, form ...string) *http.Request {
	b.in.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, b.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		b.in.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

func (b *browser) do(req *http.Request) answer {
	b.in.t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		b.in.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		b.in.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// firstLive is a seeded live of the channel in this state.
func (in *instance) firstLive(owner, channel string, status prism.Status, scope prism.Scope) prism.Live {
	in.t.Helper()
	lives, err := in.store.Lives(in.t.Context(), owner, channel, prism.LiveFilter{Status: status})
	if err != nil {
		in.t.Fatal(err)
	}
	for _, l := range lives {
		if l.Scope == scope {
			return l
		}
	}
	in.t.Fatalf("no %s %s live in %s", status, scope, channel)
	return prism.Live{}
}

func wants(t *testing.T, a answer, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d; location %q; body:\n%s", a.status, status, a.location(), a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page lacks %q:\n%s", text, a.body)
		}
	}
}

func lacks(t *testing.T, a answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("the page has %q:\n%s", text, a.body)
		}
	}
}
