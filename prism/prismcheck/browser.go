package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// signIn lets a person sign in.
type signIn struct {
	console
	redirectURI string
}

// browse shows the address and waits for the code: on the redirect URI if that
// is a plain loopback address, else pasted.
func (s signIn) browse(ctx context.Context, address, state string) (string, error) {
	s.say("\nOpen this address in a browser and sign in:\n\n  %s\n", address)
	u, err := url.Parse(s.redirectURI)
	if err != nil {
		return "", err
	}
	if u.Scheme == "http" && loopback(u.Hostname()) {
		s.say("Waiting for the redirect to %s …", s.redirectURI)
		return receive(ctx, u, state)
	}
	s.say("The browser ends at %s, which need not open.\nPaste its address, or the code in it:", s.redirectURI)
	return s.paste(ctx, state)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// paste reads an address or a code from the input.
func (s signIn) paste(ctx context.Context, state string) (string, error) {
	type line struct {
		text string
		err  error
	}
	// The goroutine ends with the input, at the latest with the process: a
	// read of a terminal cannot be called off.
	lines := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(s.in).ReadString('\n')
		lines <- line{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case l := <-lines:
		if l.text == "" {
			return "", errors.Join(errors.New("nothing was pasted"), l.err)
		}
		if !strings.Contains(l.text, "://") {
			return l.text, nil
		}
		u, err := url.Parse(l.text)
		if err != nil {
			return "", errors.New("what was pasted is no address")
		}
		return codeOf(u.Query(), state)
	}
}

// codeOf takes the code out of a redirect with this state.
func codeOf(q url.Values, state string) (string, error) {
	switch {
	case q.Get("error") != "":
		return "", fmt.Errorf("the sign-in ended with error %q", q.Get("error"))
	case q.Get("state") != state:
		return "", errors.New("the redirect has another state than was sent")
	case q.Get("code") == "":
		return "", errors.New("the redirect has no code")
	}
	return q.Get("code"), nil
}

// receive serves the redirect URI until the redirect with the state comes.
func receive(ctx context.Context, target *url.URL, state string) (string, error) {
	port := target.Port()
	if port == "" {
		port = "80"
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(target.Hostname(), port))
	if err != nil {
		return "", fmt.Errorf("the redirect cannot be received: %w", err)
	}
	type result struct {
		code string
		err  error
	}
	results := make(chan result, 1)
	path := target.EscapedPath()
	if path == "" {
		path = "/"
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Other pages can send a browser here, but do not know the state.
		if r.URL.EscapedPath() != path || r.URL.Query().Get("state") != state {
			http.NotFound(w, r)
			return
		}
		code, err := codeOf(r.URL.Query(), state)
		select {
		case results <- result{code, err}:
		default:
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = fmt.Fprintln(w, "prismcheck has got the code. You can close this page.")
	})}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			select {
			case results <- result{err: err}:
			default:
			}
		}
	}()
	var got result
	select {
	case <-ctx.Done():
		got.err = ctx.Err()
	case got = <-results:
	}
	// The browser's answer is still on its way.
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(finish); err != nil {
		_ = server.Close()
	}
	return got.code, got.err
}
