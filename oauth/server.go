package oauth

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// Server is the authorization server: a prism.Authenticator, TokenEndpoint,
// AuthorizeEndpoint and StandardEndpoints. It is safe for concurrent use.
type Server struct {
	cfg Config // with defaults filled in; cfg.Logger and cfg.Now are never nil
	log *zap.Logger

	// nobody is authenticated in place of an unknown client, so that it takes
	// as long as a known one.
	nobody Client

	// verified is nil when every check of a token asks the store.
	verified *verifyCache

	stopSweeper context.CancelFunc
	sweeper     sync.WaitGroup
}

var (
	_ prism.Authenticator     = (*Server)(nil)
	_ prism.TokenEndpoint     = (*Server)(nil)
	_ prism.AuthorizeEndpoint = (*Server)(nil)
	_ prism.StandardEndpoints = (*Server)(nil)
)

// New checks the configuration and makes a Server. It reports every problem at
// once (errors.Join), each naming its field. Unless SweepInterval is negative
// the Server runs a goroutine until Close.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Server{
		cfg:    cfg,
		log:    cfg.Logger,
		nobody: Client{Secrets: []Secret{{Digest: DigestOf(newToken()), NotAfter: time.Unix(1, 0)}}},
	}
	if cfg.VerifyCacheTTL > 0 {
		s.verified = newVerifyCache(cfg.VerifyCacheTTL, cfg.VerifyCacheEntries)
	}
	s.warnOfConsole()
	s.startSweeper()
	return s, nil
}

// maxConsoleURL is the most characters that the NAVER Cloud console takes for
// the authorization URL.
const maxConsoleURL = 100

// warnOfConsole logs what the console's form will not take. Of secrets that the
// host gave as digests nothing is known.
func (s *Server) warnOfConsole() {
	if u := s.cfg.PublicURL + authorizePath; len(u) > maxConsoleURL {
		s.log.Warn("the NAVER Cloud console will not take this authorization URL: it wants at most 100 characters", zap.String("url", u))
	}
	static, ok := s.cfg.Clients.(*staticClients)
	if !ok {
		return
	}
	for _, c := range static.list {
		if !fitsConsole(c.ID) {
			s.log.Warn("the NAVER Cloud console will not take this client id: it wants 3 to 20 English letters and digits",
				zap.String("client_id", c.ID))
		}
		for i, secret := range c.Secrets {
			if secret.misfit {
				s.log.Warn("the NAVER Cloud console will not take this client secret: it wants 3 to 20 English letters and digits",
					zap.String("client_id", c.ID), zap.Int("secret", i))
			}
		}
	}
}

// Close stops the sweeper and waits for it. The endpoints go on working. It
// can be called more than once and always returns nil.
func (s *Server) Close() error {
	s.stopSweeper()
	s.sweeper.Wait()
	return nil
}

// now is the time of the clock as every Store can keep it.
func (s *Server) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }
