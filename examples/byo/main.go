// Command byo is a live-commerce site with a database of its own, and the
// service API over the tables it has. README.md is the walk-through; the
// adapter is in database.go, users.go, channels.go, lives.go, chat.go and
// optional.go.
//
// It speaks plain HTTP on this machine only, which is for development.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/examples/internal/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "byo:", err)
		os.Exit(1)
	}
}

// dsnForm is how -db is written.
const dsnForm = "postgres://USER:PASSWORD@HOST:PORT/DATABASE"

// run serves the site until ctx ends.
func run(ctx context.Context, args []string, out, logs io.Writer) error {
	flags := flag.NewFlagSet("byo", flag.ContinueOnError)
	flags.SetOutput(logs)
	db := flags.String("db", "", "the PostgreSQL database, as "+dsnForm)
	fresh := flags.Bool("create", false, "make the tables of the site, and two streamers, in an empty database first")
	tokens := flags.String("tokens", "database", `where PRISM's tokens are kept: "database", or "memory" for development`)
	address := flags.String("addr", "127.0.0.1:8084", "where to listen")
	if err := flags.Parse(args); err != nil {
		return err
	}
	pool, err := connect(ctx, *db)
	if err != nil {
		return err
	}
	defer pool.Close()
	password := rand.Text()
	if *fresh {
		if err := create(ctx, pool, password, bcrypt.DefaultCost); err != nil {
			return fmt.Errorf("make the tables: %w", err)
		}
	}
	if err := ready(ctx, pool); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *address)
	if err != nil {
		return err
	}
	setup := demo.NewSetup("http://"+listener.Addr().String(), logs)
	site, err := newSite(ctx, pool, *tokens, setup)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer site.Close()                                                                                 //nolint:errcheck // the process ends
	fmt.Fprintf(out, "Development only: plain HTTP, and PRISM's credentials are new at each start.\n"+ //nolint:errcheck // nobody may be reading
		"service API domain  %s\nauthorization URL   %[1]s/prism/oauth/authorize\nclient id           %s\nclient secret       %s\n",
		setup.Origin, setup.ClientID, setup.ClientSecret)
	if *fresh {
		fmt.Fprintf(out, "Streamers minji and juno have the password %s\n", password) //nolint:errcheck // as above
	}
	fmt.Fprintf(out, "Sign in at %s/prism/oauth/authorize?response_type=code&client_id=%s\n", setup.Origin, setup.ClientID) //nolint:errcheck // as above
	return serve(ctx, listener, site)
}

// connect opens the pool of the site. No error has the password in it.
func connect(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	if dsn == "" {
		return nil, errors.New("-db is missing: make an empty database (createdb market), then run with -create -db " + dsnForm)
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil { // its text may repeat a part of the password
		return nil, errors.New("-db is not understood: want " + dsnForm + ", with special characters written as %XX")
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	patience, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := pool.Ping(patience); err != nil {
		pool.Close()
		return nil, fmt.Errorf("the database of -db does not answer: %w", err)
	}
	return pool, nil
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(finish)
}
