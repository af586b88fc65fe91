package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/b2bprism/b2bprism/examples/internal/child"
)

// quickstart is what is built.
const quickstart = "github.com/b2bprism/b2bprism/examples/nethttp"

func build(ctx context.Context, binary, command string) error {
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, command).CombinedOutput(); err != nil { //nolint:gosec // G204: our own command
		return fmt.Errorf("build %s: %w\n%s", command, err, out)
	}
	return nil
}

// app is a process that serves plain HTTP on the loopback interface.
type app struct {
	addr   string
	cmd    *exec.Cmd
	stderr *os.File
	ended  chan error
}

// launch starts a program that serves addr, and waits until it is ready: until
// the path alive is answered with 200. What it logs goes to stderrFile.
func launch(ctx context.Context, stderrFile, addr, alive, binary string, args ...string) (*app, error) {
	stderr, err := os.OpenFile(stderrFile, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600) //nolint:gosec // G304: a file of ours, or the operator's
	if err != nil {
		return nil, err
	}
	a := &app{addr: addr, stderr: stderr, ended: make(chan error, 1)}
	a.cmd = exec.Command(binary, args...) //nolint:gosec,noctx // G204: what was just built; ended by stop, in good order
	a.cmd.Stderr = stderr
	a.cmd.SysProcAttr = child.Attributes()
	if err := a.cmd.Start(); err != nil {
		return nil, errors.Join(err, stderr.Close())
	}
	go func() { a.ended <- a.cmd.Wait() }()
	if err := a.awaitReady(ctx, alive); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is not ready: %w\n%s", filepath.Base(binary), err, a.said()), a.stop())
	}
	return a, nil
}

// awaitReady asks every millisecond, so that a start can be timed by it.
func (a *app) awaitReady(ctx context.Context, alive string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.addr+alive, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-a.ended:
			a.ended <- err
			return fmt.Errorf("it ended: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// said is the end of what it printed.
func (a *app) said() string {
	text, err := os.ReadFile(a.stderr.Name())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// stop ends the process as an operator does, and waits for it.
func (a *app) stop() error { return a.end(syscall.SIGTERM) }

func (a *app) end(signal os.Signal) error {
	_ = a.cmd.Process.Signal(signal) // it may have ended by itself
	select {
	case err := <-a.ended:
		a.ended <- err
		return errors.Join(err, closeOnce(a.stderr))
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("a process did not end"), a.cmd.Process.Kill(), closeOnce(a.stderr))
	}
}

func closeOnce(f io.Closer) error {
	if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

var goroutineLine = regexp.MustCompile(`(?m)^goroutine \d+ `)

// goroutines ends the process with the signal on which the Go runtime prints
// all goroutines, and counts them.
func (a *app) goroutines() (int, error) {
	before, err := a.stderr.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	var exit *exec.ExitError
	if err := a.end(syscall.SIGQUIT); err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	text, err := os.ReadFile(a.stderr.Name()) //nolint:gosec // G703: the file that launch made
	if err != nil {
		return 0, err
	}
	return len(goroutineLine.FindAll(text[min(before, int64(len(text))):], -1)), nil
}

// freeAddress is an address of the loopback interface that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// credentials is the part of credentials.json that is needed here.
type credentials struct {
	ServiceAPIDomain string `json:"serviceApiDomain"`
	AuthorizeURL     string `json:"authorizeUrl"`
	ClientID         string `json:"clientId"`
	ClientSecret     string `json:"clientSecret"`
	RedirectURI      string `json:"redirectUri"`
	Users            []struct {
		Login    string `json:"login"`
		Password string `json:"password"`
		Channels []struct {
			ChannelID string `json:"channelId"`
		} `json:"channels"`
	} `json:"users"`
}

func readCredentials(path string) (c credentials, err error) {
	text, err := os.ReadFile(path) //nolint:gosec // G304: a file of ours
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	return c, err
}
