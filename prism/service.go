package prism

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"
	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// kickTimeout bounds the call that drops a publisher.
const kickTimeout = time.Second

// Service is the service API as an http.Handler. It is safe for concurrent
// use.
type Service struct {
	cfg        Config // with defaults filled in
	log        *zap.Logger
	router     *mux.Router
	prefixes   []string // of the resource API
	pageTokens wire.PageTokens
	isolated   isolation
	badData    badDataLog
	rtmpServer firstValue
}

// New checks the configuration and makes a Service. It reports every problem
// at once (errors.Join), each naming its field.
func New(cfg Config) (*Service, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if len(cfg.Secrets) == 0 {
		secret := make([]byte, MinSecret)
		rand.Read(secret)
		cfg.Secrets = [][]byte{secret}
	}
	s := &Service{cfg: cfg, log: cfg.Logger, pageTokens: wire.NewPageTokens(cfg.Secrets)}
	s.router = s.routes()
	if cfg.ChatSend != nil && cfg.Chat == nil {
		s.log.Warn("prism: Config.ChatSend without Chat: one page of the documentation allows it, another forbids it")
	}
	return s, nil
}

// Handler is New for mounting in one line. It panics if cfg is not valid.
func Handler(cfg Config) http.Handler {
	s, err := New(cfg)
	if err != nil {
		panic(err)
	}
	return s
}

// ServeHTTP answers one request of the service API. It never redirects.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.newExchange(w, r)
	for _, prefix := range s.prefixes {
		if rest, below := strings.CutPrefix(x.path, prefix); below {
			x.api = rest
			break
		}
	}
	// The router only chooses the route, see Service.routes. Its ServeHTTP
	// would copy the request twice for variables that are read from the path
	// here.
	match := matches.Get().(*mux.RouteMatch)
	match.Handler, match.Vars = x, noVars
	if !s.router.Match(r, match) {
		x.route = &unknownRoute
	}
	*match = mux.RouteMatch{}
	matches.Put(match)
	x.serve()
}

// matches are for reuse. The router keeps none.
var matches = sync.Pool{New: func() any { return new(mux.RouteMatch) }}

// noVars is never written to: no route has a pattern of the router's own.
var noVars = map[string]string{}

// Close waits for isolated adapter calls that still run. Requests after it are
// still answered.
func (s *Service) Close() error {
	s.isolated.wait()
	return nil
}

// EndLive ends the live's broadcast for the host: the store's EndLive, the
// kick of the publisher and Trace.LiveChanged in one path. A live that is not
// on air stays as it is, with EndResult.Changed false. It returns the store's
// error, or ErrTimeout when Config.Deadline or ctx ended first.
func (s *Service) EndLive(ctx context.Context, liveID string, reason EndReason) (EndResult, error) {
	return s.EndBroadcast(ctx, liveID, EndOptions{}, reason)
}

// EndBroadcast is EndLive within the bounds of opt: one broadcast only, or only
// if it is idle. opt.AsService is implied.
func (s *Service) EndBroadcast(ctx context.Context, liveID string, opt EndOptions, reason EndReason) (EndResult, error) {
	opt.AsService = true
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Deadline)
	defer cancel()
	result, err := call(ctx, s, s.cfg.Lives, func(ctx context.Context) (EndResult, error) {
		return s.cfg.Lives.EndLive(ctx, "", liveID, opt)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	if err != nil {
		return EndResult{}, err
	}
	if result.Changed {
		s.LiveEnded(ctx, result.Live, reason)
	}
	return result, nil
}

// LiveEnded does what follows the end of a live, the kick of its publisher and
// Trace.LiveChanged, for a live that the host ended in a transaction of its
// own, as Directory.SetChannelEnabled does.
func (s *Service) LiveEnded(ctx context.Context, live Live, reason EndReason) {
	s.liveChanged(ctx, LiveEnded, live, reason)
	if s.cfg.Ingest == nil {
		return
	}
	// The end is stored, so nobody will ask for the kick again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), kickTimeout)
	defer cancel()
	_, err := call(ctx, s, s.cfg.Ingest, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.cfg.Ingest.KickPublisher(ctx, live)
	})
	if err != nil {
		s.log.Warn("prism: the publisher of an ended live was not dropped",
			zap.String("live", live.ID), zap.Error(err))
	}
}

func (s *Service) liveChanged(ctx context.Context, event LiveEvent, live Live, reason EndReason) {
	s.log.Info("prism: live "+string(event), zap.String("live", live.ID),
		zap.String("channel", live.ChannelID), zap.String("reason", string(reason)))
	if s.cfg.Trace.LiveChanged != nil {
		live.RTMPPath = ""
		s.cfg.Trace.LiveChanged(ctx, LiveChange{Event: event, Live: live, Reason: reason})
	}
}

// FromStore returns a Config with every field set that store can serve: Users,
// Channels, Lives and the optional capabilities.
func FromStore(store any) Config {
	var cfg Config
	cfg.Users, _ = store.(UserSource)
	cfg.Channels, _ = store.(ChannelStore)
	cfg.Lives, _ = store.(LiveStore)
	cfg.Chat, _ = store.(ChatReader)
	cfg.ChatSend, _ = store.(ChatSender)
	cfg.ChatDelete, _ = store.(ChatDeleter)
	cfg.Ban, _ = store.(Banner)
	cfg.Managers, _ = store.(ManagerStore)
	cfg.Update, _ = store.(LiveUpdater)
	return cfg
}

// Capabilities tells which optional APIs a Service serves.
type Capabilities struct {
	// Authorize and Token: the OAuth endpoints, from Config.Auth.
	Authorize, Token bool
	// Chat is LIVE_CHAT_LIST, ChatSend LIVE_CHAT_SEND, ChatDelete
	// LIVE_CHAT_DELETE, Ban USER_BAN with timed ban and unban, Managers mod
	// and unmod.
	Chat, ChatSend, ChatDelete, Ban, Managers bool
	// Update is the update extension.
	Update bool
}

// Capabilities tells which optional APIs are served: tick these in the NAVER
// Cloud console.
func (s *Service) Capabilities() Capabilities {
	_, token := s.cfg.Auth.(TokenEndpoint)
	_, authorize := s.cfg.Auth.(AuthorizeEndpoint)
	return Capabilities{
		Authorize:  authorize,
		Token:      token,
		Chat:       s.cfg.Chat != nil,
		ChatSend:   s.cfg.ChatSend != nil,
		ChatDelete: s.cfg.ChatDelete != nil,
		Ban:        s.cfg.Ban != nil,
		Managers:   s.cfg.Managers != nil,
		Update:     s.cfg.Update != nil,
	}
}

// adapterName is the Go type that a log entry blames.
func adapterName(adapter any) string {
	if adapter == nil {
		return "nil"
	}
	return reflect.TypeOf(adapter).String()
}

// isDeadline reports whether ctx ended by its deadline.
func isDeadline(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.DeadlineExceeded)
}
