package promprism

import (
	"context"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/b2bprism/b2bprism/prism"
)

// A Service has some 20 routes, and some 30 fields that its adapters can get
// wrong.
const (
	maxRoutes    = 64
	maxBadFields = 128
)

// PRISMTrace returns the Trace to set as prism.Config.Trace. Join it with
// another by prism.JoinTraces.
func (m *Metrics) PRISMTrace() prism.Trace {
	return prism.Trace{RequestStart: m.requestStart, LiveChanged: m.liveChanged, BadData: m.badDatum}
}

func (m *Metrics) requestStart(ctx context.Context, info prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
	m.inFlight.Inc()
	return ctx, func(result prism.RequestResult) {
		m.inFlight.Dec()
		route, method := info.Route, methodLabel(info.Method)
		if !utf8.ValidString(route) || !m.routes.has(route) {
			route = other
		}
		m.requests.WithLabelValues(route, method, codeLabel(result.Status)).Inc()
		m.duration.WithLabelValues(route, method).Observe(result.Duration.Seconds())
	}
}

// methodLabel holds the bound even for a caller that is no Service. Methods
// are written in capitals, so other is as well.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return method
	}
	return "OTHER"
}

var codes = func() map[int]string {
	known := map[int]string{}
	for status := 100; status < 600; status++ {
		if http.StatusText(status) != "" {
			known[status] = strconv.Itoa(status)
		}
	}
	return known
}()

// codeLabel is the status, the class of one that is not registered, or "none"
// for an answer that was not written.
func codeLabel(status int) string {
	if code, ok := codes[status]; ok {
		return code
	}
	switch status / 100 {
	case 1:
		return "1xx"
	case 2:
		return "2xx"
	case 3:
		return "3xx"
	case 4:
		return "4xx"
	case 5:
		return "5xx"
	}
	return "none"
}
