package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

func TestRunSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	must(t, closed.Close())
	const password = "s3cret"
	for dsn, want := range map[string]string{
		"": "-db is missing",
		"postgres://me:" + password + "@127.0.0.1:x/market":                    "-db is not understood",
		"postgres://me:" + password + "@" + closed.Addr().String() + "/market": "does not answer",
	} {
		err := run(t.Context(), []string{"-db", dsn}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) {
			t.Errorf("-db %q: %v, want %q", dsn, err, want)
		}
	}
}

func TestRunSaysWhichTablesAreMissing(t *testing.T) {
	t.Parallel()
	dsn := sqlstoretest.PostgreSQL(t)
	want := func(text string, args ...string) {
		t.Helper()
		err := run(t.Context(), append([]string{"-db", dsn, "-addr", "127.0.0.1:0"}, args...), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want %q", err, text)
		}
	}
	want("-create")
	pool, err := connect(t.Context(), dsn)
	must(t, err)
	t.Cleanup(pool.Close)
	_, err = pool.Exec(t.Context(), siteSchema)
	must(t, err)
	want("prism.sql")
	_, err = pool.Exec(t.Context(), prismMigration)
	must(t, err)
	want("-tokens", "-tokens", "cookies")
	want("already exists", "-create")
}

// printed is a writer that tells when something came.
type printed chan string

func (p printed) Write(b []byte) (int, error) {
	p <- string(b)
	return len(b), nil
}

func TestRunServesAndStops(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, done, logs := make(printed, 8), make(chan error, 1), &bytes.Buffer{}
	go func() {
		done <- run(ctx, []string{"-db", sqlstoretest.PostgreSQL(t), "-create", "-addr", "127.0.0.1:0"}, out, logs)
	}()
	var text string
	for !strings.Contains(text, "Sign in at ") {
		select {
		case more := <-out:
			text += more
		case err := <-done:
			t.Fatalf("it ended: %v", err)
		}
	}
	_, address, _ := strings.Cut(text, "Sign in at ")
	resp, err := http.Get(strings.TrimSpace(address))
	must(t, err)
	must(t, resp.Body.Close())
	if resp.StatusCode != http.StatusOK || !strings.Contains(text, "minji") {
		t.Errorf("the address that was printed answers %d:\n%s", resp.StatusCode, text)
	}
	stop()
	must(t, <-done)
}
