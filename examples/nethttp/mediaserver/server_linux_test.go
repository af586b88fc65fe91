package mediaserver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/prism"
)

// parentEnv makes the test binary a parent of nginx, to be killed.
const parentEnv = "MEDIASERVER_TEST_PARENT"

func TestMain(m *testing.M) {
	if spec := os.Getenv(parentEnv); spec != "" {
		runParent(spec)
	}
	goleak.VerifyTestMain(m)
}

func runParent(spec string) {
	dir, addr, _ := strings.Cut(spec, "|")
	s, err := New(Options{Dir: dir, RTMPAddr: addr, HooksURL: "http://127.0.0.1:1/x"})
	if err == nil {
		err = s.Start(context.Background())
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(s.pid())
	select {}
}

// pid is the process of nginx's master, and the number of its group.
func (s *Server) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.child.process.Pid
}

func TestServerStartsAgainAfterACrash(t *testing.T) {
	t.Parallel()
	need(t, false)
	s := newStation(t)
	master := s.server.pid()
	left := members(master, s.server.opt.Dir)
	if len(left) < 2 {
		t.Fatalf("processes %v, want a master and a worker", left)
	}
	s.Must(syscall.Kill(master, syscall.SIGKILL))
	s.Until("a new nginx", func() bool { return s.server.pid() != master })
	if still := members(master, s.server.opt.Dir); len(still) > 0 {
		t.Errorf("of the old nginx %v are left", still)
	}
	s.Must(s.server.Control().KickPublisher(t.Context(), prism.Live{ID: "l1", PlaybackID: "nobody"}))
	master = s.server.pid()
	s.Must(s.server.Close())
	s.Must(s.server.Close())
	if still := members(master, s.server.opt.Dir); len(still) > 0 {
		t.Errorf("after Close %v are left", still)
	}
}

func TestServerSaysWhyItDoesNotStart(t *testing.T) {
	t.Parallel()
	need(t, false)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }() // the test is over
	s, err := New(Options{Dir: t.TempDir(), RTMPAddr: taken.Addr().String(), HooksURL: "http://127.0.0.1:1/x"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // always nil
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error %v", err)
	}
	if _, err := New(Options{Dir: s.opt.Dir, RTMPAddr: "127.0.0.1:0", HooksURL: "http://127.0.0.1:1/x"}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second server in the folder: %v", err)
	}
}

func TestServerReportsNGINXsOwnReason(t *testing.T) {
	t.Parallel()
	need(t, false)
	s, err := New(Options{Dir: t.TempDir(), RTMPAddr: freeAddr(t), HooksURL: "http://127.0.0.1:1/x"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // always nil
	s.nginx.module = "/nonexistent.so"
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "/nonexistent.so") {
		t.Errorf("error %v", err)
	}
}

// parent starts a process that runs a Server, and returns it with the number
// of nginx's master.
func parent(t *testing.T, dir, addr string) (cmd *exec.Cmd, master int) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), parentEnv+"="+dir+"|"+addr, "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		_, err = fmt.Sscan(line, &master)
	}
	if err != nil {
		_ = cmd.Process.Kill() // it has failed already
		_ = cmd.Wait()
		t.Fatalf("the parent says %q: %v", line, err)
	}
	t.Cleanup(func() {
		for _, pid := range members(master, dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // left by a test that failed
		}
	})
	return cmd, master
}

func TestNGINXDiesWithItsParent(t *testing.T) {
	t.Parallel()
	need(t, false)
	dir := filepath.Join(t.TempDir(), "nginx")
	cmd, master := parent(t, dir, freeAddr(t))
	if left := members(master, dir); len(left) < 2 {
		t.Fatalf("processes %v, want a master and a worker", left)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		left := members(master, dir)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v outlived the parent", left)
		}
	}
}

func TestServerEndsWhatAnEarlierOneLeft(t *testing.T) {
	t.Parallel()
	need(t, false)
	dir, addr := filepath.Join(t.TempDir(), "nginx"), freeAddr(t) // closed to others
	cmd, master := parent(t, dir, addr)
	list, err := os.ReadFile(filepath.Join(dir, "run", "temporary"))
	if os.Geteuid() == 0 && err != nil {
		t.Fatalf("no temporary folder for workers that are not root: %v", err)
	}
	// The parent is stopped so that it cannot clean up after the master; then
	// both are gone, and the worker still has the port.
	for _, kill := range []struct {
		pid    int
		signal syscall.Signal
	}{{cmd.Process.Pid, syscall.SIGSTOP}, {master, syscall.SIGKILL}, {cmd.Process.Pid, syscall.SIGKILL}} {
		if err := syscall.Kill(kill.pid, kill.signal); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait() // killed
	if left := members(master, dir); len(left) == 0 {
		t.Fatal("no worker is left: the test shows nothing")
	}
	s, err := New(Options{Dir: dir, RTMPAddr: addr, HooksURL: "http://127.0.0.1:1/x"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // always nil
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := members(master, dir); len(left) != 0 {
		t.Errorf("%v of the earlier server are left", left)
	}
	for folder := range strings.FieldsSeq(string(list)) {
		if _, err := os.Stat(folder); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", folder, err)
		}
	}
}

func TestWorkersAreNotRoot(t *testing.T) {
	t.Parallel()
	need(t, false)
	open, closed := t.TempDir(), t.TempDir()
	// t.TempDir is a folder in one that is closed to others.
	if err := os.Chmod(filepath.Dir(open), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{
		"open folder":   open,
		"closed folder": filepath.Join(closed, "nginx"),
		"long path":     filepath.Join(closed, strings.Repeat("long", 40)),
	} {
		s, err := New(Options{Dir: dir, RTMPAddr: freeAddr(t), HooksURL: "http://127.0.0.1:1/x"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() }) // always nil
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		// A child of nginx is root until it has given that up.
		for deadline := time.Now().Add(patience); rootWorker(t, s); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: a worker runs as root", name)
			}
		}
		temporary := s.HLSDir()
		if os.Geteuid() == 0 && strings.HasPrefix(temporary, dir) != (dir == open) {
			t.Errorf("%s: the pictures are in %s", name, temporary)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(temporary); err == nil && !strings.HasPrefix(temporary, dir) {
			t.Errorf("%s: %s is left", name, temporary)
		}
	}
}

// rootWorker reports whether a child of nginx's master runs as root.
func rootWorker(t *testing.T, s *Server) bool {
	t.Helper()
	for _, pid := range members(s.pid(), s.opt.Dir) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			t.Fatal(err)
		}
		if pid != s.pid() && strings.Contains(string(status), "\nUid:\t0\t") {
			return true
		}
	}
	return false
}
