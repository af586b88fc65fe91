package mediaserver

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// child is nginx as it runs: a master and its workers, one process group.
type child struct {
	process *os.Process
	// gone is closed when the master has exited, no worker is left, and the
	// log is read to its end.
	gone chan struct{}
	// state says how it exited, once gone is closed.
	state string
}

// startChild starts a program that dies with this process, in a process group
// of its own, so that a Ctrl-C at the terminal is left to the parent.
func startChild(path string, args []string, dir string, log *logCopy) (*child, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	cmd := exec.Command(path, args...) //nolint:gosec,noctx // nginx as findNGINX found it; it outlives the context of its start
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = dieWithParent()
	c := &child{gone: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends the parent-death signal when the thread that started
		// the child ends, not the process; so the thread must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		_ = w.Close() // the child has its own
		if err != nil {
			_ = r.Close() // nothing was read
			started <- err
			return
		}
		c.process = cmd.Process
		started <- nil
		read := make(chan struct{})
		go func() {
			defer close(read)
			log.run(r)
			_ = r.Close() // all of it was read
		}()
		if err := cmd.Wait(); err != nil {
			c.state = err.Error()
		} else {
			c.state = "exit status 0"
		}
		killGroup(cmd.Process)
		<-read
		close(c.gone)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return c, nil
}
