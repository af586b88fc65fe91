package prism

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"sync"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// buffers are the bodies of answers, for reuse. A large one is left to the
// garbage collector.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxPooledBuffer = 64 << 10

func releaseBuffer(buf *bytes.Buffer) {
	if buf.Cap() <= maxPooledBuffer {
		buf.Reset()
		buffers.Put(buf)
	}
}

func (x *exchange) succeed(data any) {
	buf := buffers.Get().(*bytes.Buffer)
	defer releaseBuffer(buf)
	if err := wire.Success(buf, data); err != nil {
		buf.Reset()
		x.fail(err)
		return
	}
	if live, ok := data.(*wire.LiveData); ok {
		liveAnswers.Put(live)
	}
	x.write(http.StatusOK, buf)
}

// fail writes an error and logs what the wire does not say.
func (x *exchange) fail(err error) {
	answer := x.wireError(err)
	x.errorCode = answer.Code
	x.logFailure(answer, err)
	if answer.Status == http.StatusUnauthorized {
		x.w.Header().Set("WWW-Authenticate", x.challenge())
	}
	if answer.Status == http.StatusServiceUnavailable {
		x.w.Header().Set("Retry-After", "1")
	}
	var buf bytes.Buffer
	var encodeErr error
	if x.route.flatErrors {
		encodeErr = wire.TokenFailure(&buf, tokenErrorCode(answer), answer.Name+": "+answer.Message)
	} else {
		encodeErr = wire.Failure(&buf, answer.Code, answer.Name, answer.Message)
	}
	if encodeErr != nil { // two strings and a number always encode
		panic(encodeErr)
	}
	x.write(answer.Status, &buf)
}

// tokenErrorCode is the RFC 6749 code for a failure at the token endpoint that
// is not the authorization server's own.
func tokenErrorCode(answer *Error) string {
	switch {
	case answer.Status == http.StatusServiceUnavailable, answer.Status == http.StatusGatewayTimeout:
		return "temporarily_unavailable"
	case answer.Status >= http.StatusInternalServerError:
		return "server_error"
	}
	return "invalid_request"
}

func (x *exchange) challenge() string {
	if x.svc.cfg.AllowBearer {
		if !hasBearer(x.r.Header["Authorization"]) {
			return `Bearer realm="prism"`
		}
		return `Bearer realm="prism", error="invalid_token"`
	}
	return `X-Prism-Access-Token realm="prism"`
}

// wireError chooses the answer for an error: what it wraps, our deadline, or a
// 500 that says nothing but the request id.
func (x *exchange) wireError(err error) *Error {
	var known *Error
	switch {
	case errors.Is(err, errSignInLost):
		return ErrUnauthorized
	case errors.As(err, &known) && known.Code == ErrUnavailable.Code && isDeadline(x.ctx),
		known == nil && errors.Is(err, context.DeadlineExceeded):
		return ErrTimeout
	case known == nil && errors.Is(err, context.Canceled):
		return ErrUnavailable
	case known != nil && known.maySend():
		return known
	}
	internal := *ErrInternal
	internal.Message = "The service failed. The log has the reason under request id " + x.id[0] + "."
	return &internal
}

// maySend reports whether an adapter's error has a sound status and code. A 401
// is not an adapter's to give.
func (e *Error) maySend() bool {
	return e.Status >= 400 && e.Status <= 599 && e.Status != http.StatusUnauthorized && e.Code > 0 && e.Name != ""
}

func (x *exchange) logFailure(answer *Error, err error) {
	level := zap.DebugLevel
	switch {
	case errors.Is(x.r.Context().Err(), context.Canceled):
		// The client went away; nobody reads the answer.
	case answer.Status == http.StatusServiceUnavailable, answer.Status == http.StatusGatewayTimeout:
		level = zap.WarnLevel
	case answer.Status >= http.StatusInternalServerError:
		level = zap.ErrorLevel
	}
	if entry := x.svc.log.Check(level, "prism: request failed"); entry != nil {
		entry.Write(zap.String("request_id", x.id[0]), zap.String("route", x.route.pattern), zap.Int("status", answer.Status),
			zap.String("code", answer.Name), zap.String("user", x.user), zap.Error(err))
	}
}

func (x *exchange) write(status int, body *bytes.Buffer) {
	x.status = status
	x.w.Header()["Content-Type"] = contentJSON
	x.w.WriteHeader(status)
	// A client that went away is no failure of ours.
	_, _ = x.w.Write(body.Bytes())
}

// panicked answers a panic outside the adapters, for example in a Trace.
func (x *exchange) panicked(p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked, not returned
		panic(p)
	}
	adapter := ""
	if x.route.methods[x.r.Method].serve != nil {
		adapter = adapterName(x.svc.cfg.Auth)
	}
	x.svc.log.Error("prism: panic", zap.String("request_id", x.id[0]), zap.String("route", x.route.pattern), zap.String("adapter", adapter),
		zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
	if x.status == 0 {
		x.fail(errors.New("panic"))
	}
}
