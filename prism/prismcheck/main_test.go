package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// testConsole collects what the command writes.
type testConsole struct {
	console
	stdout, stderr bytes.Buffer
}

func newTestConsole(input string, env map[string]string) *testConsole {
	c := &testConsole{}
	c.console = console{in: strings.NewReader(input), out: &c.stdout, err: &c.stderr, env: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}}
	return c
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	c := newTestConsole("", nil)
	if code := run(t.Context(), []string{"-dry-run"}, c.console); code != exitOK {
		t.Fatalf("exit %d: %s", code, c.stderr.String())
	}
	for _, each := range check.All() {
		if !strings.Contains(c.stdout.String(), each.ID) {
			t.Errorf("the list lacks %s", each.ID)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	const full = "-url https://live.example -client-id id -client-secret sEcReT -redirect-uri https://r.example/x "
	for args, want := range map[string]string{
		"":                     "service API domain",
		"https://live.example": "unexpected argument",
		full:                   "no way to sign in",
		full + "-login minji":  "-password",
		full + "-login minji -password p -login2 juno": "-password2",
		full + "-token env:NOWHERE":                    "no variable NOWHERE",
		full + "-token file:/nowhere/at/all":           "/nowhere/at/all",
		full + "-token t -format pdf":                  "pdf",
		full + "-token t -apis karaoke":                "karaoke",
		full + "-token t -only weather":                "weather",
		full + "-token t -ca /nowhere/ca.pem":          "-ca",
		full + "-credentials /nowhere/creds.json":      "-credentials",
		"-no-such-flag":                                "no-such-flag",
	} {
		c := newTestConsole("", nil)
		if code := run(t.Context(), strings.Fields(args), c.console); code != exitUsage {
			t.Errorf("%s: exit %d", args, code)
		}
		if !strings.Contains(c.stderr.String(), want) {
			t.Errorf("%s: the error lacks %q: %s", args, want, c.stderr.String())
		}
		if strings.Contains(c.stderr.String(), "sEcReT") {
			t.Errorf("%s: the error has the secret", args)
		}
	}
	c := newTestConsole("", nil)
	if code := run(t.Context(), []string{"-h"}, c.console); code != exitOK || !strings.Contains(c.stderr.String(), "-take-over") {
		t.Errorf("-h: exit %d", code)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from file\r\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newTestConsole("", map[string]string{"SECRET": "from env"})
	for v, want := range map[string]string{"plain": "plain", "env:SECRET": "from env", "file:" + file: "from file", "": ""} {
		if got, err := resolve(v, c.console); got != want || err != nil {
			t.Errorf("%s: %q, %v", v, got, err)
		}
	}
}

func TestCredentialsFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "credentials.json")
	text := `{"serviceApiDomain":"https://127.0.0.1:1","authorizeUrl":"https://127.0.0.1:1/prism/oauth/authorize","clientId":"id",
		"clientSecret":"secret","redirectUri":"https://r.example/x","users":[
		{"login":"viewer","password":"p0","channels":[]},
		{"login":"one","password":"p1","channels":[{"channelId":"a","enabled":true}]},
		{"login":"two","password":"p2","channels":[{"channelId":"b","enabled":false},{"channelId":"c","enabled":true}]}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newTestConsole("", nil)
	o, err := parseFlags([]string{"-credentials", path, "-url", "https://live.example", "-apis", "none"}, c.console)
	if err != nil {
		t.Fatal(err)
	}
	got := o.target
	if got.ServiceAPIDomain != "https://live.example" || got.ClientSecret != "secret" || got.Account.Account != "two" || got.Second.Account != "one" ||
		got.Expect == nil || len(got.Expect) != 0 {
		t.Errorf("target: %+v", got)
	}
	if err := os.WriteFile(path, []byte(`{"clientSecret":"hush`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = parseFlags([]string{"-credentials", path}, c.console); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("a broken file: %v", err)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	failed := func(list ...check.Severity) check.Report {
		r := check.Report{Results: []check.Result{{Check: check.Check{ID: "create.live"}, State: check.Passed}}}
		for _, s := range list {
			r.Results = append(r.Results, check.Result{Check: check.Check{ID: "a.b", Severity: s}, State: check.Failed})
		}
		return r
	}
	cut := failed()
	cut.Interrupted = true
	skipped := func(missing string, extra bool) check.Report {
		r := failed(check.Recommended)
		r.Results = append(r.Results, check.Result{
			Check: check.Check{ID: "c.d", Severity: check.Security}, State: check.Skipped, Missing: missing, Extra: extra,
		})
		return r
	}
	for _, c := range []struct {
		report check.Report
		strict bool
		want   int
	}{
		{skipped("", false), false, exitOK},
		{skipped("-rtmp", true), false, exitOK},
		{skipped("-login2, -password2", false), false, exitUsage},
		{skipped("-login2, -password2", false), true, exitUsage},
		{failed(), false, exitOK},
		{failed(check.Recommended), false, exitOK},
		{failed(check.Recommended), true, exitRecommended},
		{failed(check.Recommended, check.Security), true, exitSecurity},
		{failed(check.Security, check.Required), false, exitRequired},
		{cut, false, exitUsage},
		{check.Report{}, false, exitUsage},
	} {
		if got := exitCode(c.report, c.strict); got != c.want {
			t.Errorf("got %d, want %d", got, c.want)
		}
	}
}

