package check

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

// cleanupTime bounds what is done after the run was cut short.
const cleanupTime = 20 * time.Second

// run is the state of one run. Checks run one after the other; what they share
// without the mutex is written between their goroutines only.
type run struct {
	Target
	ctx   context.Context
	start time.Time
	g     *gateway.Gateway

	// code is the code of the first sign-in, tokens what it gave.
	code   string
	tokens gateway.Tokens
	// me and stranger are signed in, or nil.
	me, stranger *gateway.Session
	user         gateway.User
	strangerUser gateway.User
	channels     []gateway.Channel
	channel      gateway.Channel
	// made are the ids of the lives that the run made.
	made []string
	// first and second are two of them.
	first, second gateway.Live
	// stateless tells that the service does not manage the state of lives.
	stateless bool
	// busy tells that a live of somebody else is on air on the channel.
	busy bool
	// apis tells which optional APIs answer. Those that are not in it were not
	// tried.
	apis map[API]bool
	// messages are chat messages to delete at the end, by live.
	messages map[string][]string

	mu         sync.Mutex
	calls      []Call
	loading    bool
	violations []violation
}

// violation is a breach that the Gateway found, with its exchange.
type violation struct {
	*gateway.Violation
	exchange gateway.Exchange
}

// Run checks a service. It returns an error only for a Target that cannot be
// checked at all (Target.Check). When ctx ends, the checks that are left are
// skipped, and what was made is cleaned up all the same.
func Run(ctx context.Context, t Target) (Report, error) {
	t = t.withDefaults()
	if err := t.Check(); err != nil {
		return Report{}, err
	}
	r := &run{Target: t, ctx: ctx, start: time.Now(), apis: map[API]bool{}, messages: map[string][]string{}}
	r.g = r.gateway(t.ClientID, t.ClientSecret)
	report := Report{
		ServiceAPIDomain: t.ServiceAPIDomain, Start: r.start, Partial: len(t.Only) > 0, RecommendedTime: t.RecommendedTime, MaxTime: t.MaxTime,
	}
	checks := All()
	defer r.g.CloseIdleConnections()
	func() {
		// A check that panics is a defect, and must not leave a live on air.
		defer func() { report.LeftBehind = r.cleanUp() }()
		for i, c := range checks {
			step := Progress{Check: c, Number: i + 1, Total: len(checks)}
			r.tell(step)
			result := r.check(c)
			step.Result = &result
			report.Results = append(report.Results, result)
			r.tell(step)
		}
	}()
	report.Interrupted = ctx.Err() != nil
	report.Duration = time.Since(r.start)
	report.Calls = r.calls
	return report, nil
}

func (r *run) tell(p Progress) {
	if r.Progress != nil {
		r.Progress(p)
	}
}

// check runs one check.
func (r *run) check(c Check) Result {
	p := &probe{run: r, ctx: r.ctx, result: Result{Check: c, State: Passed}}
	start := time.Now()
	asked := len(r.Only) == 0 || slices.Contains(r.Only, c.ID) || slices.Contains(r.Only, c.Area())
	func() {
		defer func() {
			switch stopped := recover().(type) {
			case nil, stop:
			default:
				panic(stopped)
			}
		}()
		if r.ctx.Err() != nil {
			p.skip("the run was cut short")
		}
		if !asked && !c.setup {
			p.skip(NotAsked)
		}
		c.run(p)
	}()
	p.result.Duration = time.Since(start)
	if !asked {
		p.result.Missing, p.result.Extra = "", false
	}
	if r.ctx.Err() != nil && p.result.State == Failed {
		// The failure may come from the end of the run.
		p.result = Result{Check: c, State: Skipped, Reason: "the run was cut short", Duration: p.result.Duration}
	}
	return p.result
}

// gateway makes a Gateway with the target's registration and other client
// credentials.
func (r *run) gateway(clientID, clientSecret string) *gateway.Gateway {
	g := &gateway.Gateway{
		ServiceAPIDomain: r.ServiceAPIDomain, AuthorizeURL: r.AuthorizeURL, ClientID: clientID, ClientSecret: clientSecret,
		RedirectURI: r.RedirectURI, HTTPClient: r.httpClient(), MaxAnswerTime: r.MaxTime, AcceptLegacyOnAir: r.LegacyOnAir,
		Recorder: r.record,
	}
	return g
}

func (r *run) httpClient() *http.Client {
	if r.HTTPClient == nil {
		r.HTTPClient = &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second, TLSClientConfig: r.tlsConfig(),
		}}
	}
	return r.HTTPClient
}

func (r *run) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: r.RootCAs,
		InsecureSkipVerify: r.InsecureTLS, //nolint:gosec // the operator asked for it
	}
}

func (r *run) record(x gateway.Exchange) {
	if x.Status == 0 || x.Route == signInRoute || x.Route == authorizeRoute {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, Call{
		Name: x.Method + " " + x.Route, Start: x.Start.Sub(r.start), Duration: x.Duration, Status: x.Status, Load: r.loading,
	})
}

// cleanUp ends the lives, deletes the messages, and returns what is left.
func (r *run) cleanUp() (left []string) {
	if r.me == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), cleanupTime)
	defer cancel()
	sessions := []*gateway.Session{r.me}
	if r.tokens.AccessToken != "" {
		sessions = append(sessions, r.g.Session(r.tokens))
	}
	on := slices.Clone(r.made)
	for _, s := range sessions {
		on = slices.DeleteFunc(on, func(id string) bool { return r.ended(ctx, s, id) })
	}
	if len(on) > 0 && r.Account.Account != "" {
		// The tokens of the run may be gone, by a defect of the service.
		if tokens, err := r.g.SignIn(ctx, r.Account); tokens.AccessToken != "" {
			_ = err // a violation; the token counts
			on = slices.DeleteFunc(on, func(id string) bool { return r.ended(ctx, r.g.Session(tokens), id) })
		}
	}
	for _, id := range on {
		left = append(left, fmt.Sprintf("live %s may still be on air: stop it", id))
	}
	left = append(left, r.deleteMessages(ctx)...)
	if len(r.made) > 0 {
		left = append(left, fmt.Sprintf("%d lives titled %q: the service API has no call to delete a live", len(r.made), liveTitle))
	}
	return left
}

// deleteMessages deletes the chat messages, some at a time, and returns those
// that are left.
func (r *run) deleteMessages(ctx context.Context) (left []string) {
	const width = 4
	type message struct{ live, id string }
	todo := make(chan message)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range width {
		wg.Go(func() {
			for m := range todo {
				if err := r.me.DeleteChat(ctx, m.live, m.id); err != nil && len(gateway.Violations(err)) == 0 {
					mu.Lock()
					left = append(left, fmt.Sprintf("chat message %s of live %s", m.id, m.live))
					mu.Unlock()
				}
			}
		})
	}
	for live, ids := range r.messages {
		for _, id := range ids {
			todo <- message{live, id}
		}
	}
	close(todo)
	wg.Wait()
	return left
}

// ended stops a live that is on air and reports whether it is off now.
func (r *run) ended(ctx context.Context, s *gateway.Session, id string) bool {
	live, _ := s.Live(ctx, id)
	if live.Status != onAir && live.ID != "" {
		return true
	}
	stopped, _ := s.StopLive(ctx, id)
	if stopped.ID != "" && stopped.Status != onAir {
		return true
	}
	live, _ = s.Live(ctx, id)
	return live.ID != "" && live.Status != onAir || r.stateless
}
