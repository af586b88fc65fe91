package mediaserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// dieWithParent has the kernel send SIGTERM to nginx's master when its parent
// is gone, however that died; the master ends its workers.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
}

// terminate asks for a fast shutdown: a graceful one waits for publishers.
func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// killGroup ends the master and its workers at once.
func killGroup(p *os.Process) {
	// ESRCH is the usual case: nobody is left.
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
}

// lockDir keeps two servers out of one folder. The lock ends with the process.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // the lock is the error to report
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another process runs its media server in %s", dir)
		}
		return nil, err
	}
	return func() { _ = f.Close() }, nil // closing unlocks; nothing was written
}

// reap ends what an earlier nginx in this folder left behind, when its parent
// and its master were killed at once. A process counts only if it is of the
// group that the pid file names, is an nginx, and works in this folder: the
// number may belong to somebody else by now.
func reap(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, pidFile)) //nolint:gosec // the operator names the folder
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// A file that was cut off while it was written names nobody.
	group, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if group <= 1 {
		return nil
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left := members(group, dir)
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("an earlier nginx in %s does not end (process %d)", dir, left[0])
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // looked at again
		}
	}
}

// members returns the processes that reap means.
func members(group int, dir string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if pgid, err := syscall.Getpgid(pid); err != nil || pgid != group {
			continue
		}
		name, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "comm"))
		if err != nil || strings.TrimSpace(string(name)) != "nginx" {
			continue
		}
		if cwd, err := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd")); err != nil || cwd != dir {
			continue
		}
		pids = append(pids, pid)
	}
	return pids
}
