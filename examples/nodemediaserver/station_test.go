package nodemediaserver

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
	"github.com/b2bprism/b2bprism/examples/internal/station"
)

// version is that of the server that the tests run.
const version = "4.4.3"

// need fails the test in CI, and skips it elsewhere, when a program or the
// server cannot be had. It returns the server's main file.
func need(t *testing.T) string {
	t.Helper()
	app, err := install()
	if err == nil {
		return app
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("this test needs node 20, npm with its registry, and ffmpeg: %v", err)
	}
	t.Skipf("install node 20, npm and ffmpeg, and let npm reach its registry, to run this test: %v", err)
	return ""
}

// install gets the server from npm, once for all tests of this user.
var install = sync.OnceValues(func() (string, error) {
	for _, program := range []string{"node", "npm", "ffmpeg"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", err
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "b2bprism-test")
	home := filepath.Join(cache, "node-media-server-"+version)
	app := filepath.Join(home, "node_modules", "node-media-server", "bin", "app.js")
	if _, err := os.Stat(app); err == nil {
		return app, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	// Another test may install at the same time; the first one wins.
	dir, err := os.MkdirTemp(cache, "new-")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "node-media-server@"+version)
	if out, err := npm.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)), os.RemoveAll(dir))
	}
	if err := os.Rename(dir, home); err != nil {
		if _, statErr := os.Stat(app); statErr != nil {
			return "", err
		}
		return app, os.RemoveAll(dir)
	}
	return app, nil
})

// nodeStation is a running node-media-server with its hooks.
type nodeStation struct {
	*station.Station
	control *ingest.NodeMediaServerControl
	hooks   *switched
}

// switched is a handler that can be unreachable for a while.
type switched struct {
	http.Handler
	mu  sync.Mutex
	off bool
}

func (s *switched) set(off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = off
}

func (s *switched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	off := s.off
	s.mu.Unlock()
	if off {
		panic(http.ErrAbortHandler) // the connection breaks without an answer
	}
	s.Handler.ServeHTTP(w, r)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing was accepted
	return l.Addr().(*net.TCPAddr).Port
}

// newStation starts a server. A live without packets ends after timeout; relay
// is NodeMediaServerOptions.Relay.
func newStation(t *testing.T, timeout time.Duration, relay ...netip.Prefix) *nodeStation {
	t.Helper()
	app := need(t)
	rtmpPort, httpPort := freePort(t), freePort(t)
	s := &nodeStation{Station: station.New(t, "rtmp://127.0.0.1:"+strconv.Itoa(rtmpPort)+"/live", 45*time.Second)}
	jwtSecret := rand.Text()
	s.control = &ingest.NodeMediaServerControl{URL: "http://127.0.0.1:" + strconv.Itoa(httpPort), App: "live", JWTSecret: jwtSecret}
	s.Kicker = s.control // what PRISM's service does with the live that is replaced
	handler, err := ingest.NodeMediaServer(s.Events, ingest.NodeMediaServerOptions{
		Secret: station.HookSecret, App: "live", Relay: relay, Control: s.control, Logger: s.Log,
	})
	s.Must(err)
	s.hooks = &switched{Handler: handler}
	hooks := httptest.NewServer(s.hooks)
	t.Cleanup(hooks.Close)
	s.serve(app, Config{
		Bind: "127.0.0.1", RTMPPort: rtmpPort, HTTPPort: httpPort, NotifyURL: hooks.URL + "/" + station.HookSecret + "/notify",
		JWTSecret: jwtSecret, SignSecret: rand.Text(), Data: filepath.Join(t.TempDir(), "data"),
	})

	poller, err := ingest.NewPoller(ingest.PollerOptions{
		Server: s.control, Events: s.Events, Interval: 500 * time.Millisecond, Grace: 5 * time.Second, Logger: s.Log,
	})
	s.Must(err)
	t.Cleanup(func() { s.Must(poller.Close()) })
	watcher, err := ingest.NewWatcher(ingest.WatcherOptions{
		Store: s.Store, End: s.End, Sources: []ingest.Source{poller}, Timeout: timeout, Logger: s.Log,
	})
	s.Must(err)
	t.Cleanup(func() { s.Must(watcher.Close()) })
	return s
}

// serve runs the server until the end of the test.
func (s *nodeStation) serve(app string, c Config) {
	s.T.Helper()
	config, err := os.OpenFile(filepath.Join(s.T.TempDir(), "config.json"), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	s.Must(err)
	s.Must(c.Write(config))
	s.Must(config.Close())
	server := exec.Command("node", app, "-c", config.Name())
	output := &quickstart.Output{}
	server.Stdout, server.Stderr = output, output
	s.Must(server.Start())
	s.T.Cleanup(func() {
		_ = server.Process.Kill() // it may be gone already
		_ = server.Wait()         // killed
		if s.T.Failed() {
			s.T.Log(output)
		}
	})
	s.Until("the server", func() bool {
		_, err := s.control.Publishers(s.T.Context())
		return err == nil
	})
}

// base is the RTMP URL of another application.
func (s *nodeStation) base(app string) string { return strings.TrimSuffix(s.RTMP, "live") + app }
