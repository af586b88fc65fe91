// Package npm installs what tests need from npm, at the versions of a lock
// file.
package npm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// installTime is how long npm has.
const installTime = 3 * time.Minute

// manifests are the files that say what to install.
var manifests = []string{"package.json", "package-lock.json"}

// Modules installs what the package.json and package-lock.json of dir name,
// without running any script of the packages, and returns the node_modules
// folder. It installs once per lock file and user. Without node, npm or its
// registry it skips the test; in CI that is a failure.
func Modules(t *testing.T, dir string) string {
	t.Helper()
	modules, err := install(dir)
	if err == nil {
		return modules
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("this test needs node 20 and npm with its registry: %v", err)
	}
	t.Skipf("install node 20 and npm, and let npm reach its registry, to run this test: %v", err)
	return ""
}

func install(dir string) (string, error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", err
		}
	}
	sum := sha256.New()
	files := make(map[string][]byte, len(manifests))
	for _, name := range manifests {
		text, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // G304: the test names it
		if err != nil {
			return "", err
		}
		files[name] = text
		_, _ = sum.Write(text) // a hash does not fail
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "b2bprism-test")
	home := filepath.Join(cache, "npm-"+hex.EncodeToString(sum.Sum(nil)[:12]))
	modules := filepath.Join(home, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules, nil
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", err
	}
	// Another test may install at the same time; the first one wins.
	fresh, err := os.MkdirTemp(cache, "new-")
	if err != nil {
		return "", err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(fresh, name), text, 0o600); err != nil {
			return "", errors.Join(err, os.RemoveAll(fresh))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), installTime)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir = fresh
	if out, err := npm.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("npm ci: %w: %s", err, out), os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, home); err != nil {
		if _, statErr := os.Stat(modules); statErr != nil {
			return "", errors.Join(err, os.RemoveAll(fresh))
		}
		return modules, os.RemoveAll(fresh)
	}
	return modules, nil
}
