package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// shutdownTime is how long requests in flight have to finish.
const shutdownTime = 10 * time.Second

// server is the app with its listeners.
type server struct {
	app      *app
	servers  []*http.Server
	serving  []func() error
	stopping atomic.Bool
	log      *zap.Logger
}

// newServer opens the listeners, the database and the rest. On an error
// everything that was opened is closed again.
func newServer(ctx context.Context, s settings, log *zap.Logger) (srv *server, err error) {
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return nil, fmt.Errorf("-data: %w", err)
	}
	// The listeners come first: with port 0 the addresses follow from them.
	// Connections wait in the backlog until serve.
	plain, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return nil, fmt.Errorf("-addr: %w", err)
	}
	secure, err := new(net.ListenConfig).Listen(ctx, "tcp", s.tlsAddr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("-tls-addr: %w", err), plain.Close())
	}
	srv = &server{log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, plain.Close(), secure.Close())
			if srv.app != nil {
				err = errors.Join(err, srv.app.close())
			}
			srv = nil
		}
	}()

	origin := s.publicURL
	if origin == "" {
		origin = "https://" + reachable(secure.Addr())
	}
	if s.rtmp, err = withFreePort(ctx, s.rtmp); err != nil {
		return srv, err
	}
	at := addresses{public: origin, plain: "http://" + reachable(plain.Addr()), rtmpBase: s.rtmp}
	if len(s.redirectURIs) > 0 {
		at.redirectURI = s.redirectURIs[0]
	}
	creds, err := loadCredentials(s.credentials, s.ownCredentials(), !s.noDemo, at)
	if err != nil {
		return srv, err
	}
	certificate, err := loadCertificate(s, time.Now())
	if err != nil {
		return srv, err
	}
	srv.app = newApp(log, origin, creds, s.trustedProxies)
	srv.app.noAccessLog = s.noAccessLog
	plainService, err := srv.app.open(ctx, s)
	if err != nil {
		return srv, err
	}
	srv.add(plain, nil, srv.app.handler(plainService))
	srv.add(secure, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		srv.app.handler(srv.app.service))
	return srv, nil
}

// open makes everything behind the pages: the database, the OAuth server, the
// media server, and the two services, of which it returns the plain one.
func (a *app) open(ctx context.Context, s settings) (*prism.Service, error) {
	store, closeStore, err := openStore(ctx, s, prism.StoreOptions{
		RTMPBase: s.rtmp,
		LiveLink: func(liveID string) string { return a.origin + "/watch/" + url.PathEscape(liveID) },
	})
	if err != nil {
		return nil, err
	}
	a.store, a.closers = store, []func() error{closeStore}
	if err := a.openUpkeep(); err != nil {
		return nil, err
	}
	if err := a.seedInTurn(ctx, !s.noDemo); err != nil {
		return nil, err
	}
	if err := a.openConsole(s); err != nil {
		return nil, err
	}
	if a.auth, err = a.newAuthServer(s); err != nil {
		return nil, err
	}
	a.closeFirst(a.auth.Close)
	kicker, err := a.openMedia(ctx, s)
	if err != nil {
		return nil, err
	}
	if a.service, err = a.newService(s, false, kicker); err != nil {
		return nil, err
	}
	a.closeFirst(a.service.Close)
	a.console.Attach(a.service)
	plainService, err := a.newService(s, true, kicker)
	if err != nil {
		return nil, err
	}
	a.closeFirst(plainService.Close)
	if s.ingestTimeout > 0 {
		watcher, err := ingest.NewWatcher(ingest.WatcherOptions{
			Store: a.store, End: a.service.EndBroadcast, Timeout: s.ingestTimeout, Logger: a.log.Named("ingest"),
		})
		if err != nil {
			return nil, err
		}
		a.closeFirst(watcher.Close)
	}
	return plainService, nil
}

// closeFirst registers what must close before everything registered so far.
func (a *app) closeFirst(c func() error) { a.closers = append([]func() error{c}, a.closers...) }

// reachable is a listener's address as a client on this machine writes it.
func reachable(addr net.Addr) string {
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ap.Addr().IsUnspecified() {
		ap = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ap.Port())
	}
	return ap.String()
}

// add prepares a listener. TLS if config is set.
func (s *server) add(l net.Listener, config *tls.Config, h http.Handler) {
	hs := &http.Server{
		Handler:           s.failWhenStopping(h),
		TLSConfig:         config,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          zap.NewStdLog(s.log.Named("http")),
	}
	s.servers = append(s.servers, hs)
	s.serving = append(s.serving, func() error {
		if config != nil {
			return hs.ServeTLS(l, "", "")
		}
		return hs.Serve(l)
	})
}

// failWhenStopping tells a load balancer to look elsewhere.
func (s *server) failWhenStopping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.stopping.Load() && r.URL.Path == "/healthz" {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve answers requests until ctx ends, then finishes those in flight and
// closes everything. ready is called once requests are answered.
func (s *server) serve(ctx context.Context, ready func()) error {
	failed := make(chan error, len(s.serving))
	for _, serve := range s.serving {
		go func() { failed <- serve() }()
	}
	ready()
	var err error
	running := len(s.serving)
	select {
	case <-ctx.Done():
	case err = <-failed:
		running--
	}
	s.stopping.Store(true)
	s.log.Info("stopping")
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	for _, hs := range s.servers {
		if e := hs.Shutdown(stop); e != nil {
			err = errors.Join(err, e, hs.Close())
		}
	}
	for range running {
		if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, s.app.close())
}

// healthz answers 200 when requests can be answered: the database is asked, and
// Redis with -redis.
func (a *app) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	_, err := a.store.LivesOnAir(ctx, 1)
	if err == nil {
		// Nobody has this token.
		if _, err = a.store.FindAccess(ctx, oauth.Digest{}); errors.Is(err, prism.ErrNotFound) {
			err = nil
		}
	}
	if err != nil {
		a.log.Warn("not healthy", zap.Error(err))
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n"))
}
