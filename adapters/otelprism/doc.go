// Package otelprism makes OpenTelemetry traces, and if wanted metrics, of what
// a [prism.Service] and an [oauth.Server] do.
//
//	telemetry, err := otelprism.New(tracerProvider, otelprism.Options{})
//	// ...
//	oauthConfig.Trace = telemetry.OAuthTrace()
//	prismConfig.Trace = telemetry.PRISMTrace()
//
// A host with a Trace of its own joins the two; telemetry goes first, so that
// the other finds the span in its context:
//
//	prismConfig.Trace = prism.JoinTraces(telemetry.PRISMTrace(), own)
//
// Every request is a span named by method and route template, for example
// "GET /v1/service/live/{liveId}", with the attributes of the HTTP semantic
// conventions. The stores and the host's other adapters get its context, so
// their spans are its children. A status of 5xx is an error of the span. What
// happens to lives, tokens and sign-ins, and values that could not be sent,
// are events of the span; a live that the host ends outside of any span gets
// a short one of its own.
//
// The span is of kind server, with the parent that is in the request's
// context. The package reads no traceparent header: the service is called by
// clients over the Internet, which should not decide about traces. Where a
// middleware such as otelhttp has made the server's span already, the
// package's span is its child, of kind internal.
//
// No span has a token, a code, a key, an account name, an address, a path, or
// a query string. User ids are left out, or hashed with Options.UserHashKey.
// Ids of lives and channels, and OAuth client ids, are attributes of events.
//
// With Options.MeterProvider there are metrics: duration and number of
// requests, outcomes of tokens, lives on air and, through [Telemetry.Ingest],
// the hooks and publishers of a media server. The README lists them. Their
// attributes are of fixed sets, without ids.
//
// The package uses the API of OpenTelemetry only; the host brings the SDK.
package otelprism
