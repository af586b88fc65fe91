package redisstore_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/store/redisstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a redis-server that is a child of the test and dies with it.
type server struct {
	t      testing.TB
	socket string
	args   []string
	cmd    *exec.Cmd
	output strings.Builder
}

// needRedis returns the path of redis-server. CI must have it.
func needRedis(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatal("redis-server is not installed: apt-get install redis-server")
	}
	t.Skip("redis-server is not installed: apt-get install redis-server")
	return ""
}

// startServer starts a server on a unix socket of its own.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	needRedis(t)
	// A socket's path may have about 100 bytes; t.TempDir is often longer.
	dir, err := os.MkdirTemp("", "prism")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &server{t: t, socket: filepath.Join(dir, "s"), args: append([]string{
		"--port", "0", "--unixsocket", filepath.Join(dir, "s"), "--dir", dir, "--save", "", "--maxmemory-policy", "noeviction",
	}, args...)}
	t.Cleanup(s.kill)
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command(needRedis(s.t), s.args...)
	s.output.Reset()
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	s.cmd.SysProcAttr = childAttributes()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	waitFor(s.t, "redis-server answers", func() bool { return client.Ping(context.Background()).Err() == nil })
}

// kill ends the server as a crash does.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// signal stops the server in its tracks or lets it go on.
func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) client(t testing.TB, change ...func(*redis.Options)) *redis.Client {
	t.Helper()
	opt := &redis.Options{Network: "unix", Addr: s.socket}
	for _, f := range change {
		f(opt)
	}
	client := redis.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// waitFor polls until ok, and fails the test after ten seconds.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited 10 s in vain until %s", what)
		}
	}
}

// open makes a Store with a prefix of its own.
func open(t testing.TB, client redis.UniversalClient, opt redisstore.Options) *redisstore.Store {
	t.Helper()
	s, err := redisstore.New(client, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mini is a Redis in this process whose time to live is moved on by hand.
func mini(t testing.TB) (*miniredis.Miniredis, *redis.Client) {
	t.Helper()
	m := miniredis.NewMiniRedis()
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	return m, client
}

// clock is a clock that tests move on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

var start = time.Date(2026, 11, 22, 9, 0, 0, 123456000, time.UTC)

func newClock() *clock { return &clock{now: start} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
