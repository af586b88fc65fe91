package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/examples/nethttp/mediaserver"
	"github.com/b2bprism/b2bprism/prism"
)

const (
	// maxHeartbeat is how often at least the media server reports publishers.
	maxHeartbeat = 5 * time.Second
	// minMediaTimeout leaves room for three heartbeats, a second apart.
	minMediaTimeout = 3 * time.Second
)

// heartbeat is such that a live whose pictures come in never looks idle.
func heartbeat(ingestTimeout time.Duration) time.Duration {
	if ingestTimeout == 0 {
		return maxHeartbeat
	}
	return min(maxHeartbeat, (ingestTimeout / 3).Truncate(time.Second))
}

// openMedia starts the media server of -media and the hooks by which it asks
// who may publish. It returns who drops a publisher, nil without a media
// server.
func (a *app) openMedia(ctx context.Context, s settings) (prism.PublisherKicker, error) {
	if s.media == "" {
		return nil, nil
	}
	// The hooks are unsigned, so they come in on a listener of their own, on
	// this machine only, under a path that nobody else knows.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("media hooks: %w", err)
	}
	hooks := &http.Server{ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
		ErrorLog: zap.NewStdLog(a.log.Named("hooks"))}
	a.closeFirst(func() error { return errors.Join(hooks.Close(), ignoreClosed(listener.Close())) })

	secret := rand.Text()
	addr, rtmpApp, err := publishAddress(s.rtmp)
	if err != nil {
		return nil, err
	}
	nginx, err := mediaserver.New(mediaserver.Options{
		Dir:       filepath.Join(s.data, "nginx"),
		RTMPAddr:  addr,
		App:       rtmpApp,
		HooksURL:  "http://" + listener.Addr().String() + "/" + secret,
		Heartbeat: heartbeat(s.ingestTimeout),
		Logger:    a.log.Named("nginx"),
	})
	if err != nil {
		return nil, fmt.Errorf("-media nginx: %w", err)
	}
	a.closeFirst(nginx.Close)
	events, err := ingest.NewEvents(a.console.WatchIngest(a.store), ingest.EventsOptions{})
	if err != nil {
		return nil, err
	}
	hooks.Handler, err = ingest.NGINX(events, ingest.NGINXOptions{
		Secret: secret, App: rtmpApp, Control: nginx.Control(), Logger: a.log.Named("ingest"),
	})
	if err != nil {
		return nil, err
	}
	go func() {
		if err := hooks.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("media hooks stopped", zap.Error(err))
		}
	}()
	if err := nginx.Start(ctx); err != nil {
		return nil, fmt.Errorf("-media nginx: %w", err)
	}
	a.hls = nginx.HLSDir()
	return nginx.Control(), nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// publishAddress is where the media server listens for -rtmp, and the
// application. For a name that is not an address of its own it listens on all.
func publishAddress(rtmp string) (addr, rtmpApp string, err error) {
	u, err := url.Parse(rtmp)
	if err != nil || u.Scheme != "rtmp" {
		return "", "", errors.New("-rtmp: with -media nginx it must be an rtmp URL; for rtmps put a TLS proxy in front and run nginx apart")
	}
	host, port := u.Hostname(), u.Port()
	if _, err := netip.ParseAddr(host); err != nil && host != "localhost" {
		host = ""
	}
	if port == "" {
		port = "1935"
	}
	return net.JoinHostPort(host, port), strings.Trim(u.Path, "/"), nil
}

// withFreePort replaces port 0 of -rtmp by one that is free, because the port
// is part of every rtmpPath before the media server runs.
func withFreePort(ctx context.Context, rtmp string) (string, error) {
	u, err := url.Parse(rtmp)
	if err != nil {
		return "", fmt.Errorf("-rtmp: %w", err)
	}
	if u.Port() != "0" {
		return rtmp, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(u.Hostname(), "0"))
	if err != nil {
		return "", fmt.Errorf("-rtmp: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err = errors.Join(err, l.Close()); err != nil {
		return "", fmt.Errorf("-rtmp: %w", err)
	}
	u.Host = net.JoinHostPort(u.Hostname(), port)
	return u.String(), nil
}
