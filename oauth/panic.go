package oauth

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

const endpointAuthorize = "authorize"

// recoverPage answers a panic behind the authorization endpoint, where a
// browser waits.
func (s *Server) recoverPage(w *answerWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	s.logPanic(r, endpointAuthorize, p)
	if w.begun {
		return
	}
	// They belong to an answer that never came.
	for _, name := range []string{"Location", "Content-Length", "Content-Encoding"} {
		w.Header().Del(name)
	}
	s.renderError(w, r, http.StatusInternalServerError, pageFailed, "")
}

// recoverToken answers a panic behind an endpoint that authenticates clients.
func (s *Server) recoverToken(w http.ResponseWriter, r *http.Request, info *tokenRequestInfo) {
	p := recover()
	if p == nil {
		return
	}
	s.logPanic(r, info.endpoint, p)
	if info.answered {
		return
	}
	event := info.refused()
	event.Code, event.Reason = codeServerError, reasonFailed
	writeTokenJSON(w, http.StatusInternalServerError, errorAnswer{Error: codeServerError})
	s.tokenRefused(r.Context(), event)
}

// logPanic logs what panicked while the endpoint served r: it names what the
// host gave, and the stack tells which of it. It panics with
// http.ErrAbortHandler again, by which a handler asks net/http to hang up.
func (s *Server) logPanic(r *http.Request, endpoint string, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked, not returned
		panic(p)
	}
	s.log.Error("oauth: panic",
		zap.String("request_id", prism.RequestID(r.Context())),
		zap.String("endpoint", endpoint),
		zap.String("clients", fmt.Sprintf("%T", s.cfg.Clients)),
		zap.String("store", fmt.Sprintf("%T", s.cfg.Store)),
		zap.String("login", fmt.Sprintf("%T", s.cfg.Login)),
		zap.String("users", fmt.Sprintf("%T", s.cfg.Users)),
		zap.Any("panic", p),
		zap.ByteString("stack", debug.Stack()))
}

// answerWriter notes whether an answer was begun.
type answerWriter struct {
	http.ResponseWriter
	begun bool
}

func (a *answerWriter) WriteHeader(status int) {
	a.begun = a.begun || status >= http.StatusOK // before that come early hints
	a.ResponseWriter.WriteHeader(status)
}

func (a *answerWriter) Write(p []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (a *answerWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }
