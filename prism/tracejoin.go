package prism

import (
	"context"
	"net/http"
)

// JoinTraces returns a Trace that calls those given, in their order, for
// example a metrics adapter's and the host's own for Config.Trace. A function
// that none of them sets stays nil, so it costs nothing.
//
// Each RequestStart gets the context that the one before it returned; the
// functions for the result run in reverse order, all of them, even if one
// panics. If a RequestStart panics, those that had begun get a result with
// Status 500, and the panic goes on.
func JoinTraces(traces ...Trace) Trace {
	var joined Trace
	var starts []requestStart
	for _, t := range traces {
		if t.RequestStart != nil {
			starts = append(starts, t.RequestStart)
		}
		joined.LiveChanged = joinObservers(joined.LiveChanged, t.LiveChanged)
		joined.BadData = joinObservers(joined.BadData, t.BadData)
	}
	switch len(starts) {
	case 0:
	case 1:
		joined.RequestStart = starts[0]
	default:
		joined.RequestStart = func(ctx context.Context, info RequestInfo) (context.Context, func(RequestResult)) {
			return startAll(ctx, info, starts)
		}
	}
	return joined
}

// requestStart is Trace.RequestStart.
type requestStart = func(context.Context, RequestInfo) (context.Context, func(RequestResult))

func startAll(ctx context.Context, info RequestInfo, starts []requestStart) (context.Context, func(RequestResult)) {
	results := make([]func(RequestResult), 0, len(starts))
	finish := func(result RequestResult) {
		for _, f := range results {
			defer f(result) // in reverse order, and past a panic
		}
	}
	begun := false
	defer func() {
		if !begun {
			// A gauge that counts requests must come down again.
			finish(RequestResult{Status: http.StatusInternalServerError})
		}
	}()
	for _, start := range starts {
		next, result := start(ctx, info)
		if next != nil {
			ctx = next
		}
		if result != nil {
			results = append(results, result)
		}
	}
	begun = true
	if len(results) == 0 {
		return ctx, nil
	}
	return ctx, finish
}

func joinObservers[E any](first, second func(context.Context, E)) func(context.Context, E) {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return func(ctx context.Context, event E) {
		first(ctx, event)
		second(ctx, event)
	}
}
