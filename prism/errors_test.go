package prism_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// table lists the published errors.
var table = []*prism.Error{
	prism.ErrInvalid, prism.ErrUnauthorized, prism.ErrForbidden, prism.ErrChannelDisabled, prism.ErrTLSRequired, prism.ErrNotFound,
	prism.ErrNoSuchAPI, prism.ErrMethodNotAllowed, prism.ErrConflict, prism.ErrTooLarge, prism.ErrMediaType, prism.ErrInternal,
	prism.ErrUnavailable, prism.ErrTimeout,
}

func TestErrorTable(t *testing.T) {
	t.Parallel()
	upperSnake := regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)
	seen := map[int]bool{}
	for _, e := range table {
		if e.Code <= 0 || seen[e.Code] || !upperSnake.MatchString(e.Name) || e.Status != e.Code/100 || !strings.HasSuffix(e.Message, ".") {
			t.Errorf("bad entry %+v", e)
		}
		seen[e.Code] = true
		if e.Status == http.StatusUnauthorized && e != prism.ErrUnauthorized {
			t.Errorf("%s: 401 is for tokens only", e.Name)
		}
	}
	if !errors.Is(fmt.Errorf("x: %w", prism.InvalidField("title", "is required")), prism.ErrInvalid) {
		t.Error("InvalidField does not match ErrInvalid")
	}
	if errors.Is(prism.ErrChannelDisabled, prism.ErrForbidden) {
		t.Error("two sentinels match each other")
	}
}

func TestAdapterErrorsOnTheWire(t *testing.T) {
	t.Parallel()
	own := &prism.Error{Status: 429, Code: 100001, Name: "TOO_MANY_LIVES", Message: "Delete a live first."}
	for _, tt := range []struct {
		name string
		err  error
		want *prism.Error
	}{
		{"not found, wrapped", fmt.Errorf("select: %w", prism.ErrNotFound), prism.ErrNotFound},
		{"forbidden", prism.ErrForbidden, prism.ErrForbidden},
		{"conflict", prism.ErrConflict, prism.ErrConflict},
		{"invalid, naming a field", prism.InvalidField("title", "is taken"), prism.ErrInvalid},
		{"unavailable", fmt.Errorf("dial tcp 10.0.0.5: %w", prism.ErrUnavailable), prism.ErrUnavailable},
		{"a host's own", fmt.Errorf("x: %w", own), own},
		{"unknown", errors.New("pq: password authentication failed for user admin"), prism.ErrInternal},
		{"canceled by the store itself", context.Canceled, prism.ErrUnavailable},
		{"deadline of the store itself", context.DeadlineExceeded, prism.ErrTimeout},
		{"401 from a store would log the streamer out", prism.ErrUnauthorized, prism.ErrInternal},
		{"a host's own 401", &prism.Error{Status: 401, Code: 100002, Name: "X", Message: "m"}, prism.ErrInternal},
		{"a host's 200", &prism.Error{Status: 200, Code: 100002, Name: "X", Message: "m"}, prism.ErrInternal},
		{"a host's code 0", &prism.Error{Status: 400, Name: "X", Message: "m"}, prism.ErrInternal},
		{"a host's error without name", &prism.Error{Status: 400, Code: 5, Message: "m"}, prism.ErrInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, (&stubHost{err: tt.err}).use)
			a := h.do("GET", liveBase+"x", "")
			message := h.wantError(a, tt.want)
			if strings.Contains(message, "pq:") || strings.Contains(message, "10.0.0.5") {
				t.Errorf("internals on the wire: %s", a.body)
			}
			if tt.want == prism.ErrInternal && !strings.Contains(message, a.Header().Get("X-Request-Id")) {
				t.Errorf("message %q lacks the request id", message)
			}
			if tt.want == prism.ErrUnavailable && a.Header().Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
		})
	}
}

func TestUnknownErrorsAreLoggedWithTheRequestID(t *testing.T) {
	t.Parallel()
	h := newHost(t, (&stubHost{err: errors.New("disk is full")}).use)
	id := h.do("GET", liveBase+"x", "").Header().Get("X-Request-Id")
	for _, entry := range h.log.FilterField(zapError("disk is full")).All() {
		if entry.ContextMap()["request_id"] == id && id != "" {
			return
		}
	}
	t.Errorf("the log has no entry with request %q and the reason", id)
}

func TestPanicIs500AndNamesTheAdapter(t *testing.T) {
	t.Parallel()
	for _, isolate := range []bool{false, true} {
		stub := &stubHost{before: func(context.Context) error { panic("nil map") }}
		h := newHost(t, stub.use, func(c *prism.Config) { c.Isolate = isolate })
		h.wantError(h.do("GET", liveBase+"x", ""), prism.ErrInternal)
		entries := h.log.FilterMessage("prism: an adapter panicked").All()
		if len(entries) != 1 || entries[0].ContextMap()["adapter"] != "*prism_test.stubHost" || entries[0].ContextMap()["stack"] == "" {
			t.Errorf("isolate %v: log %+v, want the adapter's name and a stack", isolate, entries)
		}
		stub.before = nil
		stub.lives = []prism.Live{goodLive()}
		if a := h.do("GET", liveBase+"x", ""); a.Code != 200 {
			t.Errorf("after a panic: %d", a.Code)
		}
	}
}

func TestPanicInTheHostsTrace(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *prism.Config) {
		c.Trace.LiveChanged = func(context.Context, prism.LiveChange) { panic("trace") }
	})
	h.wantError(h.do("POST", "/prism/v1/service/channel/main/live", `{"title":"t","reservedAt":"2026-11-22T12:00:00Z"}`), prism.ErrInternal)
}

// abortingAuth aborts the connection from its own endpoint, as net/http allows.
type abortingAuth struct{ tokens }

func (abortingAuth) ServePRISMToken(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestAbortedRequestEndsItsTrace(t *testing.T) {
	t.Parallel()
	for _, isolate := range []bool{false, true} {
		ended := 0
		h := newHost(t, func(c *prism.Config) {
			c.Auth, c.Isolate = abortingAuth{testTokens}, isolate
			c.Trace.RequestStart = func(ctx context.Context, _ prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
				return ctx, func(prism.RequestResult) { ended++ }
			}
		})
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked
					t.Errorf("isolate %v: the panic became %v", isolate, p)
				}
			}()
			h.do("GET", "/prism/v1/service/oauth2/token", "")
		}()
		if ended != 1 {
			t.Errorf("isolate %v: the trace ended %d times, want once", isolate, ended)
		}
	}
}

func TestPanicInRequestStart(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *prism.Config) {
		c.Trace.RequestStart = func(context.Context, prism.RequestInfo) (context.Context, func(prism.RequestResult)) { panic("trace") }
	})
	h.wantError(h.do("GET", "/prism/v1/service/user", ""), prism.ErrInternal)
}
