package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/seed"
)

// bench is a quickstart that was built, with a database that was filled.
type bench struct {
	settings
	rep     *report
	folder  string
	program string
	dsn     string
	creds   credentials
	plan    seed.Plan
	// stopDatabase ends the database server of this run, if there is one.
	stopDatabase func() error
}

func newBench(ctx context.Context, s settings, folder string, rep *report) (_ *bench, err error) {
	b := &bench{settings: s, rep: rep, folder: folder, program: filepath.Join(folder, "nethttp"), stopDatabase: func() error { return nil }}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.stopDatabase())
		}
	}()
	rep.say("building the quickstart")
	if err := build(ctx, b.program, quickstart); err != nil {
		return nil, err
	}
	switch s.db {
	case "sqlite":
		b.dsn = "sqlite:" + filepath.Join(folder, "load.db")
	case "postgres":
		if b.dsn, b.stopDatabase, err = startPostgres(); err != nil {
			return nil, err
		}
	default:
		b.dsn = s.db
	}
	if s.db == "memory:" {
		return b, nil
	}
	return b, b.fill(ctx)
}

// fill has the quickstart make its tables and its credentials, and puts the
// broadcasts in.
func (b *bench) fill(ctx context.Context) error {
	a, err := b.start(ctx, 0)
	if err != nil {
		return err
	}
	if err := a.stop(); err != nil {
		return fmt.Errorf("the first start: %w\n%s", err, a.said())
	}
	if b.creds, err = readCredentials(b.credentialsFile()); err != nil {
		return err
	}
	b.rep.say("filling the database with %d lives on air", b.lives)
	b.plan = seed.Plan{Secret: rand.Text(), ClientID: b.creds.ClientID, Broadcasts: b.lives, Messages: b.messages, Now: time.Now()}
	return b.plan.Fill(ctx, b.dsn)
}

func (b *bench) close() error { return b.stopDatabase() }

// credentialsFile is shared by all instances, as it holds what they must agree
// on.
func (b *bench) credentialsFile() string { return filepath.Join(b.folder, "credentials.json") }

// start runs instance i and waits until it is ready.
func (b *bench) start(ctx context.Context, i int) (*app, error) {
	plain, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	logTo := b.logTo
	if logTo == "" {
		logTo = filepath.Join(b.folder, fmt.Sprintf("log-%d", i))
	}
	args := []string{
		"-addr", plain, "-tls-addr", "127.0.0.1:0", "-rtmp", "rtmp://127.0.0.1:1935/live", "-ingest-timeout", "0",
		"-data", filepath.Join(b.folder, fmt.Sprintf("instance-%d", i)), "-credentials", b.credentialsFile(), "-db", b.dsn,
	}
	if b.db != "memory:" {
		args = append(args, "-no-demo")
	}
	if b.mode == "compare" && b.logTo == "" {
		args = append(args, "-no-access-log") // the bare handler has none
	}
	return launch(ctx, logTo, plain, "/healthz", b.program, args...)
}

// startAll runs all instances.
func (b *bench) startAll(ctx context.Context) (apps []*app, err error) {
	for i := range b.instances {
		a, err := b.start(ctx, i)
		if err != nil {
			return nil, errors.Join(err, stopAll(apps))
		}
		apps = append(apps, a)
	}
	return apps, nil
}

func stopAll(apps []*app) error {
	errs := make([]error, 0, len(apps))
	for _, a := range apps {
		errs = append(errs, a.stop())
	}
	return errors.Join(errs...)
}

// self is the file of this command, which serves the bare handler as well.
func self() (string, error) { return os.Executable() }
