package oauthclients

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/internal/npm"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
)

// TestOAuth4webapi has the strictest client library that we know complete
// every flow: testdata/client.mjs.
func TestOAuth4webapi(t *testing.T) {
	modules := npm.Modules(t, "testdata")
	app := quickstart.Start(t, "-redirect-uri", redirectURI)
	user := app.Creds.Users[0]
	somebody := newPerson(t, app, user.Login)

	// Node looks for packages beside the script.
	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join("testdata", "client.mjs"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "client.mjs"), script, 0o600))
	must(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))

	var stderr quickstart.Output
	node := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "client.mjs"))
	node.Stderr = &stderr
	node.WaitDelay = time.Second
	node.Env = append(os.Environ(),
		"NODE_EXTRA_CA_CERTS="+app.CertificateFile(),
		"ISSUER="+app.Creds.ServiceAPIDomain+"/prism",
		"API="+app.Creds.ServiceAPIDomain,
		"CLIENT_ID="+app.Creds.ClientID,
		"CLIENT_SECRET="+app.Creds.ClientSecret,
		"REDIRECT_URI="+redirectURI,
		"USER_ID="+user.UserID,
	)
	input, err := node.StdinPipe()
	must(t, err)
	output, err := node.StdoutPipe()
	must(t, err)
	must(t, node.Start())
	watchdog := time.AfterFunc(time.Minute, func() { _ = node.Process.Kill() })
	defer watchdog.Stop()

	secrets := map[string]string{}
	opened := 0
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if line := lines.Text(); strings.HasPrefix(line, "{") {
			must(t, json.Unmarshal([]byte(line), &secrets))
		} else {
			opened++
			_, _ = fmt.Fprintln(input, somebody.authorize(line)) // a script that ended has told why
		}
	}
	if err := node.Wait(); err != nil {
		t.Fatalf("after %d authorization requests: %v\n%s", opened, err, stderr.String())
	}
	if opened != 5 || len(secrets) != 16 {
		t.Errorf("%d authorization requests and %d secrets, want 5 and 16", opened, len(secrets))
	}
	secrets["client secret"] = app.Creds.ClientSecret
	app.WantNoSecrets(secrets)
}
