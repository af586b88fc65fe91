package readme

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/internal/child"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
	"github.com/b2bprism/b2bprism/examples/internal/redistest"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// servesQuickstart wants it to become ready with the flags of the command.
func servesQuickstart(t *testing.T, args []string) {
	folder, public := t.TempDir(), child.Address(t)
	values := map[string]string{"https://live.example.com": "https://" + public}
	if slices.Contains(args, "cert.pem") {
		// A certificate that there is, from another quickstart.
		other := quickstart.Start(t)
		values["cert.pem"] = other.CertificateFile()
		values["key.pem"] = filepath.Join(filepath.Dir(other.CertificateFile()), "tls-key.pem")
	}
	if slices.Contains(args, "-db") {
		values["postgres://prism:PASSWORD@db.example.com/prism"] = sqlstoretest.PostgreSQL(t)
		values["redis://:PASSWORD@redis.example.com:6379/0"] = redistest.Start(t).URL()
		values["./one"], values["shared.json"] = filepath.Join(folder, "one"), filepath.Join(folder, "shared.json")
		shareCredentials(t, values["shared.json"])
	}
	if slices.Contains(args, "nginx") {
		needs(t, "nginx")
	}
	args = append(replace(args, values), "-addr", child.Address(t), "-tls-addr", public, "-rtmp", "rtmp://127.0.0.1:0/live")
	serves(t, folder, args, "https://"+public+"/healthz")
}

// shareCredentials writes what instances share, as the first one of them does.
func shareCredentials(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(quickstart.Start(t).CredentialsFile())
	must(t, err)
	must(t, os.WriteFile(file, text, 0o600))
}

// servesBYO wants the example to become ready with a database of its own.
func servesBYO(t *testing.T, args []string) {
	addr := child.Address(t)
	values := map[string]string{"postgres://USER:PASSWORD@127.0.0.1/market": sqlstoretest.PostgreSQL(t)}
	serves(t, t.TempDir(), append(replace(args, values), "-addr", addr), "http://"+addr+prism.DefaultBasePath)
}

// serves builds the program of a "go run", starts it in the folder, waits for
// an answer at the address, and ends it as an operator does.
func serves(t *testing.T, folder string, args []string, address string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	goRun(t, []string{"go", "build", "-o", program, args[2]})
	out := &quickstart.Output{}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, args[3:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, out, out
	must(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
	}}
	answers := func(ctx context.Context) bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		must(t, err)
		resp, err := client.Do(req)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return true
	}
	for deadline := time.Now().Add(30 * time.Second); !answers(t.Context()); time.Sleep(100 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v\n%s", err, out)
		default:
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatalf("no answer at %s: %v\n%s", address, <-ended, out)
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v\n%s", err, out)
	}
}

// publishes pushes a film to the quickstart, to a live that is on air.
func publishes(t *testing.T, args []string) {
	needs(t, "nginx", "ffmpeg")
	film := filepath.Join(t.TempDir(), "film.mp4")
	encode := exec.CommandContext(t.Context(), "ffmpeg", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=15:duration=3",
		"-f", "lavfi", "-i", "sine=duration=3", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", film)
	if out, err := encode.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	app := quickstart.Start(t, "-media", "nginx")
	user := app.Creds.Users[0]
	gateway := app.Gateway()
	tokens, err := gateway.SignIn(t.Context(), prismtest.Credentials{Account: user.Login.Login, Password: user.Password})
	must(t, err)
	session := gateway.Session(tokens)
	live, err := session.CreateLive(t.Context(), user.Channels[0].ChannelID, prismtest.NewLive{Title: "A film", ReservedAt: time.Now()})
	must(t, err)
	_, err = session.StartLive(t.Context(), live.ID)
	must(t, err)
	push := exec.CommandContext(t.Context(), args[0], replace(args[1:], map[string]string{
		"film.mp4": film, "rtmp://127.0.0.1:1935/live/STREAM_KEY": live.RTMPPath,
	})...)
	if out, err := push.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
