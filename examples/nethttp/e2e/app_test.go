package e2e

import (
	"bytes"
	"context"
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

	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// need lists what the test runs beside Go. In CI its absence is a failure.
func need(t *testing.T) {
	t.Helper()
	for path, pkg := range map[string]string{
		"/usr/sbin/nginx": "nginx",
		"/usr/lib/nginx/modules/ngx_rtmp_module.so": "libnginx-mod-rtmp",
		"/usr/bin/ffmpeg":   "ffmpeg",
		"/usr/bin/chromium": "chromium",
	} {
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: apt-get install %s", path, pkg)
		}
		t.Skipf("needs %s: apt-get install %s", path, pkg)
	}
}

// credentials is the quickstart's credentials.json.
type credentials struct {
	ServiceAPIDomain         string `json:"serviceApiDomain"`
	InsecureServiceAPIDomain string `json:"insecureServiceApiDomain"`
	AuthorizeURL             string `json:"authorizeUrl"`
	ClientID                 string `json:"clientId"`
	ClientSecret             string `json:"clientSecret"`
	RedirectURI              string `json:"redirectUri"`
	RTMPBase                 string `json:"rtmpBase"`
	Admin                    login  `json:"admin"`
	Users                    []struct {
		login
		UserID   string `json:"userId"`
		Channels []struct {
			ChannelID string `json:"channelId"`
			Enabled   bool   `json:"enabled"`
		} `json:"channels"`
	} `json:"users"`
}

type login struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

// app is a running quickstart.
type app struct {
	t     *testing.T
	data  string
	cmd   *exec.Cmd
	creds credentials
	http  *http.Client
	out   lockedBuffer
}

// lockedBuffer collects what a child prints.
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

// startApp builds the quickstart, starts it on free ports and waits until it
// is ready.
func startApp(t *testing.T, flags ...string) *app {
	t.Helper()
	a := &app{t: t, data: filepath.Join(t.TempDir(), "data")}
	binary := filepath.Join(t.TempDir(), "nethttp")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "..").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	args := append([]string{"-addr", "127.0.0.1:0", "-tls-addr", "127.0.0.1:0", "-rtmp", "rtmp://127.0.0.1:0/live", "-data", a.data}, flags...)
	a.cmd = exec.Command(binary, args...)
	a.cmd.Stdout, a.cmd.Stderr = &a.out, &a.out
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.stop)

	eventually(t, 20*time.Second, "the quickstart is ready", func(ctx context.Context) bool { return a.ready(ctx) })
	return a
}

// ready reports whether the app has written its credentials and answers.
func (a *app) ready(ctx context.Context) bool {
	text, err := os.ReadFile(filepath.Join(a.data, "credentials.json"))
	if err != nil || json.Unmarshal(text, &a.creds) != nil || a.creds.ServiceAPIDomain == "" {
		return false
	}
	if a.http == nil {
		a.http = &http.Client{Transport: &http.Transport{TLSClientConfig: tlsConfig(a.roots())}}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.creds.ServiceAPIDomain+"/healthz", nil)
	if err != nil {
		return false
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (a *app) roots() *x509.CertPool {
	roots := x509.NewCertPool()
	if pem, err := os.ReadFile(filepath.Join(a.data, "tls-cert.pem")); err == nil {
		roots.AppendCertsFromPEM(pem)
	}
	return roots
}

func (a *app) gateway() *prismtest.Gateway {
	return &prismtest.Gateway{
		ServiceAPIDomain: a.creds.ServiceAPIDomain,
		AuthorizeURL:     a.creds.AuthorizeURL,
		ClientID:         a.creds.ClientID,
		ClientSecret:     a.creds.ClientSecret,
		RedirectURI:      a.creds.RedirectURI,
		HTTPClient:       a.http,
	}
}

// stop ends the app as an operator does, and demands a clean exit. A second
// call does nothing.
func (a *app) stop() {
	if a.cmd.ProcessState != nil {
		return
	}
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		a.t.Errorf("SIGTERM: %v", err)
	}
	if err := a.cmd.Wait(); err != nil {
		a.t.Errorf("the quickstart ended with %v\n%s", err, a.out.String())
	}
	if a.t.Failed() {
		a.t.Logf("the quickstart printed\n%s", a.out.String())
	}
}

// wantNoSecrets scans everything that the app and its media server logged.
func (a *app) wantNoSecrets(secrets map[string]string) {
	a.t.Helper()
	logs := map[string]string{"the app's output": a.out.String()}
	files, err := filepath.Glob(filepath.Join(a.data, "nginx", "*.log"))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			a.t.Fatal(err)
		}
		logs[filepath.Base(file)] = string(text)
	}
	for where, text := range logs {
		// The client secret is printed once, for the console form.
		if where == "the app's output" {
			text = strings.Replace(text, a.creds.ClientSecret, "", 1)
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

// eventually polls until ok, and fails the test after the limit.
func eventually(t *testing.T, limit time.Duration, what string, ok func(context.Context) bool) {
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
