//go:build !linux

package child

import "syscall"

// Attributes are none: only Linux can tie a process to the one that started it.
func Attributes() *syscall.SysProcAttr { return nil }
