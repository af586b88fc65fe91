package mediaserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/adapters/ingest"
)

const (
	pidFile      = "nginx.pid"
	readyTimeout = 10 * time.Second
	stopTimeout  = 5 * time.Second
	// A server that ran for steadyRun is not in a crash loop.
	steadyRun  = time.Minute
	minBackoff = 500 * time.Millisecond
	maxBackoff = 30 * time.Second
)

// Server is nginx as a child process. When nginx crashes it is started again,
// after a pause that grows from half a second to 30 s. The child dies with this
// process, however that ends (on Linux).
type Server struct {
	opt     Options
	nginx   installation
	user    string
	socket  string
	control *http.Client
	release []func()

	cancel  context.CancelFunc // of the supervisor
	stopped chan struct{}
	once    sync.Once

	mu    sync.Mutex
	child *child
}

// New finds nginx, prepares its folders, and ends what an earlier nginx left
// there. It starts nothing, so that Control can be given to the service whose
// hooks nginx needs; Start does. Close frees the folder also when Start was
// never called.
func New(opt Options) (*Server, error) {
	if err := opt.complete(); err != nil {
		return nil, err
	}
	found, err := findNGINX(nginxNames, moduleDirs)
	if err != nil {
		return nil, fmt.Errorf("mediaserver: %w", err)
	}
	s := &Server{opt: opt, nginx: found}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("mediaserver: %w", err)
	}
	s.control = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.socket)
		},
		DisableKeepAlives: true, // nginx may be another one at the next call
	}}
	return s, nil
}

// Start starts nginx and returns when it takes publishers, or with the reason
// why it does not. ctx bounds the start only.
func (s *Server) Start(ctx context.Context) error {
	if s.stopped != nil {
		return errors.New("mediaserver: Start was called before")
	}
	c, err := s.launch(ctx)
	if err != nil {
		return fmt.Errorf("mediaserver: %w", err)
	}
	running, cancel := context.WithCancel(context.Background())
	s.cancel, s.stopped = cancel, make(chan struct{})
	go s.supervise(running, c)
	return nil
}

// Close stops nginx and frees its folder. It takes at most a few seconds, and
// may be called again. Publishers are cut off.
func (s *Server) Close() error {
	s.once.Do(func() {
		if s.stopped != nil {
			s.cancel()
			<-s.stopped
		}
		s.control.CloseIdleConnections()
		s.free()
	})
	return nil
}

// Control drops the publishers of lives that have ended: for Config.Ingest of
// the service and NGINXOptions.Control of the hooks.
func (s *Server) Control() *ingest.NGINXControl {
	return &ingest.NGINXControl{URL: "http://nginx/control", App: s.opt.App, Client: s.control}
}

// HLSDir is where the playlists and segments are.
func (s *Server) HLSDir() string { return s.opt.HLSDir }

// Playlist is the file name, in HLSDir, of the playlist of the live with this
// playback name (ingest.PlaybackName). Its segments begin with the same name,
// and stand beside it.
func Playlist(playback string) string { return playback + ".m3u8" }

// supervise starts nginx again whenever it exits, until ctx is over.
func (s *Server) supervise(ctx context.Context, c *child) {
	defer close(s.stopped)
	backoff := minBackoff
	for {
		began := time.Now()
		if c != nil {
			select {
			case <-ctx.Done():
				s.stop(c)
				return
			case <-c.gone:
			}
			s.opt.Logger.Error("nginx exited and will be started again", zap.String("state", c.state), zap.Duration("in", backoff))
		}
		if time.Since(began) >= steadyRun {
			backoff = minBackoff
		}
		pause := time.NewTimer(backoff)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
		backoff = min(backoff*2, maxBackoff)
		next, err := s.launch(ctx)
		if err != nil && ctx.Err() == nil {
			s.opt.Logger.Error("nginx could not be started again", zap.Error(err))
		}
		c = next
	}
}

// stop ends a child: first kindly, then at once.
func (s *Server) stop(c *child) {
	if err := terminate(c.process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.opt.Logger.Warn("nginx did not take the signal", zap.Error(err))
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-c.gone:
	case <-timer.C:
		killGroup(c.process)
		<-c.gone
	}
}

