package readme

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// prelude is what the README's mount example leaves to the reader.
const prelude = `package main

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

// snippets are a page's blocks of Go.
func snippets(t *testing.T, name string) []string {
	t.Helper()
	var found []string
	for _, s := range readPage(t, name) {
		for _, b := range s.code {
			if b.language == "go" {
				found = append(found, b.text)
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no Go", name)
	}
	return found
}

// TestMountExampleCompiles builds the README's first snippet, laid over a
// folder of this module that does not exist.
func TestMountExampleCompiles(t *testing.T) {
	t.Parallel()
	snippet := snippets(t, languages[0])[0]
	if lines := strings.Count(snippet, "\n"); lines > 15 {
		t.Errorf("the mount example has %d lines, want at most 15", lines)
	}
	compiles(t, ".", prelude+snippet)
}

// compiles builds a program in the module of the folder, laid over a folder
// that does not exist.
func compiles(t *testing.T, folder, text string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "main.go")
	must(t, os.WriteFile(program, []byte(text), 0o600))
	virtual, err := filepath.Abs(filepath.Join(folder, "readmeexample", "main.go"))
	must(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{virtual: program}})
	must(t, err)
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	must(t, os.WriteFile(overlayFile, overlay, 0o600))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, "-overlay", overlayFile, filepath.Dir(virtual))
	build.Dir, build.Env = folder, append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("a snippet does not compile: %v\n%s", err, out)
	}
}

// TestSnippetsAreFromCode wants every other snippet, whatever its indentation,
// in a file of this module or in an Example of another one. Those compile.
func TestSnippetsAreFromCode(t *testing.T) {
	t.Parallel()
	var code []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		isCode := strings.HasPrefix(path, filepath.Join(root, "examples")) || strings.HasSuffix(path, "_test.go")
		if err != nil || d.IsDir() || !isCode || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		code = append(code, unindented(string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, snippet := range snippets(t, languages[0])[1:] {
		if !slices.ContainsFunc(code, func(file string) bool { return strings.Contains(file, unindented(snippet)) }) {
			t.Errorf("no example has this snippet of the README:\n%s", snippet)
		}
	}
}

func unindented(code string) string {
	lines := strings.Split(code, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

// TestErrorTable compares the published table with the code.
func TestErrorTable(t *testing.T) {
	t.Parallel()
	for _, e := range []*prism.Error{
		prism.ErrInvalid, prism.ErrUnauthorized, prism.ErrForbidden, prism.ErrChannelDisabled, prism.ErrTLSRequired, prism.ErrNotFound,
		prism.ErrNoSuchAPI, prism.ErrMethodNotAllowed, prism.ErrConflict, prism.ErrTooLarge, prism.ErrMediaType, prism.ErrInternal,
		prism.ErrUnavailable, prism.ErrTimeout,
	} {
		row := fmt.Sprintf("| %d | %s | %d |", e.Code, e.Name, e.Status)
		for _, name := range languages {
			has := func(s section) bool { return slices.Contains(s.rows, row) }
			if !slices.ContainsFunc(readPage(t, name), has) {
				t.Errorf("%s lacks %q", name, row)
			}
		}
	}
}
