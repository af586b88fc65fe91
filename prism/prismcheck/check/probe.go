package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

const (
	authorizeRoute = "/oauth/authorize"
	signInRoute    = "sign-in"
	api            = "/prism/v1/service"

	onAir = prism.StatusOnAir
	// liveTitle is the title of the lives that a run makes.
	liveTitle = "prismcheck"
)

// maxProblems is how many problems of one check are told.
const maxProblems = 20

// probe is a check while it runs.
type probe struct {
	*run
	ctx context.Context

	mu     sync.Mutex
	result Result
	last   gateway.Exchange
}

// stop ends a check.
type stop struct{}

// fail reports a problem that the last exchange shows.
func (p *probe) fail(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(fmt.Sprintf(format, args...), p.last)
}

// failAt reports a problem that an exchange shows.
func (p *probe) failAt(x gateway.Exchange, format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(fmt.Sprintf(format, args...), x)
}

func (p *probe) add(text string, x gateway.Exchange) {
	p.result.State = Failed
	for i := range p.result.Problems {
		if p.result.Problems[i].Text == text {
			p.result.Problems[i].Times++
			return
		}
	}
	if len(p.result.Problems) == maxProblems {
		return
	}
	problem := Problem{Text: text, Times: 1}
	problem.Sent, problem.Came = transcript(x)
	p.result.Problems = append(p.result.Problems, problem)
}

// end fails the check and ends it.
func (p *probe) end(format string, args ...any) {
	p.fail(format, args...)
	panic(stop{})
}

// skip ends the check, as skipped unless it has failed before.
func (p *probe) skip(format string, args ...any) {
	p.mu.Lock()
	if p.result.State == Passed {
		p.result.State, p.result.Reason = Skipped, fmt.Sprintf(format, args...)
	}
	p.mu.Unlock()
	panic(stop{})
}

// need is skip for want of input that the flags of missing give.
func (p *probe) need(missing, format string, args ...any) {
	p.mu.Lock()
	if p.result.State == Passed {
		p.result.Missing = missing
	}
	p.mu.Unlock()
	p.skip(format, args...)
}

// extra is need for what a run does only if it is asked for, or for what was
// waived.
func (p *probe) extra(missing, reason string) {
	p.mu.Lock()
	p.result.Extra = !slices.Contains(p.Only, p.result.ID) && !slices.Contains(p.Only, p.result.Area())
	p.mu.Unlock()
	p.need(missing, "%s", reason)
}

// pause keeps two changes apart.
func (p *probe) pause() {
	timer := time.NewTimer(p.Pace)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ctx.Done():
		p.skip("the run was cut short")
	}
}

// refusal is a call that did not succeed.
type refusal struct {
	status     int
	code       int
	name, text string
}

func (e *refusal) Error() string {
	s := fmt.Sprintf("status %d", e.status)
	if e.name != "" {
		s += " " + e.name
	}
	return s
}

// errUnreadable is an answer with status 200 that cannot be read at all.
var errUnreadable = errors.New("an answer that cannot be read (see the checks of the area answer)")

// settle takes the breaches of the contract out of err, which the checks of
// answers tell, and returns what is left: nil, a *refusal, or an error for no
// answer.
func (p *probe) settle(x gateway.Exchange, err error) error {
	p.mu.Lock()
	p.last = x
	p.mu.Unlock()
	if err == nil {
		return nil
	}
	unreadable := false
	p.run.mu.Lock()
	for _, v := range gateway.Violations(err) {
		p.violations = append(p.violations, violation{v, x})
		switch v.Rule {
		case gateway.RuleJSON, gateway.RuleAnswerSize:
			unreadable = true
		case gateway.RuleEnvelope:
			unreadable = unreadable || v.Field == "success"
		case gateway.RuleFieldType:
			unreadable = unreadable || v.Field == "data"
		default: // the answer can be read all the same
		}
	}
	p.run.mu.Unlock()
	var apiErr *gateway.APIError
	var tokenErr *gateway.TokenError
	switch {
	case errors.As(err, &apiErr):
		return &refusal{apiErr.Status, apiErr.Code, apiErr.Name, apiErr.Message}
	case errors.As(err, &tokenErr):
		return &refusal{status: tokenErr.Status, name: tokenErr.Code, text: tokenErr.Description}
	case x.Status == 0, errors.Is(err, gateway.ErrSignInRefused), errors.Is(err, gateway.ErrNoLoginForm):
		return err
	case x.Status >= http.StatusMultipleChoices && x.Route != signInRoute && x.Route != authorizeRoute:
		return &refusal{status: x.Status}
	case unreadable:
		return errUnreadable
	case len(gateway.Violations(err)) > 0:
		return nil
	}
	return err
}

