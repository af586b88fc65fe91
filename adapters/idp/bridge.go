package idp

import (
	"context"
	"net/http"
	"sync"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// Bridge stands between PRISM and an OAuth or OpenID Connect server: a
// prism.Authenticator and prism.TokenEndpoint. It has no authorization
// endpoint: the NAVER Cloud console gets the server's own. It is safe for
// concurrent use.
type Bridge struct {
	cfg      Config // with defaults filled in; cfg.Logger and cfg.Now are never nil
	log      *zap.Logger
	clients  clientTable
	upstream *upstream
	verifier verifier
	verified *expiring[digest, prism.Principal]
	jobs     *jobs

	verifying  flight[prism.Principal]
	refreshing flight[refreshed]

	shortLife sync.Once
}

var (
	_ prism.Authenticator = (*Bridge)(nil)
	_ prism.TokenEndpoint = (*Bridge)(nil)
)

// verifier finds out what an access token says. It returns an error that wraps
// prism.ErrUnauthorized for a token that is not good, and prism.ErrUnavailable
// or prism.ErrTimeout when it cannot tell.
type verifier interface {
	verify(ctx context.Context, token string) (Claims, error)
}

// New checks the configuration and makes a Bridge. It reports every problem at
// once (errors.Join), each naming its field. It makes no request: an upstream
// that is down does not keep the host from starting. A Bridge runs goroutines
// only while it waits for the upstream; Close ends them.
func New(cfg Config) (*Bridge, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	b := &Bridge{
		cfg:      cfg,
		log:      cfg.Logger,
		clients:  newClientTable(cfg.Clients),
		upstream: newUpstream(cfg),
		verified: newExpiring[digest, prism.Principal](cfg.VerifyEntries),
		jobs:     newJobs(cfg.Timeout, cfg.Logger),
	}
	b.verifying.jobs, b.refreshing.jobs = b.jobs, b.jobs
	if cfg.JWT != nil {
		b.verifier = newJWTVerifier(cfg, b.upstream, b.jobs)
	} else {
		b.verifier = newIntrospection(cfg, b.upstream)
	}
	for _, c := range cfg.Clients {
		if !fitsConsole(c.ID) {
			b.log.Warn("the NAVER Cloud console will not take this client id: it wants 3 to 20 English letters and digits",
				zap.String("client_id", c.ID))
		}
	}
	return b, nil
}

// Close ends the requests to the upstream that are under way and waits for
// them. Calls that come later fail with prism.ErrUnavailable. It can be called
// more than once and always returns nil.
func (b *Bridge) Close() error {
	b.jobs.close()
	b.upstream.close()
	return nil
}

// fitsConsole reports whether the NAVER Cloud console takes value for a client
// id: 3 to 20 English letters and digits.
func fitsConsole(value string) bool {
	if len(value) < 3 || len(value) > 20 {
		return false
	}
	for i := range len(value) {
		c := value[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// noRedirects makes an http.Client return a redirect instead of following it:
// credentials and tokens go to the configured address only.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
