package prism

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
)

// serveOwn runs an endpoint that writes its own answer: those of Config.Auth,
// and the OpenAPI description.
func (x *exchange) serveOwn(api endpoint) {
	if api.body {
		x.boundBody()
	}
	if x.svc.cfg.Isolate {
		x.serveAside(api)
		return
	}
	recorder := &statusRecorder{ResponseWriter: x.w, x: x}
	api.serve(recorder, x.r.WithContext(x.ctx))
	if x.status == 0 {
		x.status = http.StatusOK
	}
}

// serveAside runs the endpoint in a goroutine of its own, which may go on when
// the request is over. So it gets a body that was read, and a writer that keeps
// the answer until it is whole.
func (x *exchange) serveAside(api endpoint) {
	r := x.r.WithContext(x.ctx)
	if api.body {
		text, err := io.ReadAll(x.r.Body)
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(text), failingReader{err}))
	}
	kept := &keptAnswer{header: x.w.Header().Clone()}
	aborted, err := call(x.ctx, x.svc, x.svc.cfg.Auth, func(context.Context) (aborted bool, _ error) {
		defer func() {
			if p := recover(); p == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked, not returned
				aborted = true
			} else if p != nil {
				panic(p)
			}
		}()
		api.serve(kept, r)
		return false, nil
	})
	if aborted {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		x.fail(err)
		return
	}
	header := x.w.Header()
	clear(header)
	maps.Copy(header, kept.header)
	if x.status = kept.status; x.status == 0 {
		x.status = http.StatusOK
	}
	x.w.WriteHeader(x.status)
	_, _ = x.w.Write(kept.body.Bytes()) // a client that went away has nothing to be told
}

// failingReader ends a body as it ended when it was read.
type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// keptAnswer is an http.ResponseWriter that sends nothing.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header { return k.header }

func (k *keptAnswer) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *keptAnswer) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

// statusRecorder notes the status for log and trace.
type statusRecorder struct {
	http.ResponseWriter
	x *exchange
}

func (s *statusRecorder) WriteHeader(status int) {
	if s.x.status == 0 {
		s.x.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusRecorder) Write(p []byte) (int, error) {
	if s.x.status == 0 {
		s.x.status = http.StatusOK
	}
	return s.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }
