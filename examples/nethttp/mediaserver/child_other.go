//go:build !linux

package mediaserver

import (
	"os"
	"syscall"
)

// Only Linux has a parent-death signal. Elsewhere nginx outlives a parent that
// is killed, and must be ended by hand.
func dieWithParent() *syscall.SysProcAttr { return nil }

func terminate(p *os.Process) error { return p.Signal(os.Interrupt) }

func killGroup(p *os.Process) { _ = p.Kill() }

func lockDir(string) (unlock func(), err error) { return func() {}, nil }

func reap(string) error { return nil }
