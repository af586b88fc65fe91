package console

import (
	"context"
	"net/http"

	"github.com/b2bprism/b2bprism/prism"
)

// api is one call, as RequestInfo has it.
type api struct{ method, route string }

// pollRoute is what PRISM asks all the time while a live is on air.
const pollRoute = "/v1/service/live/{liveId}"

// unmatched stands for requests that belong to no API.
var unmatched = api{route: "unknown"}

// recorder waits for the result of one request. It is used again, with the
// function that it is for, so that a request takes no memory.
type recorder struct {
	c    *Console
	info prism.RequestInfo
	done func(prism.RequestResult)
}

func newRecorder(c *Console) *recorder {
	r := &recorder{c: c}
	r.done = r.finish
	return r
}

func (c *Console) requestStarted(ctx context.Context, info prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
	r := c.recorders.Get().(*recorder) // the pool has nothing else
	r.info = info
	return ctx, r.done
}

func (r *recorder) finish(result prism.RequestResult) {
	c, info := r.c, r.info
	r.info = prism.RequestInfo{}
	c.recorders.Put(r)

	now := c.cfg.Now()
	call := apiOf(info, result)
	c.requests.of(call).record(minuteOf(now), result)
	if result.Status == http.StatusOK && call.route == pollRoute && call.method == http.MethodGet {
		c.polls.note(result.LiveID, now)
	}
	ring := &c.refused
	switch {
	case isFailure(result.Status), result.Duration > lostAfter:
		// A ring of their own, so that nobody's refused requests drive them out.
		ring = &c.failed
	case result.Status < 400:
		return
	}
	ring.note(failure{
		at: now, api: call, status: result.Status, errorCode: result.ErrorCode,
		requestID: info.RequestID, userID: result.UserID, liveID: result.LiveID, took: result.Duration,
	})
}

// apiOf keeps methods that no API has from taking the place of those that
// there are.
func apiOf(info prism.RequestInfo, result prism.RequestResult) api {
	switch info.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete:
	default:
		return unmatched
	}
	if result.Status == http.StatusMethodNotAllowed || result.ErrorCode == prism.ErrTLSRequired.Code ||
		result.ErrorCode == prism.ErrNoSuchAPI.Code || info.Route == unmatched.route {
		return unmatched
	}
	return api{info.Method, info.Route}
}
