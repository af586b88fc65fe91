package console

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestVendored holds what was not written here against what npm served.
func TestVendored(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"htmx.min.js":  "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
		"htmx.LICENSE": "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
	} {
		data, err := os.ReadFile("static/vendor/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s has the SHA-256 %x, want %s", file, sum, want)
		}
	}
	entries, err := os.ReadDir("static/vendor")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 3 {
		t.Errorf("static/vendor has %d files, want those above and their README.md", len(entries))
	}
	readme, err := os.ReadFile("static/vendor/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "htmx.org` 4.0.1") || !strings.Contains(string(assets["htmx.js"].data), `version="4.0.1"`) {
		t.Error("the README.md names another version than the file has")
	}
}
