package demo

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// printed is a writer that tells when something came.
type printed chan string

func (p printed) Write(b []byte) (int, error) {
	p <- string(b)
	return len(b), nil
}

func TestServeAnswersAndStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, done := make(printed, 1), make(chan error, 1)
	var setup Setup
	go func() {
		done <- serve(ctx, "127.0.0.1:0", out, func(_ context.Context, s Setup) (http.Handler, error) {
			setup = s
			return http.NotFoundHandler(), nil
		})
	}()
	text := <-out
	for _, want := range []string{setup.Origin + "/prism/oauth/authorize\n", setup.ClientID, setup.ClientSecret, setup.Password} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not printed", want)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, setup.Origin, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, %v", resp.StatusCode, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestServeFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no database")
	newApp := func(context.Context, Setup) (http.Handler, error) { return nil, broken }
	if err := serve(t.Context(), "127.0.0.1:0", io.Discard, newApp); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if err := serve(t.Context(), "nowhere:none", io.Discard, newApp); err == nil || errors.Is(err, broken) {
		t.Errorf("a bad address: %v", err)
	}
}
