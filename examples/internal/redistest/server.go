// Package redistest runs a Redis of its own for a test.
package redistest

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/examples/internal/child"
)

// Server is a redis-server that writes to the disk before it acknowledges. Its
// methods must not be called at the same time.
type Server struct {
	// Password is what a client needs.
	Password string

	t      testing.TB
	addr   string
	config string
	output bytes.Buffer
	cmd    *exec.Cmd // nil while the server is down
}

// Start starts a server on a free port. It ends with the test. A machine
// without Redis skips the test, unless CI is set.
func Start(t testing.TB) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("redis-server is not installed: apt-get install redis-server")
		}
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	s := &Server{t: t, Password: rand.Text(), addr: child.Address(t)}
	_, port, _ := strings.Cut(s.addr, ":")
	s.config = strings.Join([]string{
		"bind 127.0.0.1", "port " + port, "dir " + t.TempDir(), "requirepass " + s.Password,
		"appendonly yes", "appendfsync always", `save ""`, "maxmemory-policy noeviction", "",
	}, "\n")
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

// URL is the server's address with its password, as -redis takes it.
func (s *Server) URL() string {
	return (&url.URL{Scheme: "redis", User: url.UserPassword("", s.Password), Host: s.addr, Path: "/0"}).String()
}

// Client returns a client that is closed when the test ends.
func (s *Server) Client() *redis.Client {
	s.t.Helper()
	opt, err := redis.ParseURL(s.URL())
	if err != nil {
		s.t.Fatal(err)
	}
	client := redis.NewClient(opt)
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

// Restart starts a server that was killed, with its data and at its address,
// and waits until it answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.output.Reset()
	// Not the test's context: it ends before the clean-up. The configuration
	// goes through a pipe, since others can read a command line.
	s.cmd = exec.CommandContext(context.WithoutCancel(s.t.Context()), "redis-server", "-")
	s.cmd.Stdin = strings.NewReader(s.config)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	s.cmd.SysProcAttr = child.Attributes()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	opt, err := redis.ParseURL(s.URL())
	if err != nil {
		s.t.Fatal(err)
	}
	opt.MaxRetries = -1
	client := redis.NewClient(opt)
	defer func() { _ = client.Close() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		// A server that reads its file answers with an error.
		err := client.Ping(s.t.Context()).Err()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			s.Kill()
			s.t.Fatalf("redis-server does not answer: %v\n%s", err, s.output.String())
		}
	}
}

// Kill ends the server at once, as a crash does. A server that is down stays
// so.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended by itself
	_ = s.cmd.Wait()         // tells of the signal
	s.cmd = nil
}
