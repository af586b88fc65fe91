package prism

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// exchange is one request and its answer.
type exchange struct {
	svc  *Service
	w    http.ResponseWriter
	r    *http.Request
	ctx  context.Context
	root requestContext
	// id is the request id, in the form of a header's values.
	id [1]string
	// route is nil until one was found.
	route *route
	// path is the path of the request in its encoded form, api the part of it
	// below a prefix of the resource API, "" for another path. vars are the
	// variable segments of api.
	path, api string
	vars      [maxVars]string
	// user is the acting user, once known.
	user string
	// channelID, liveID, chatID and targetID are the decoded ids of the path.
	channelID, liveID, chatID, targetID string
	status                              int
	errorCode                           int
}

func (s *Service) newExchange(w http.ResponseWriter, r *http.Request) *exchange {
	return &exchange{svc: s, w: w, r: r, id: [1]string{newRequestID()}, path: escapedPath(r.URL)}
}

// serve answers every request to one route.
func (s *Service) serve(t *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := s.newExchange(w, r)
		x.route = t
		x.serve()
	})
}

// ServeHTTP is for the router, which hands on the handler that it is given.
func (x *exchange) ServeHTTP(http.ResponseWriter, *http.Request) { x.serve() }

// serve is the life of every request whose route is known: transport, method,
// ids, token, adapter, answer.
func (x *exchange) serve() {
	start := time.Now()
	api, mounted := x.route.methods[x.r.Method]

	x.root.x, x.root.parent, x.root.deadline = x, x.r.Context(), start.Add(x.svc.cfg.Deadline)
	if api.write {
		x.root.parent = context.WithoutCancel(x.root.parent)
	}
	x.ctx = &x.root
	defer x.root.end()

	var traced func(RequestResult)
	defer func() { x.finish(start, traced) }()
	defer func() {
		if p := recover(); p != nil {
			x.panicked(p)
		}
	}()
	if x.svc.cfg.Trace.RequestStart != nil {
		x.ctx, traced = x.svc.cfg.Trace.RequestStart(x.ctx, RequestInfo{RequestID: x.id[0], Method: knownMethod(x.r.Method), Route: x.route.pattern})
	}
	x.answer(api, mounted)
}

// finish tells the Trace and the log, also of a request that was aborted.
func (x *exchange) finish(start time.Time, traced func(RequestResult)) {
	entry := x.svc.log.Check(zap.DebugLevel, "prism: request")
	if traced == nil && entry == nil {
		return
	}
	duration := time.Since(start)
	if traced != nil {
		traced(RequestResult{Status: x.status, ErrorCode: x.errorCode, UserID: x.user, LiveID: x.liveID, Duration: duration})
	}
	if entry != nil {
		entry.Write(zap.String("request_id", x.id[0]), zap.String("method", knownMethod(x.r.Method)), zap.String("route", x.route.pattern),
			zap.Int("status", x.status), zap.Duration("duration", duration), zap.String("user", x.user))
	}
}

// answer runs the checks that come before the endpoint, then the endpoint.
func (x *exchange) answer(api endpoint, mounted bool) {
	header := x.w.Header()
	header["X-Request-Id"] = x.id[:]
	header["Cache-Control"] = noStore
	header["X-Content-Type-Options"] = noSniff
	if err := x.admit(mounted); err != nil {
		x.fail(err)
		return
	}
	if api.serve != nil {
		x.serveOwn(api)
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
	if !x.svc.cfg.AllowInsecure && !x.route.anyTransport && !x.transport().Secure {
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
	n := 0
	for _, segment := range x.route.segments {
		if segment[0] != '{' {
			continue
		}
		id, ok := decodeSegment(x.vars[n])
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

// plainInPath tells the bytes that a path has in its encoded form as they are.
var plainInPath = func() (plain [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/") {
		plain[c] = true
	}
	return plain
}()

// escapedPath is EscapedPath of u, with a short way for what has no escapes.
func escapedPath(u *url.URL) string {
	if u.RawPath != "" {
		return u.EscapedPath()
	}
	for i := range len(u.Path) {
		if !plainInPath[u.Path[i]] {
			return u.EscapedPath()
		}
	}
	return u.Path
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

// newRequestID returns 24 hexadecimal digits. They need not be unguessable: no
// one gets anything for knowing one.
func newRequestID() string {
	var raw [12]byte
	binary.NativeEndian.PutUint64(raw[:8], rand.Uint64()) //nolint:gosec // G404: see above
	binary.NativeEndian.PutUint32(raw[8:], rand.Uint32()) //nolint:gosec // G404: see above
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