// call makes a call of the Gateway under the probe.
func call[T any](p *probe, f func(ctx context.Context) (T, error)) (T, error) {
	var x gateway.Exchange
	v, err := f(gateway.WithExchange(p.ctx, &x))
	return v, p.settle(x, err)
}

// tell is call for a call without an answer.
func tell(p *probe, f func(ctx context.Context) error) error {
	_, err := call(p, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
	return err
}

// send makes an arbitrary request and returns the answer unchecked. It ends
// the check when no answer comes.
func (p *probe) send(in gateway.Request) *gateway.Response { return p.sendBy(p.g, in) }

// sendBy is send by another Gateway.
func (p *probe) sendBy(g *gateway.Gateway, in gateway.Request) *gateway.Response {
	var x gateway.Exchange
	resp, err := g.Do(gateway.WithExchange(p.ctx, &x), in)
	p.mu.Lock()
	p.last = x
	p.mu.Unlock()
	if err != nil {
		p.end("%s %s: no answer: %v", x.Method, x.Route, reason(err))
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			p.breach(x, gateway.RuleNoCORS, name, "the header is there")
		}
	}
	return resp
}

// breach records a breach of the contract that was found here.
func (p *probe) breach(x gateway.Exchange, rule gateway.Rule, field, detail string) {
	p.run.mu.Lock()
	defer p.run.mu.Unlock()
	p.violations = append(p.violations, violation{&gateway.Violation{
		Rule: rule, Method: x.Method, Route: x.Route, Field: field, Detail: detail,
	}, x})
}

// raw makes a request with an envelope in its answer.
func (p *probe) raw(in gateway.Request) error {
	return tell(p, func(ctx context.Context) error {
		_, err := p.g.Call(ctx, in)
		return err
	})
}

// did reports whether a call succeeded; if not, the check fails.
func (p *probe) did(err error, what string, args ...any) bool {
	if err == nil {
		return true
	}
	p.fail("%s: got %v, want success", fmt.Sprintf(what, args...), reason(err))
	return false
}

// must is did that ends the check.
func (p *probe) must(err error, what string, args ...any) {
	if !p.did(err, what, args...) {
		panic(stop{})
	}
}

// refused fails the check unless a call was refused with one of the statuses.
func (p *probe) refused(err error, what string, statuses ...int) bool {
	var got *refusal
	wanted := strings.Trim(strings.ReplaceAll(fmt.Sprint(statuses), " ", " or "), "[]")
	switch {
	case errors.As(err, &got):
		if slices.Contains(statuses, got.status) {
			return true
		}
		p.fail("%s: got %v, want status %s", what, got, wanted)
	case err == nil:
		p.fail("%s: it was accepted, want status %s", what, wanted)
	default:
		p.fail("%s: got %v, want status %s", what, reason(err), wanted)
	}
	return false
}

// reason is an error without the Gateway's prefix.
func reason(err error) string { return strings.TrimPrefix(err.Error(), "prismtest: ") }

// status of an error of a call, 200 for none, 0 for no answer.
func statusOf(err error) int {
	var got *refusal
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &got):
		return got.status
	}
	return 0
}
