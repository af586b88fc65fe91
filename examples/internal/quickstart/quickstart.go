// Package quickstart builds examples/nethttp and runs it as a process of its
// own, for tests that come from outside.
package quickstart

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/internal/child"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// command is what Start builds.
const command = "github.com/b2bprism/b2bprism/examples/nethttp"

// Credentials is the quickstart's credentials.json.
type Credentials struct {
	ServiceAPIDomain         string `json:"serviceApiDomain"`
	InsecureServiceAPIDomain string `json:"insecureServiceApiDomain"`
	AuthorizeURL             string `json:"authorizeUrl"`
	ClientID                 string `json:"clientId"`
	ClientSecret             string `json:"clientSecret"`
	RedirectURI              string `json:"redirectUri"`
	RTMPBase                 string `json:"rtmpBase"`
	Admin                    Login  `json:"admin"`
	Users                    []User `json:"users"`
}

// User is a member: a streamer, or a viewer without channels.
type User struct {
	Login
	UserID   string `json:"userId"`
	Channels []struct {
		ChannelID string `json:"channelId"`
		Enabled   bool   `json:"enabled"`
	} `json:"channels"`
}

// Login is what to type into the sign-in page.
type Login struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

// App is a running quickstart.
type App struct {
	// Creds is what it wrote into its data folder.
	Creds Credentials
	// HTTP trusts its certificate.
	HTTP *http.Client

	t       *testing.T
	data    string
	program string
	args    []string
	starts  int
	cmd     *exec.Cmd
	out     Output
}

// Output collects what a child process prints.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write is for exec.Cmd.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String is what was printed so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Start builds the quickstart, starts it on free ports and waits until it is
// ready. It stops with the test.
func Start(t *testing.T, flags ...string) *App {
	t.Helper()
	return Launch(t, Build(t), flags...)
}

// Build builds the quickstart and returns its file, for Launch.
func Build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nethttp")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, command) //nolint:gosec // G204: nothing of it comes from outside
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// Launch is Start with a program that is built already.
func Launch(t *testing.T, program string, flags ...string) *App {
	t.Helper()
	return LaunchAll(t, program, flags)[0]
}

// LaunchAll starts several apps at once, each with flags of its own, and waits
// until all are ready.
func LaunchAll(t *testing.T, program string, flags ...[]string) []*App {
	t.Helper()
	apps := make([]*App, 0, len(flags))
	for _, own := range flags {
		a := &App{t: t, program: program, data: filepath.Join(t.TempDir(), "data")}
		a.args = append([]string{"-addr", "127.0.0.1:0", "-tls-addr", "127.0.0.1:0", "-rtmp", "rtmp://127.0.0.1:0/live", "-data", a.data}, own...)
		t.Cleanup(a.Stop)
		a.start()
		apps = append(apps, a)
	}
	for _, a := range apps {
		a.wait()
	}
	return apps
}

// Relaunch starts an app again that was killed, and waits until it is ready.
func (a *App) Relaunch() {
	a.t.Helper()
	a.start()
	a.wait()
}

func (a *App) start() {
	a.t.Helper()
	// Not the test's context: it ends before Stop asks for a clean exit.
	a.cmd = exec.CommandContext(context.WithoutCancel(a.t.Context()), a.program, a.args...) //nolint:gosec // G204: the binary of Build
	a.cmd.Stdout, a.cmd.Stderr = &a.out, &a.out
	a.cmd.SysProcAttr = child.Attributes()
	if err := a.cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.starts++
}

func (a *App) wait() {
	a.t.Helper()
	Eventually(a.t, 20*time.Second, "the quickstart is ready", a.ready)
}

// Kill ends the app at once, as a crash does.
func (a *App) Kill() {
	a.t.Helper()
	if err := a.cmd.Process.Kill(); err != nil {
		a.t.Fatal(err)
	}
	_ = a.cmd.Wait() // tells of the signal
}

// Log is what the app printed so far.
func (a *App) Log() string { return a.out.String() }

// ready reports whether the app has written its credentials and answers.
func (a *App) ready(ctx context.Context) bool {
	text, err := os.ReadFile(filepath.Join(a.data, "credentials.json"))
	if err != nil || json.Unmarshal(text, &a.Creds) != nil || a.Creds.ServiceAPIDomain == "" {
		return false
	}
	if a.HTTP == nil {
		// The certificate is written after the credentials.
		roots := x509.NewCertPool()
		if pem, err := os.ReadFile(a.CertificateFile()); err != nil || !roots.AppendCertsFromPEM(pem) {
			return false
		}
		a.HTTP = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}}}
	}
	// The other address may be that of a balancer.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Creds.InsecureServiceAPIDomain+"/healthz", nil)
	if err != nil {
		return false
	}
	resp, err := a.HTTP.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// CredentialsFile is what it has of addresses, client and accounts.
func (a *App) CredentialsFile() string { return filepath.Join(a.data, "credentials.json") }

// CertificateFile is the PEM file of its self-signed certificate.
func (a *App) CertificateFile() string { return filepath.Join(a.data, "tls-cert.pem") }

// Gateway acts as PRISM.
func (a *App) Gateway() *prismtest.Gateway {
	return &prismtest.Gateway{
		ServiceAPIDomain: a.Creds.ServiceAPIDomain,
		AuthorizeURL:     a.Creds.AuthorizeURL,
		ClientID:         a.Creds.ClientID,
		ClientSecret:     a.Creds.ClientSecret,
		RedirectURI:      a.Creds.RedirectURI,
		HTTPClient:       a.HTTP,
	}
}

// Stop ends the app as an operator does, and demands a clean exit. A second
// call does nothing.
func (a *App) Stop() {
	if a.cmd == nil || a.cmd.Process == nil || a.cmd.ProcessState != nil {
		return
	}
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		a.t.Errorf("SIGTERM: %v", err)
	}
	if err := a.cmd.Wait(); err != nil {
		a.t.Errorf("the quickstart ended with %v\n%s", err, a.out.String())
	}
	if a.t.Failed() {
		const most = 40_000
		text := a.out.String()
		a.t.Logf("the quickstart printed\n%s", text[max(0, len(text)-most):])
	}
}

// WantNoSecrets stops the app and scans everything that it and its media
// server logged.
func (a *App) WantNoSecrets(secrets map[string]string) {
	a.t.Helper()
	a.Stop()
	logs := map[string]string{"the app's output": a.out.String()}
	files, err := filepath.Glob(filepath.Join(a.data, "nginx", "*.log"))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // G304: from the test's own folder
		if err != nil {
			a.t.Fatal(err)
		}
		logs[filepath.Base(file)] = string(text)
	}
	for where, text := range logs {
		// Each start prints the client secret once, for the console form.
		if where == "the app's output" {
			text = strings.Replace(text, a.Creds.ClientSecret, "", a.starts)
		}
		for what, secret := range secrets {
			if secret == "" {
				a.t.Errorf("the test has no %s to look for", what)
			} else if strings.Contains(text, secret) {
				a.t.Errorf("%s has the %s", where, what)
			}
		}
	}
}

// Eventually polls until ok, and fails the test after the limit.
func Eventually(t *testing.T, limit time.Duration, what string, ok func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("after %v still not: %s", limit, what)
		case <-tick.C:
		}
	}
}
