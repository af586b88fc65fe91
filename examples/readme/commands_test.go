package readme

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
)

// pagesWithCommands are those whose commands the test runs. The READMEs in
// other languages have those of the first.
var pagesWithCommands = []string{languages[0], "examples/nethttp/README.md", "examples/byo/README.md"}

// runs says how the test runs a command, by its first words. Values that stand
// for the reader's own are replaced, ports are free ones, the folder is a new
// one; all other flags are the page's.
var runs = []struct {
	begins string
	run    func(t *testing.T, args []string)
}{
	{"go run ./examples/nethttp", servesQuickstart},
	{"go run ./examples/byo", servesBYO},
	{"go test ", isTheGates},
	{"go run ./prism/prismcheck -credentials", checksQuickstart},
	{"go run ./prism/prismcheck -url", checksByFlags},
	{"go run ./examples/benchmarks/", measures},
	{"go run ./examples/load", measures},
	{"ffmpeg ", publishes},
}

func TestCommandsRun(t *testing.T) {
	for _, name := range pagesWithCommands {
		for _, command := range readPage(t, name).commands() {
			t.Run(command, func(t *testing.T) {
				t.Parallel()
				for _, r := range runs {
					if strings.HasPrefix(command, r.begins) {
						r.run(t, strings.Fields(command))
						return
					}
				}
				t.Fatalf("no test runs this command of %s", name)
			})
		}
	}
}

// isTheGates: a test cannot run all tests, the gate does. "go test work" is all.
func isTheGates(t *testing.T, args []string) {
	gate, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	if err != nil {
		t.Fatal(err)
	}
	if args[2] != "work" {
		if _, err := os.Stat(filepath.Join(root, args[2])); err != nil {
			t.Error(err)
		}
		args = []string{"go", "test", "work"}
	}
	ours := slices.ContainsFunc(strings.Split(string(gate), "\n"), func(line string) bool {
		words := slices.DeleteFunc(strings.Fields(line), func(word string) bool { return word == "-count=1" })
		return len(words) >= len(args) && slices.Equal(words[:len(args)], args)
	})
	if !ours {
		t.Errorf(".ci/run does not run %q", strings.Join(args, " "))
	}
}

// measures makes figures as quickly as can be, and holds them against nothing.
func measures(t *testing.T, args []string) {
	switch {
	case args[2] == "./examples/load":
		if slices.Contains(args, "-wrk") {
			needs(t, "wrk")
		}
		args = append(args, "-lives", "200", "-tokens", "2000", "-duration", "1s",
			"-goal-p99", "1m", "-goal-ready", "1m", "-goal-ratio", "0.001", "-goal-size", "1000", "-goal-rss", "4000")
	case slices.Contains(args, "-calls"):
		args = append(args, "-run", "1ms", "-calls", "10")
	default:
		args = append(args, "-run", "1ms", "-goal", "1000")
	}
	goRun(t, args)
}

// checksQuickstart gives the checker the credentials of a running quickstart.
func checksQuickstart(t *testing.T, args []string) {
	app := quickstart.Start(t)
	goRun(t, replace(args, map[string]string{"prism-data/credentials.json": app.CredentialsFile()}))
}

// checksByFlags gives it all that a reader types, for the quickstart with
// nginx, whose certificate no system knows.
func checksByFlags(t *testing.T, args []string) {
	needs(t, "nginx", "ffmpeg")
	app := quickstart.Start(t, "-media", "nginx")
	folder := t.TempDir()
	report := filepath.Join(folder, "report.html")
	values := map[string]string{
		"https://live.example.com": app.Creds.ServiceAPIDomain, "https://live.example.com/prism/oauth/authorize": app.Creds.AuthorizeURL,
		"ID": app.Creds.ClientID, "URI": app.Creds.RedirectURI, "env:SECRET": "env:README_CLIENT_SECRET", "report.html": report,
	}
	for i, name := range []string{"minji", "juno"} {
		user := app.Creds.Users[i]
		file := filepath.Join(folder, name+".txt")
		must(t, os.WriteFile(file, []byte(user.Password), 0o600))
		values[name], values["file:"+name+".txt"] = user.Login.Login, "file:"+file
	}
	args = append(replace(args, values), "-ca", app.CertificateFile(), "-load-time", "2s",
		"-take-over") // the demo has a live on air
	goRun(t, args, "README_CLIENT_SECRET="+app.Creds.ClientSecret)
	page, err := os.ReadFile(report)
	if err != nil || !bytes.Contains(page, []byte("</html>")) {
		t.Errorf("the report: %d bytes, %v", len(page), err)
	}
}

func replace(args []string, values map[string]string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		if value, ok := values[arg]; ok {
			args[i] = value
		}
	}
	return args
}

// goRun runs a command from the root of the project, in its workspace whatever
// this test itself runs in.
func goRun(t *testing.T, args []string, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Env = root, append(append(os.Environ(), "GOWORK="), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// needs skips the test where a program is missing. In CI that is a failure.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		} else if os.Getenv("CI") != "" {
			t.Fatalf("this test needs %s: %v", program, err)
		}
		t.Skipf("install %s to run this test", program)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
