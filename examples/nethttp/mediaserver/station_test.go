package mediaserver

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
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
	hookSecret = "0123456789abcdef0123"
	patience   = 20 * time.Second
)

// need fails the test in CI, and skips it elsewhere, when a program is missing.
func need(t *testing.T, ffmpeg bool) {
	t.Helper()
	_, err := findNGINX(nginxNames, moduleDirs)
	if err == nil && ffmpeg {
		_, err = exec.LookPath("ffmpeg")
	}
	if err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("this test needs nginx with the RTMP module and ffmpeg: %v", err)
	}
	t.Skipf("apt-get install nginx libnginx-mod-rtmp ffmpeg to run this test: %v", err)
}

// station is a running Server with its hooks over a store in memory.
type station struct {
	t      *testing.T
	store  *memory.Store
	server *Server
	dir    string
	rtmp   string // base of rtmpPath
	logs   *observer.ObservedLogs

	mu     sync.Mutex
	events map[string]int // how often each event came in, by kind and session
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing was accepted
	return l.Addr().String()
}

func newStation(t *testing.T) *station {
	t.Helper()
	addr := freeAddr(t)
	core, logs := observer.New(zapcore.DebugLevel)
	s := &station{t: t, dir: t.TempDir(), rtmp: "rtmp://" + addr + "/live", logs: logs, events: make(map[string]int)}
	var err error
	s.store, err = memory.New(prism.StoreOptions{RTMPBase: s.rtmp})
	s.must(err)
	s.must(s.store.PutUser(t.Context(), prism.User{ID: "u1", Name: "Streamer"}))
	ready, err := ingest.NewEvents(s.store, ingest.EventsOptions{})
	s.must(err)
	mux := http.NewServeMux()
	hooks := httptest.NewServer(mux)
	t.Cleanup(hooks.Close)
	s.server, err = New(Options{
		Dir: filepath.Join(s.dir, "media server"), RTMPAddr: addr, HooksURL: hooks.URL + "/hooks/" + hookSecret,
		Heartbeat: time.Second, Logger: zap.New(core),
	})
	s.must(err)
	t.Cleanup(func() { s.must(s.server.Close()) })
	handler, err := ingest.NGINX(countedEvents{ready, s}, ingest.NGINXOptions{
		Secret: hookSecret, App: "live", Control: s.server.Control(), Logger: zap.New(core),
	})
	s.must(err)
	mux.Handle("/hooks/", http.StripPrefix("/hooks", handler))
	s.must(s.server.Start(t.Context()))
	return s
}

func (s *station) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// onAir makes a live on a channel of its own and starts it.
func (s *station) onAir(channel string) prism.Live {
	s.t.Helper()
	s.must(s.store.PutChannel(s.t.Context(), "u1", prism.Channel{ID: channel, Name: channel, Enabled: true}))
	live, err := s.store.CreateLive(s.t.Context(), "u1", channel, prism.NewLive{Title: "A live", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	s.must(err)
	started, err := s.store.StartLive(s.t.Context(), "u1", live.ID)
	s.must(err)
	return started.Live
}

func (s *station) end(ctx context.Context, liveID string, opt prism.EndOptions, _ prism.EndReason) (prism.EndResult, error) {
	opt.AsService = true
	return s.store.EndLive(ctx, "", liveID, opt)
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
				s.t.Log(entry.Message, entry.ContextMap())
			}
			s.t.Fatalf("waited %s in vain: %s", patience, what)
		}
	}
}

// playing reports whether the playlist of the live has segments, all there.
func (s *station) playing(live prism.Live) bool {
	text, err := os.ReadFile(filepath.Join(s.server.HLSDir(), Playlist(live.PlaybackID)))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, live.PlaybackID) && strings.HasSuffix(line, ".ts") {
			return true
		}
	}
	return false
}

func (s *station) count(kind string, live prism.Live) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[kind+" "+key(s.t, live)]
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

// noKey fails when the key of a live stands in a log or in a file of the
// server, or in the name of one.
func (s *station) noKey(live prism.Live) {
	s.t.Helper()
	secret := key(s.t, live)
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	for _, entry := range s.logs.All() {
		line, err := encoder.EncodeEntry(entry.Entry, entry.Context)
		s.must(err)
		if strings.Contains(line.String(), secret) {
			s.t.Errorf("the log has the key: %s", line)
		}
	}
	look := func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a segment that was cleaned up
		}
		if err != nil {
			return err
		}
		if strings.Contains(path, secret) {
			s.t.Errorf("a file name has the key: %s", path)
		}
		if d.Type().IsRegular() {
			if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte(secret)) {
				s.t.Errorf("%s has the key", path)
			}
		}
		return nil
	}
	s.must(filepath.WalkDir(s.dir, look))
	s.must(filepath.WalkDir(s.server.HLSDir(), look))
}

// logged reports whether nginx's log has a text.
func (s *station) logged(text string) bool {
	for _, entry := range s.logs.FilterMessage("nginx").All() {
		if line, ok := entry.ContextMap()["line"].(string); ok && strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// publisher is a run of ffmpeg.
type publisher struct {
	cmd  *exec.Cmd
	gone chan struct{}
	err  error
}

// publish starts ffmpeg, which sends a test picture and a tone in real time.
func (s *station) publish(url string, flags ...string) *publisher {
	s.t.Helper()
	args := []string{"-re", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=15",
		"-f", "lavfi", "-i", "sine", "-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv"}
	return s.run(append(append(args, flags...), url)...)
}

// run starts ffmpeg.
func (s *station) run(args ...string) *publisher {
	s.t.Helper()
	args = append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, args...)
	p := &publisher{cmd: exec.Command("ffmpeg", args...), gone: make(chan struct{})}
	s.must(p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.gone)
	}()
	s.t.Cleanup(func() { p.kill() })
	return p
}

func (p *publisher) running() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

func (p *publisher) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.gone
}