func TestPaste(t *testing.T) {
	t.Parallel()
	for pasted, want := range map[string]string{
		"abc\n": "abc",
		"https://r.example/x?code=abc&state=s1\n":   "abc",
		"https://r.example/x?code=abc&state=other":  "",
		"https://r.example/x?error=access_denied\n": "",
		"https://r.example/x?state=s1\n":            "",
		"\n":                                        "",
		"":                                          "",
	} {
		c := newTestConsole(pasted, nil)
		got, err := signIn{console: c.console, redirectURI: "https://r.example/x"}.browse(t.Context(), "https://live.example/authorize", "s1")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", pasted, got, err)
		}
		if !strings.Contains(c.stderr.String(), "https://live.example/authorize") {
			t.Error("the address was not printed")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in, out := io.Pipe()
	defer func() { _ = out.Close() }()
	if _, err := (signIn{console: console{in: in, err: io.Discard}}).browse(ctx, "", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
}

// The redirect is received on the loopback redirect URI, from the browser that
// knows the state only.
func TestLoopback(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := url.URL{Scheme: "http", Host: free.Addr().String(), Path: "/callback"}
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	c := newTestConsole("", nil)
	type result struct {
		code string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		code, err := signIn{console: c.console, redirectURI: target.String()}.browse(t.Context(), "https://live.example/authorize", "s1")
		done <- result{code, err}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	get := func(query string) int {
		for ctx.Err() == nil {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String()+query, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				continue // not listening yet
			}
			_ = resp.Body.Close()
			return resp.StatusCode
		}
		t.Fatal("nobody listens")
		return 0
	}
	for query, want := range map[string]int{"?code=evil&state=guess": 404, "/more?code=evil&state=s1": 404, "": 404} {
		if got := get(query); got != want {
			t.Errorf("%s: %d", query, got)
		}
	}
	if got := get("?code=abc&state=s1"); got != http.StatusOK {
		t.Errorf("the redirect got %d", got)
	}
	if r := <-done; r.code != "abc" || r.err != nil {
		t.Errorf("%+v", r)
	}
}

// A service that is none fails, in every form of report, and the progress is
// plain.
func TestRun(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	args := []string{"-url", server.URL, "-allow-http", "-token", "t0ken-of-nobody", "-pace", "1ms"}
	for format, want := range map[string]string{"text": "REQUIRED  mount.path", "json": `"mount.path"`, "junit": "<testsuites", "html": "<!doctype html>"} {
		c := newTestConsole("", nil)
		if code := run(t.Context(), append(args, "-format", format), c.console); code != exitRequired {
			t.Errorf("%s: exit %d: %s", format, code, c.stderr.String())
		}
		if !strings.Contains(c.stdout.String(), want) {
			t.Errorf("%s: the report lacks %s", format, want)
		}
		if !strings.Contains(c.stderr.String(), "FAIL mount.path\n") || strings.Contains(c.stderr.String(), "\x1b") {
			t.Errorf("%s: progress: %q", format, c.stderr.String())
		}
		if strings.Contains(c.stdout.String()+c.stderr.String(), "t0ken-of-nobody") {
			t.Errorf("%s: the token is told", format)
		}
	}
	c := newTestConsole("", nil)
	file := filepath.Join(t.TempDir(), "r.html")
	if code := run(t.Context(), append(args, "-format", "html", "-o", file, "-q"), c.console); code != exitRequired {
		t.Errorf("exit %d", code)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(c.stdout.String(), "REQUIRED") {
		t.Errorf("report file: %v, %v", info, err)
	}
}

// A push counts as taken once some of the picture has gone, and what ffmpeg
// says is told without the key.
func TestPush(t *testing.T) {
	t.Parallel()
	script := func(lines string) ffmpeg {
		path := filepath.Join(t.TempDir(), "ffmpeg")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines), 0o700); err != nil {
			t.Fatal(err)
		}
		return ffmpeg{path}
	}
	accepted := 0
	if err := script("echo out_time_us=1000; echo out_time_us=2000000; echo out_time_us=3000000").push(t.Context(), "rtmp://h/a/k3y", func() { accepted++ }); err != nil || accepted != 1 {
		t.Errorf("taken: %v, %d", err, accepted)
	}
	err := script(`for a; do last=$a; done; echo "$last: Input/output error" >&2; exit 1`).push(t.Context(), "rtmp://h/a/k3y", func() { t.Error("accepted") })
	if err == nil || strings.Contains(err.Error(), "k3y") || !strings.Contains(err.Error(), "Input/output error") {
		t.Errorf("refused: %v", err)
	}
	if err := (ffmpeg{"/nowhere/ffmpeg"}).push(t.Context(), "rtmp://h/a/k3y", func() {}); err == nil {
		t.Error("a program that is missing: no error")
	}
}
