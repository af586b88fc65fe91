package openapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/examples/internal/npm"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// TestLint holds the description, and those that services serve, against all
// rules that Redocly recommends.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, problem := range lint(t,
		prism.OpenAPI(),
		served(t, func(*prism.Config) {}),
		served(t, func(c *prism.Config) { c.Managers, c.ChatDelete = nil, nil }),
		served(t, func(c *prism.Config) { c.Ban, c.ChatSend = nil, nil }),
		served(t, func(c *prism.Config) {
			c.Chat, c.ChatSend, c.ChatDelete, c.Ban, c.Managers, c.Update, c.AllowBearer = nil, nil, nil, nil, nil, nil, false
			c.Auth, c.BasePath = struct{ prism.Authenticator }{c.Auth}, "/"
		}),
	) {
		t.Error(problem)
	}
}

// TestLintFinds shows that a bad description does not pass.
func TestLintFinds(t *testing.T) {
	t.Parallel()
	text := prism.OpenAPI()
	for _, change := range [][2]string{
		{"operationId: getUser\n", "operationId: getLive\n"},
		{"{ $ref: '#/components/responses/User' }", "{ $ref: '#/components/responses/Done' }"},
		{"      summary: Get a live\n", ""},
	} {
		text = bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
	}
	rules := lint(t, text)
	slices.Sort(rules)
	want := []string{
		"no-unused-components: Component: \"User\" is never used.",
		"operation-operationId-unique: Every operation must have a unique `operationId`.",
		"operation-summary: Operation object should contain `summary` field.",
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// lint returns what Redocly says of descriptions.
func lint(t *testing.T, descriptions ...[]byte) []string {
	t.Helper()
	dir := t.TempDir()
	args := []string{filepath.Join(npm.Modules(t, "testdata"), "@redocly", "cli", "bin", "cli.js"), "lint", "--extends=recommended", "--format=json"}
	for i, text := range descriptions {
		file := filepath.Join(dir, string(rune('a'+i))+".yaml")
		must(t, os.WriteFile(file, text, 0o600))
		args = append(args, file)
	}
	cli := exec.CommandContext(t.Context(), "node", args...)
	cli.Dir = dir
	cli.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	out, failed := cli.Output()
	var problems []string
	read := json.NewDecoder(bytes.NewReader(out)) // one report for each file
	for range descriptions {
		var found struct {
			Totals   struct{ Errors, Warnings, Ignored int }
			Problems []struct{ RuleID, Message string }
		}
		if err := read.Decode(&found); err != nil {
			t.Fatalf("redocly: %v, %v: %s", failed, err, out)
		}
		for _, p := range found.Problems {
			problems = append(problems, p.RuleID+": "+p.Message)
		}
		if n := found.Totals; n.Errors+n.Warnings+n.Ignored != len(found.Problems) {
			t.Errorf("redocly counts %+v and tells %d", n, len(found.Problems))
		}
	}
	if failed != nil && len(problems) == 0 {
		t.Errorf("redocly: %v", failed)
	}
	return problems
}

// served is the description that a service gives of itself.
func served(t *testing.T, change func(*prism.Config)) []byte {
	t.Helper()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example/live"})
	must(t, err)
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Development, cfg.ServeOpenAPI, cfg.AllowBearer = newApp(t).auth, true, true, true
	change(&cfg)
	svc, err := prism.New(cfg)
	must(t, err)
	answer := httptest.NewRecorder()
	svc.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "https://live.example/openapi.yaml", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	return answer.Body.Bytes()
}
