package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// What the Linux kernel says of a process. Other systems have no such files;
// there everything is 0.

// resident is the resident memory in bytes.
func (a *app) resident() int64 {
	return procField(a.cmd.Process.Pid, "statm", 1) * int64(os.Getpagesize())
}

// cpuTick is the unit of times in /proc.
const cpuTick = 10 * time.Millisecond

// cpu is the processor time that the process took so far. Unlike the time of
// day, it does not grow with what else the machine does.
func (a *app) cpu() time.Duration { return cpuTime(a.cmd.Process.Pid) }

func cpuTime(pid int) time.Duration {
	const user, system = 11, 12 // counted from after the name
	return time.Duration(procField(pid, "stat", user)+procField(pid, "stat", system)) * cpuTick
}

// procField is a number in a file of a process. In stat, fields count from
// after the name of the program, which may have spaces.
func procField(pid int, file string, n int) int64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file)) //nolint:gosec // G304: a fixed name
	if err != nil {
		return 0
	}
	text = text[bytes.LastIndexByte(text, ')')+1:]
	fields := bytes.Fields(text)
	if n >= len(fields) {
		return 0
	}
	value, err := strconv.ParseInt(string(fields[n]), 10, 64)
	if err != nil {
		return 0
	}
	return value
}
