package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/bare"
	"github.com/b2bprism/b2bprism/examples/benchmarks/seed"
	"github.com/b2bprism/b2bprism/prism"
)

// serveBare serves the bare handler for as many lives as seed makes, until ctx
// ends.
func serveBare(ctx context.Context, s settings, rep *report) error {
	plan, at := seed.Plan{Secret: s.secret}, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	lives := make([]bare.Live, s.lives)
	for i := range lives {
		lives[i] = bare.Live{Token: plan.AccessToken(i, 0), Live: prism.Live{
			ID: seed.OnAirID(i), ChannelID: seed.ChannelID(i), ForUser: seed.UserID(i), Title: fmt.Sprintf("Live %d", i),
			Description: "A live of the load.", RTMPPath: prism.RTMPPath("rtmp://127.0.0.1:1935/live", prism.NewStreamKey()),
			Link: "https://127.0.0.1:8443/watch/" + seed.OnAirID(i), Status: prism.StatusOnAir, Scope: prism.ScopePublic,
			ReservedAt: at, StartedAt: at, Stats: prism.LiveStats{Views: 1200, Likes: 34, Chats: 10},
		}}
	}
	mux := http.NewServeMux()
	mux.Handle("/prism/", bare.Handler(lives))
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	// The limits of the quickstart's server: setting their timers is no work of
	// either handler.
	server := &http.Server{
		Addr: s.listen, Handler: mux,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	rep.say("the bare handler listens on %s", s.listen)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// startBare runs the bare handler as a process of its own, as the service is
// one.
func (b *bench) startBare(ctx context.Context, secret string, lives int) (*app, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	program, err := self()
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	return launch(ctx, b.folder+"/bare-log", addr, "/healthz", program,
		"-mode", "bare", "-listen", addr, "-secret", secret, "-lives", strconv.Itoa(lives))
}
