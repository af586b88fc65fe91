package mount

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

func readREADME(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readmePrelude is what the README's mount example leaves to the reader.
const readmePrelude = `package main

import (
	"net/http"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

type App interface {
	prism.UserSource
	prism.ChannelStore
	prism.LiveStore
	PRISMClient() oauth.Client
	Tokens() oauth.Store
	CurrentUser(r *http.Request, resume string) (userID, redirect string, err error)
}

var _ = mountPRISM

func main() {}

`

// TestREADMECompiles builds the README's mount example, laid over a folder of
// this module that does not exist.
func TestREADMECompiles(t *testing.T) {
	block := regexp.MustCompile("(?s)```go\n(.*?)```").FindStringSubmatch(readREADME(t))
	if block == nil {
		t.Fatal("the README has no mount example")
	}
	if lines := strings.Count(block[1], "\n"); lines > 15 {
		t.Errorf("the mount example has %d lines, want at most 15", lines)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(program, []byte(readmePrelude+block[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	virtual := filepath.Join(here, "readme", "main.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{virtual: program}})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, "-overlay", overlayFile, filepath.Dir(virtual)).CombinedOutput()
	if err != nil {
		t.Errorf("the README's mount example does not compile: %v\n%s", err, out)
	}
}

// TestREADMEErrorTable compares the published table with the code.
func TestREADMEErrorTable(t *testing.T) {
	readme := readREADME(t)
	for _, e := range []*prism.Error{
		prism.ErrInvalid, prism.ErrUnauthorized, prism.ErrForbidden, prism.ErrChannelDisabled, prism.ErrTLSRequired, prism.ErrNotFound,
		prism.ErrNoSuchAPI, prism.ErrMethodNotAllowed, prism.ErrConflict, prism.ErrTooLarge, prism.ErrMediaType, prism.ErrInternal,
		prism.ErrUnavailable, prism.ErrTimeout,
	} {
		if row := fmt.Sprintf("| %d | %s | %d |", e.Code, e.Name, e.Status); !strings.Contains(readme, row) {
			t.Errorf("the README lacks %q", row)
		}
	}
}