// launch starts one run of nginx and waits until it is ready.
func (s *Server) launch(ctx context.Context) (*child, error) {
	// nginx tries for seconds to get an address that is taken, and its own
	// message comes late; this one comes at once.
	probe, err := new(net.ListenConfig).Listen(ctx, "tcp", s.opt.RTMPAddr)
	if err != nil {
		return nil, fmt.Errorf("the RTMP address cannot be used: %w", err)
	}
	if err := probe.Close(); err != nil {
		return nil, err
	}
	conf, err := s.writeConfig()
	if err != nil {
		return nil, err
	}
	// A killed nginx leaves both behind and cannot bind the socket again.
	for _, stale := range []string{s.socket, filepath.Join(s.opt.Dir, pidFile)} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	log := &logCopy{log: s.opt.Logger}
	c, err := startChild(s.nginx.binary, []string{"-c", conf, "-p", s.opt.Dir}, s.opt.Dir, log)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx, c); err != nil {
		s.stop(c)
		if reason := log.lastFatal(); reason != "" {
			err = fmt.Errorf("%w: %s", err, reason)
		}
		return nil, err
	}
	s.mu.Lock()
	s.child = c
	s.mu.Unlock()
	return c, nil
}

// writeConfig writes nginx.conf for one run. The run has a name of its own in
// the hooks, because nginx numbers its connections from 1 in each; so has the
// application that writes HLS, so that nobody else can publish there.
func (s *Server) writeConfig() (path string, err error) {
	addr, err := net.ResolveTCPAddr("tcp", s.opt.RTMPAddr)
	if err != nil {
		return "", err
	}
	port := strconv.Itoa(addr.Port)
	listen, pushHost := addr.String(), addr.IP.String()
	switch {
	case addr.IP == nil:
		listen, pushHost = "*:"+port, "127.0.0.1"
	case addr.IP.IsUnspecified() && addr.IP.To4() != nil:
		pushHost = "127.0.0.1"
	case addr.IP.IsUnspecified():
		pushHost = "::1"
	}
	segments := "segments-" + strings.ToLower(rand.Text())
	cfg := nginxConfig{
		Module: s.nginx.module, User: s.user,
		PIDFile: filepath.Join(s.opt.Dir, pidFile), LockFile: filepath.Join(s.opt.Dir, "nginx.lock"), Tmp: filepath.Join(s.opt.Dir, "tmp"),
		Control: s.socket, Listen: listen,
		App: s.opt.App, Hooks: strings.TrimRight(s.opt.HooksURL, "/") + "/" + strings.ToLower(rand.Text()[:12]),
		UpdateSeconds: int(s.opt.Heartbeat / time.Second),
		Push:          "rtmp://" + net.JoinHostPort(pushHost, port) + "/" + segments, Segments: segments, PushHost: pushHost,
		HLSDir:         s.opt.HLSDir,
		FragmentMillis: s.opt.Fragment.Milliseconds(), PlaylistMillis: s.opt.Fragment.Milliseconds() * playlistFragments,
	}
	path = filepath.Join(s.opt.Dir, "nginx.conf")
	// Not a WriteFile: a file that was there would keep its mode.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return "", err
	}
	if err := errors.Join(cfg.write(f), f.Close()); err != nil {
		return "", fmt.Errorf("nginx.conf: %w", err)
	}
	return path, nil
}

// ready waits until a worker answers on the control socket, by which time all
// addresses are bound.
func (s *Server) ready(ctx context.Context, c *child) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://nginx/stat", nil)
		if err != nil {
			return err
		}
		if resp, err := s.control.Do(req); err == nil {
			_ = resp.Body.Close() // the status is all that counts
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-c.gone:
			return fmt.Errorf("nginx exited at its start (%s)", c.state)
		case <-ctx.Done():
			return fmt.Errorf("nginx is not ready: %w", ctx.Err())
		case <-tick.C:
		}
	}
}
