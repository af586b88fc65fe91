//go:build !linux

package redisstore_test

import "syscall"

func childAttributes() *syscall.SysProcAttr { return nil }
