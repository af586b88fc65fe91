package child

import "syscall"

// Attributes let the kernel end a process when the test that started it was
// killed. The signal is tied to the thread that started the process, which Go
// keeps for the life of the test unless a locked goroutine ends it.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
