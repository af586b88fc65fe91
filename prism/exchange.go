package prism

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// exchange is one request and its answer.
type exchange struct {
	svc       *Service
	route     *route
	w         http.ResponseWriter
	r         *http.Request
	ctx       context.Context
	root      requestContext
	id        string
	idHeader  [1]string
	transport Transport
	// user is the acting user, once known.
	user string
	// channelID, liveID, chatID and targetID are the decoded ids of the path.
	channelID, liveID, chatID, targetID string
	status                              int
	errorCode                           int
}

// requestContext is the request's context with the exchange in it.
type requestContext struct {
	context.Context
	x *exchange
}

func (c *requestContext) Value(key any) any {
	if key == (exchangeKey{}) {
		return c.x
	}
	return c.Context.Value(key)
}

// serve is the life of every request: route, transport, method, ids, token,
// adapter, answer.
func (s *Service) serve(t *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		x := &exchange{svc: s, route: t, w: w, r: r, id: newRequestID(), transport: resolveTransport(r, s.cfg.TrustedProxies)}
		api, mounted := t.methods[r.Method]

		x.root = requestContext{r.Context(), x}
		if api.write {
			x.root.Context = context.WithoutCancel(r.Context())
		}
		ctx, cancel := context.WithTimeout(&x.root, s.cfg.Deadline)
		defer cancel()
		x.ctx = ctx

		var traced func(RequestResult)
		defer func() { x.finish(start, traced) }()
		defer func() {
			if p := recover(); p != nil {
				x.panicked(p)
			}
		}()
		if s.cfg.Trace.RequestStart != nil {
			x.ctx, traced = s.cfg.Trace.RequestStart(ctx, RequestInfo{RequestID: x.id, Method: knownMethod(r.Method), Route: t.pattern})
		}
		x.answer(api, mounted)
	})
}

// finish tells the Trace and the log, also of a request that was aborted.
func (x *exchange) finish(start time.Time, traced func(RequestResult)) {
	duration := time.Since(start)
	if traced != nil {
		traced(RequestResult{Status: x.status, ErrorCode: x.errorCode, UserID: x.user, Duration: duration})
	}
	if entry := x.svc.log.Check(zap.DebugLevel, "prism: request"); entry != nil {
		entry.Write(zap.String("request", x.id), zap.String("method", knownMethod(x.r.Method)), zap.String("route", x.route.pattern),
			zap.Int("status", x.status), zap.Duration("duration", duration), zap.String("user", x.user))
	}
}

// answer runs the checks that come before the endpoint, then the endpoint.
func (x *exchange) answer(api endpoint, mounted bool) {
	header := x.w.Header()
	x.idHeader[0] = x.id
	header["X-Request-Id"] = x.idHeader[:]
	header["Cache-Control"] = noStore
	header["X-Content-Type-Options"] = noSniff
	if err := x.admit(mounted); err != nil {
		x.fail(err)
		return
	}
	if api.serve != nil {
		x.serveOwn(api.serve)
		return
	}
	if err := x.authenticate(); err != nil {
		x.fail(err)
		return
	}
	if api.body {
		x.boundBody()
	}
	data, err := api.handle(x)
	if err == nil && isDeadline(x.ctx) {
		err = ErrTimeout
	}
	if err != nil {
		x.fail(err)
		return
	}
	x.succeed(data)
}

var (
	noStore     = []string{"no-store"}
	noSniff     = []string{"nosniff"}
	contentJSON = []string{"application/json"}
)

// admit checks what can be checked without a store.
func (x *exchange) admit(mounted bool) error {
	if !x.transport.Secure && !x.svc.cfg.AllowInsecure && !x.route.anyTransport {
		return ErrTLSRequired
	}
	if !mounted {
		if x.route.allow == "" || slices.Contains(x.route.off, x.r.Method) {
			return ErrNoSuchAPI
		}
		x.w.Header().Set("Allow", x.route.allow)
		return ErrMethodNotAllowed
	}
	return x.readPath()
}

// readPath decodes the ids of the path.
func (x *exchange) readPath() error {
	vars, _ := x.route.find(x.r.URL.EscapedPath(), x.svc.prefixes)
	n := 0
	for _, segment := range x.route.segments {
		if segment[0] != '{' {
			continue
		}
		id, ok := decodeSegment(vars[n])
		if !ok {
			return ErrNotFound
		}
		n++
		switch segment {
		case "{channelId}":
			x.channelID = id
		case "{liveId}":
			x.liveID = id
		case "{chatId}":
			x.chatID = id
		case "{userId}":
			x.targetID = id
		}
	}
	return nil
}

func decodeSegment(segment string) (id string, ok bool) {
	const longest = 3 * 200 // every byte percent-encoded
	if len(segment) > longest {
		return "", false
	}
	decoded, err := url.PathUnescape(segment)
	if err != nil {
		return "", false
	}
	return wire.DecodeID(decoded)
}

func newRequestID() string {
	var raw [12]byte
	rand.Read(raw[:])
	var text [2 * len(raw)]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}

// knownMethod keeps methods in logs and metrics to a fixed set.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return method
	}
	return "OTHER"
}
