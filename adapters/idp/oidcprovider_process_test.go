package idp_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// providerClient is a client of the upstream, as testdata/upstream.mjs reads it.
type providerClient struct {
	ID          string `json:"id"`
	Secret      string `json:"secret"`
	Auth        string `json:"auth"`
	RedirectURI string `json:"redirectURI,omitempty"`
	JWT         bool   `json:"jwt,omitempty"`
}

// missing skips, except in CI, where everything must be there.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// startProvider runs npm's oidc-provider until the test ends and returns its
// issuer. It ends with the test binary as well, because its standard input
// does.
func startProvider(t *testing.T, clients ...providerClient) (issuer string) {
	t.Helper()
	folder := installProvider(t)
	list, err := json.Marshal(clients)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command("node", "testdata/upstream.mjs", filepath.Join(folder, "package.json"), string(list))
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("oidc-provider: %v\n%s", err, stderr.String())
		}
		hung.Stop()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	var started struct {
		Issuer string `json:"issuer"`
	}
	if err = errors.Join(err, json.Unmarshal(line, &started)); err != nil || started.Issuer == "" {
		_ = stdin.Close()
		t.Fatalf("oidc-provider did not start: %v", err)
	}
	return started.Issuer
}

var installing sync.Mutex

// installProvider installs what testdata/package-lock.json pins, once per lock
// file, into the user's cache folder.
func installProvider(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, "%s is not installed: this test runs npm's oidc-provider, which needs Node.js 20 or later", program)
		}
	}
	installing.Lock()
	defer installing.Unlock()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	lock, err := os.ReadFile("testdata/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	root := filepath.Join(cache, "b2bprism-idp-test")
	folder := filepath.Join(root, hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "oidc-provider", "package.json")); err == nil {
		return folder
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	// Installed aside and renamed, so that a half-made folder is never used.
	fresh, err := os.MkdirTemp(root, "new-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(fresh, name), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = fresh
	if out, err := npm.CombinedOutput(); err != nil {
		missing(t, "npm ci could not install oidc-provider (network?): %v\n%s", err, out)
	}
	if err := os.Rename(fresh, folder); err != nil {
		if _, missing := os.Stat(folder); missing != nil {
			t.Fatal(fmt.Errorf("install oidc-provider: %w", err))
		}
	}
	return folder
}
