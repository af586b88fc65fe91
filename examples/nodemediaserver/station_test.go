package nodemediaserver

import (
	"bytes"
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

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

const (
	version    = "4.4.3"
	hookSecret = "0123456789abcdef0123"
	patience   = 45 * time.Second
)

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

// station is a running node-media-server with its hooks over a store in memory.
type station struct {
	t       *testing.T
	store   *memory.Store
	control *ingest.NodeMediaServerControl
	rtmp    string // base of rtmpPath
	hooks   *switched
	logs    *observer.ObservedLogs
	output  *lockedBuffer // of the server

	mu     sync.Mutex
	events map[string]int // how often each event came in, by kind and key
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

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
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
func newStation(t *testing.T, timeout time.Duration, relay ...netip.Prefix) *station {
	t.Helper()
	app := need(t)
	rtmpPort, httpPort := freePort(t), freePort(t)
	core, logs := observer.New(zapcore.DebugLevel)
	log := zap.New(core)
	s := &station{t: t, logs: logs, output: &lockedBuffer{}, events: make(map[string]int), rtmp: "rtmp://127.0.0.1:" + strconv.Itoa(rtmpPort) + "/live"}
	var err error
	s.store, err = memory.New(prism.StoreOptions{RTMPBase: s.rtmp})
	s.must(err)
	s.must(s.store.PutUser(t.Context(), prism.User{ID: "u1", Name: "Streamer"}))
	ready, err := ingest.NewEvents(s.store, ingest.EventsOptions{})
	s.must(err)
	events := countedEvents{ready, s}
	jwtSecret := rand.Text()
	s.control = &ingest.NodeMediaServerControl{URL: "http://127.0.0.1:" + strconv.Itoa(httpPort), App: "live", JWTSecret: jwtSecret}
	handler, err := ingest.NodeMediaServer(events, ingest.NodeMediaServerOptions{Secret: hookSecret, App: "live", Relay: relay, Control: s.control, Logger: log})
	s.must(err)
	s.hooks = &switched{Handler: handler}
	hooks := httptest.NewServer(s.hooks)
	t.Cleanup(hooks.Close)

	dir := t.TempDir()
	config, err := os.OpenFile(filepath.Join(dir, "config.json"), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	s.must(err)
	s.must(Config{
		Bind: "127.0.0.1", RTMPPort: rtmpPort, HTTPPort: httpPort, NotifyURL: hooks.URL + "/" + hookSecret + "/notify",
		JWTSecret: jwtSecret, SignSecret: rand.Text(), Data: filepath.Join(dir, "data"),
	}.Write(config))
	s.must(config.Close())
	server := exec.Command("node", app, "-c", config.Name())
	server.Stdout, server.Stderr = s.output, s.output
	s.must(server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill() // it may be gone already
		_ = server.Wait()         // killed
	})
	s.until("the server", func() bool {
		_, err := s.control.Publishers(t.Context())
		return err == nil
	})

	poller, err := ingest.NewPoller(ingest.PollerOptions{Server: s.control, Events: events, Interval: 500 * time.Millisecond, Grace: 5 * time.Second, Logger: log})
	s.must(err)
	t.Cleanup(func() { s.must(poller.Close()) })
	watcher, err := ingest.NewWatcher(ingest.WatcherOptions{Store: s.store, End: s.end, Timeout: timeout, Logger: log})
	s.must(err)
	t.Cleanup(func() { s.must(watcher.Close()) })
	return s
}

func (s *station) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// base is the RTMP URL of another application.
func (s *station) base(app string) string { return strings.TrimSuffix(s.rtmp, "live") + app }

func (s *station) end(ctx context.Context, liveID string, opt prism.EndOptions, _ prism.EndReason) (prism.EndResult, error) {
	opt.AsService = true
	return s.store.EndLive(ctx, "", liveID, opt)
}

// onAir makes a live on a channel and starts it, with what PRISM's service
// does: the publisher of the live that it replaces is kicked.
func (s *station) onAir(channel string) prism.Live {
	s.t.Helper()
	s.must(s.store.PutChannel(s.t.Context(), "u1", prism.Channel{ID: channel, Name: channel, Enabled: true}))
	live, err := s.store.CreateLive(s.t.Context(), "u1", channel, prism.NewLive{Title: "A live", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	s.must(err)
	started, err := s.store.StartLive(s.t.Context(), "u1", live.ID)
	s.must(err)
	if started.Ended != nil {
		s.must(s.control.KickPublisher(s.t.Context(), *started.Ended))
	}
	return started.Live
}

func (s *station) status(live prism.Live) prism.Status {
	s.t.Helper()
	got, err := s.store.Live(s.t.Context(), "u1", live.ID)
	s.must(err)
	return got.Status
}

func (s *station) until(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			for _, entry := range s.logs.All() {
				s.t.Log(entry.Time.Format(time.TimeOnly), entry.Message, entry.ContextMap())
			}
			s.t.Log(s.output.text())
			s.t.Fatalf("waited %s in vain: %s", patience, what)
		}
	}
}

func (s *station) count(kind string, live prism.Live) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[kind+" "+key(s.t, live)]
}

// noKey looks for the key of a live in what this side logged.
func (s *station) noKey(live prism.Live) {
	s.t.Helper()
	for _, entry := range s.logs.All() {
		line, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}).EncodeEntry(entry.Entry, entry.Context)
		s.must(err)
		if strings.Contains(line.String(), key(s.t, live)) {
			s.t.Errorf("the log has the key: %s", line)
		}
	}
}

// countedEvents counts what gets through, by kind and key.
type countedEvents struct {
	ingest.Events
	s *station
}

func (e countedEvents) add(kind string, p ingest.Publish, err error) error {
	if err == nil {
		e.s.mu.Lock()
		defer e.s.mu.Unlock()
		e.s.events[kind+" "+p.Key]++
	}
	return err
}

func (e countedEvents) Authorize(ctx context.Context, p ingest.Publish) (ingest.Decision, error) {
	_ = e.add("asked", p, nil)
	return e.Events.Authorize(ctx, p)
}

func (e countedEvents) Started(ctx context.Context, p ingest.Publish) error {
	return e.add("started", p, e.Events.Started(ctx, p))
}

func (e countedEvents) Heartbeat(ctx context.Context, p ingest.Publish) error {
	return e.add("heartbeat", p, e.Events.Heartbeat(ctx, p))
}

func (e countedEvents) Ended(ctx context.Context, p ingest.Publish) error {
	return e.add("ended", p, e.Events.Ended(ctx, p))
}

func key(t *testing.T, live prism.Live) string {
	t.Helper()
	_, key, err := prism.SplitRTMPPath(live.RTMPPath)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// program is ffmpeg as a publisher or a player.
type program struct {
	cmd  *exec.Cmd
	gone chan struct{}
	err  error // once gone is closed
}

func (p *program) running() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// kill is a crash: SIGKILL.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.gone
}

// publish starts ffmpeg that sends 10 small pictures a second.
func (s *station) publish(path string, options ...string) *program {
	s.t.Helper()
	args := []string{"-re", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=10", "-f", "lavfi", "-i", "anullsrc=r=44100",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-c:a", "aac", "-t", "120"}
	return s.run(append(append(args, options...), "-f", "flv", path)...)
}

func (s *station) run(args ...string) *program {
	s.t.Helper()
	p := &program{cmd: exec.Command("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, args...)...), gone: make(chan struct{})}
	s.must(p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.gone)
	}()
	s.t.Cleanup(p.kill)
	return p
}
