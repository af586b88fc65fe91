package redisstore_test

import "syscall"

// childAttributes let the kernel end a server whose test was killed. The signal
// is tied to the thread that started the child, which Go keeps for the life of
// the process unless a locked goroutine ends it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
