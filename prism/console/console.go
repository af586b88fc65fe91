package console

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// Console observes a service and shows what it saw. It is safe for concurrent
// use.
type Console struct {
	cfg     Config
	form    []formRow
	log     *zap.Logger
	started time.Time
	service atomic.Pointer[prism.Service]

	requests  bounded[api, series]
	failed    failureRing
	refused   failureRing
	polls     lastSeen
	packets   lastSeen
	badData   bounded[prism.BadData, tally]
	tokens    tokenTallies
	recorders sync.Pool

	mount      mountCheck
	protection *http.CrossOriginProtection
}

// Bounds of what is kept. The keys come from fixed sets, of which these are
// more than there are.
const (
	maxAPIs     = 48
	maxBadData  = 32
	maxRefusals = 64
)

// New checks the configuration and makes a Console. It reports every problem
// at once (errors.Join), each naming its field.
func New(cfg Config) (*Console, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	c := &Console{
		cfg:        cfg,
		form:       registrationForm(cfg.Registration),
		log:        cfg.Logger,
		started:    cfg.Now(),
		protection: http.NewCrossOriginProtection(),
	}
	c.cfg.Registration.ClientSecret = "" // it was looked at
	c.requests.limit = maxAPIs
	c.badData.limit = maxBadData
	c.tokens.refused.limit = maxRefusals
	c.recorders.New = func() any { return newRecorder(c) }
	c.mount.init()
	return c, nil
}

// Attach tells the Console the service whose capabilities it shows. The Trace
// has to exist before the Service does, so this comes after prism.New. Of
// several services that share the Trace, attach the public one.
func (c *Console) Attach(svc *prism.Service) { c.service.Store(svc) }

// Close ends a check of the mount that still runs, and waits for it. The page
// is still answered after it.
func (c *Console) Close() error {
	c.mount.close()
	return nil
}

// Trace returns the observer to set as prism.Config.Trace. Join it with others
// by prism.JoinTraces.
func (c *Console) Trace() prism.Trace {
	return prism.Trace{
		RequestStart: c.requestStarted,
		LiveChanged: func(_ context.Context, change prism.LiveChange) {
			if change.Event == prism.LiveEnded {
				c.polls.forget(change.Live.ID)
				c.packets.forget(change.Live.ID)
			}
		},
		BadData: func(_ context.Context, data prism.BadData) { c.badData.of(data).add(c.minute()) },
	}
}

// OAuthTrace returns the observer to set as oauth.Config.Trace. Join it with
// others by oauth.JoinTraces.
func (c *Console) OAuthTrace() oauth.Trace {
	t := &c.tokens
	return oauth.Trace{
		TokenIssued: func(_ context.Context, event oauth.TokenEvent) {
			switch {
			case event.Sibling:
				t.siblings.add(c.minute())
			case event.GrantType == "refresh_token":
				t.refreshed.add(c.minute())
			default:
				t.issued.add(c.minute())
			}
		},
		TokenRefused: func(_ context.Context, event oauth.RefusedEvent) {
			t.refused.of(refusal{event.Endpoint, event.Code, event.Reason}).add(c.minute())
		},
		ReuseDetected: func(context.Context, oauth.ReuseEvent) { t.reused.add(c.minute()) },
		LoginFailed: func(_ context.Context, event oauth.LoginEvent) {
			if event.Limited {
				t.loginsLimited.add(c.minute())
				return
			}
			t.loginsFailed.add(c.minute())
		},
	}
}

// tokenTallies count what package oauth tells.
type tokenTallies struct {
	issued, refreshed, siblings, reused, loginsFailed, loginsLimited tally
	refused                                                          bounded[refusal, tally]
}

// refusal is one reason to answer an error. All parts are from fixed sets.
type refusal struct{ endpoint, code, reason string }

func (c *Console) minute() int64 { return minuteOf(c.cfg.Now()) }
