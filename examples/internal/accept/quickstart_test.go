package accept_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
)

// The quickstart passes the command, which takes all from credentials.json.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	app := quickstart.Start(t)
	credentials := filepath.Join(filepath.Dir(app.CertificateFile()), "credentials.json")
	binary := filepath.Join(t.TempDir(), "prismcheck")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/b2bprism/b2bprism/prism/prismcheck")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	// A demo live is on air on the streamer's channel: -take-over ends it.
	run := func(wantExit int, args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, append([]string{"-credentials", credentials, "-q", "-pace", "5ms", "-take-over"}, args...)...)
		var out, problems bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &problems
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != wantExit {
			t.Errorf("prismcheck %s: %v, want exit %d\n%s%s", strings.Join(args, " "), err, wantExit, out.Bytes(), problems.Bytes())
		}
		for _, secret := range []string{app.Creds.ClientSecret, app.Creds.Users[0].Password} {
			if strings.Contains(out.String()+problems.String(), secret) {
				t.Errorf("prismcheck %s: the output has a secret", strings.Join(args, " "))
			}
		}
		return out.Bytes()
	}

	var report struct {
		Passed int
		Failed struct{ Required, Security int }
		Checks []struct{ ID, State, Reason string }
	}
	all := "update,chat,chat-send,chat-delete,ban,managers"
	if err := json.Unmarshal(run(0, "-format", "json", "-apis", all, "-lives", "10", "-load-time", "1s"), &report); err != nil {
		t.Fatal(err)
	}
	if report.Passed < 150 || report.Failed.Required+report.Failed.Security > 0 {
		t.Errorf("%d checks passed, %+v failed", report.Passed, report.Failed)
	}
	for _, c := range report.Checks {
		if c.State == "skipped" && !strings.HasPrefix(c.ID, "rtmp.") {
			t.Errorf("%s was skipped: %s", c.ID, c.Reason)
		}
	}

	// Something that the command finds, in the other forms of the report.
	wrong := []string{"-only", "optional", "-apis", "none"}
	d := xml.NewDecoder(bytes.NewReader(run(1, append(wrong, "-format", "junit")...)))
	failures := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "failure" {
			failures++
		}
	}
	if failures != 1 {
		t.Errorf("the JUnit report has %d failures, want 1", failures)
	}
	page := filepath.Join(t.TempDir(), "report.html")
	text := run(1, append(wrong, "-format", "html", "-o", page)...)
	if !bytes.Contains(text, []byte("optional.expected")) {
		t.Errorf("the text has no word of what failed:\n%s", text)
	}
	if html, err := os.ReadFile(page); err != nil || !bytes.Contains(html, []byte("optional.expected")) {
		t.Errorf("the page has no word of what failed: %v", err)
	}
	run(1, "-channel", "no-such-channel")
	run(2, "-format", "pdf")
}
