package oauth

import "context"

// JoinTraces returns a Trace that calls those given, in their order, for
// example a metrics adapter's and the host's own for Config.Trace. A function
// that none of them sets stays nil, so it costs nothing.
func JoinTraces(traces ...Trace) Trace {
	var joined Trace
	for _, t := range traces {
		joined.TokenIssued = joinObservers(joined.TokenIssued, t.TokenIssued)
		joined.TokenRefused = joinObservers(joined.TokenRefused, t.TokenRefused)
		joined.ReuseDetected = joinObservers(joined.ReuseDetected, t.ReuseDetected)
		joined.LoginFailed = joinObservers(joined.LoginFailed, t.LoginFailed)
	}
	return joined
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
