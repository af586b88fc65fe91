package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0 when all goals are met, 1 when one is missed or
// the run failed, 2 for a bad command line.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 2
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit(), errors.New("the run took too long"))
	defer cancel()
	rep := &report{out: stdout, progress: stderr}
	if err := s.run(ctx, rep); err != nil {
		_, _ = fmt.Fprintln(stderr, errors.Join(err, context.Cause(ctx)))
		return 1
	}
	if len(rep.missed) > 0 {
		return 1
	}
	return 0
}

// run does what the mode says, in a folder of its own.
func (s settings) run(ctx context.Context, rep *report) (err error) {
	if s.mode == "bare" {
		return serveBare(ctx, s, rep)
	}
	folder, err := os.MkdirTemp("", "b2bprism-load")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if s.mode == "size" {
		return s.compareSizes(ctx, folder, rep)
	}
	b, err := newBench(ctx, s, folder, rep)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	switch s.mode {
	case "startup":
		return b.measureStartup(ctx)
	case "compare":
		return b.compareWithBare(ctx)
	}
	return b.load(ctx)
}
