package prism_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

type joinKey struct{}

// noting returns a Trace that writes what it sees to log under a name.
func noting(log *[]string, name string) prism.Trace {
	note := func(ctx context.Context, format string, args ...any) {
		*log = append(*log, fmt.Sprintf("%s[%v] ", name, ctx.Value(joinKey{}))+fmt.Sprintf(format, args...))
	}
	return prism.Trace{
		RequestStart: func(ctx context.Context, info prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
			note(ctx, "start %s", info.Route)
			return context.WithValue(ctx, joinKey{}, name), func(r prism.RequestResult) { note(ctx, "result %d", r.Status) }
		},
		LiveChanged: func(ctx context.Context, c prism.LiveChange) { note(ctx, "live %s", c.Event) },
		BadData:     func(ctx context.Context, d prism.BadData) { note(ctx, "bad %s", d.Field) },
	}
}

func TestJoinTraces(t *testing.T) {
	t.Parallel()
	var log []string
	joined := prism.JoinTraces(noting(&log, "a"), prism.Trace{}, noting(&log, "b"))
	ctx, result := joined.RequestStart(t.Context(), prism.RequestInfo{Route: "/r"})
	joined.LiveChanged(ctx, prism.LiveChange{Event: prism.LiveStarted})
	joined.BadData(ctx, prism.BadData{Field: "Live.Title"})
	result(prism.RequestResult{Status: 200, Duration: time.Second})
	want := []string{
		"a[<nil>] start /r", "b[a] start /r",
		"a[b] live started", "b[b] live started",
		"a[b] bad Live.Title", "b[b] bad Live.Title",
		"b[a] result 200", "a[<nil>] result 200",
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Error(diff)
	}
}

func TestJoinTracesOfNothing(t *testing.T) {
	t.Parallel()
	for _, joined := range []prism.Trace{prism.JoinTraces(), prism.JoinTraces(prism.Trace{}, prism.Trace{})} {
		if joined.RequestStart != nil || joined.LiveChanged != nil || joined.BadData != nil {
			t.Errorf("got %+v, want a Trace that costs nothing", joined)
		}
	}
	silent := prism.Trace{RequestStart: func(context.Context, prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
		return nil, nil
	}}
	ctx, result := prism.JoinTraces(silent, silent).RequestStart(t.Context(), prism.RequestInfo{})
	if ctx == nil || result != nil {
		t.Errorf("context %v, result set: %t; want the request's context and no result function", ctx, result != nil)
	}
}

func TestJoinTracesPanic(t *testing.T) {
	t.Parallel()
	inFlight, last := 0, 0
	gauge := prism.Trace{RequestStart: func(ctx context.Context, _ prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
		inFlight++
		return ctx, func(r prism.RequestResult) { inFlight--; last = r.Status }
	}}
	atStart := prism.Trace{RequestStart: func(context.Context, prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
		panic("at start")
	}}
	atEnd := prism.Trace{RequestStart: func(ctx context.Context, _ prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
		return ctx, func(prism.RequestResult) { panic("at end") }
	}}
	for _, test := range []struct {
		name, panic string
		broken      prism.Trace
		status      int
	}{
		{"start", "at start", atStart, http.StatusInternalServerError},
		{"end", "at end", atEnd, http.StatusOK},
	} {
		func() {
			defer func() {
				if p := recover(); p != test.panic {
					t.Errorf("%s: panic %v, want it to go on", test.name, p)
				}
			}()
			_, result := prism.JoinTraces(gauge, test.broken).RequestStart(t.Context(), prism.RequestInfo{})
			result(prism.RequestResult{Status: http.StatusOK})
		}()
		if inFlight != 0 || last != test.status {
			t.Errorf("%s: %d in flight, last status %d; want 0 and %d", test.name, inFlight, last, test.status)
		}
	}
}
