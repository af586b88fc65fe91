package otelprism_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/b2bprism/b2bprism/adapters/otelprism"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, provider, _ := newTelemetry(t, otelprism.Options{})
	for want, make := range map[string]func() (*otelprism.Telemetry, error){
		"TracerProvider is nil": func() (*otelprism.Telemetry, error) { return otelprism.New(nil, otelprism.Options{}) },
		"UserHashKey has 31 bytes": func() (*otelprism.Telemetry, error) {
			return otelprism.New(provider, otelprism.Options{UserHashKey: []byte(strings.Repeat("k", 31))})
		},
		"UserHashKey has 0 bytes": func() (*otelprism.Telemetry, error) {
			return otelprism.New(provider, otelprism.Options{UserHashKey: []byte{}})
		},
		"LivesOnAir needs a MeterProvider": func() (*otelprism.Telemetry, error) {
			return otelprism.New(provider, otelprism.Options{LivesOnAir: func(context.Context) (int, error) { return 0, nil }})
		},
		"LivesTimeout: -1s": func() (*otelprism.Telemetry, error) {
			return otelprism.New(provider, otelprism.Options{LivesTimeout: -time.Second})
		},
		"SessionTimeout: -1s": func() (*otelprism.Telemetry, error) {
			return otelprism.New(provider, otelprism.Options{SessionTimeout: -time.Second})
		},
	} {
		telemetry, err := make()
		if err == nil || telemetry != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v; want an error with %q", telemetry, err, want)
		}
	}
}

// play plays one request to the Trace.
func play(ctx context.Context, tr prism.Trace, method, route string, result prism.RequestResult) {
	_, done := tr.RequestStart(ctx, prism.RequestInfo{RequestID: "r", Method: method, Route: route})
	done(result)
}

func TestKindAndParent(t *testing.T) {
	t.Parallel()
	telemetry, provider, recorder := newTelemetry(t, otelprism.Options{})
	remote := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	local, middleware := provider.Tracer("middleware").Start(t.Context(), "middleware", trace.WithSpanKind(trace.SpanKindServer))
	defer middleware.End()
	for _, test := range []struct {
		route  string
		ctx    context.Context
		kind   trace.SpanKind
		parent trace.SpanID
	}{
		{"/root", t.Context(), trace.SpanKindServer, trace.SpanID{}},
		{"/remote", trace.ContextWithRemoteSpanContext(t.Context(), remote), trace.SpanKindServer, remote.SpanID()},
		{"/local", local, trace.SpanKindInternal, middleware.SpanContext().SpanID()},
	} {
		play(test.ctx, telemetry.PRISMTrace(), "GET", test.route, prism.RequestResult{Status: 200})
		span := one(t, recorder.Ended(), "GET "+test.route)
		if span.SpanKind() != test.kind || span.Parent().SpanID() != test.parent {
			t.Errorf("%s: kind %s, parent %s; want %s, %s", test.route, span.SpanKind(), span.Parent().SpanID(), test.kind, test.parent)
		}
	}
}

func TestUnusualRequests(t *testing.T) {
	t.Parallel()
	telemetry, _, recorder := newTelemetry(t, otelprism.Options{})
	tr := telemetry.PRISMTrace()
	play(t.Context(), tr, "OTHER", "unknown", prism.RequestResult{Status: 404, ErrorCode: 7})
	play(t.Context(), tr, "GET", "/aborted", prism.RequestResult{})

	weird := one(t, recorder.Ended(), "HTTP unknown")
	want := map[string]string{
		"http.request.method": "_OTHER", "http.route": "unknown", "http.response.status_code": "404",
		"url.scheme": "https", "b2bprism.request.id": "r", "b2bprism.error_code": "7",
	}
	if diff := cmp.Diff(want, attrs(weird.Attributes())); diff != "" {
		t.Error(diff)
	}
	aborted := one(t, recorder.Ended(), "GET /aborted")
	if got := attrs(aborted.Attributes()); aborted.Status().Code != codes.Error || got["error.type"] != "_OTHER" || got["http.response.status_code"] != "" {
		t.Errorf("an answer that was never written: status %v, %v", aborted.Status(), got)
	}
}

func TestEventsWithinASpan(t *testing.T) {
	t.Parallel()
	telemetry, _, recorder := newTelemetry(t, otelprism.Options{})
	tr := telemetry.PRISMTrace()
	ctx, done := tr.RequestStart(t.Context(), prism.RequestInfo{Method: "PUT", Route: "/stop"})
	live := prism.Live{ID: "l1", ChannelID: "c1", Title: "secret title"}
	tr.LiveChanged(ctx, prism.LiveChange{Event: prism.LiveEnded, Live: live, Reason: prism.EndedByStreamer})
	tr.BadData(ctx, prism.BadData{Adapter: "*app.Store", Field: "Live.Scope"})
	telemetry.OAuthTrace().TokenRefused(ctx, oauth.RefusedEvent{Endpoint: "token", Code: "invalid_client", Reason: "client unknown or secret wrong"})
	done(prism.RequestResult{Status: 200})
	want := []string{
		"b2bprism.live.ended map[b2bprism.channel.id:c1 b2bprism.live.end_reason:streamer b2bprism.live.id:l1]",
		"b2bprism.bad_data map[b2bprism.adapter:*app.Store b2bprism.field:Live.Scope]",
		"b2bprism.oauth.token_refused map[b2bprism.oauth.endpoint:token b2bprism.oauth.error:invalid_client b2bprism.oauth.reason:client unknown or secret wrong]",
	}
	if diff := cmp.Diff(want, events(one(t, recorder.Ended(), "PUT /stop"))); diff != "" {
		t.Error(diff)
	}
	if n := len(recorder.Ended()); n != 1 {
		t.Errorf("%d spans, want 1", n)
	}
}

// A span of another process can get no event here.
func TestEventBelowARemoteSpan(t *testing.T) {
	t.Parallel()
	telemetry, _, recorder := newTelemetry(t, otelprism.Options{})
	remote := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	ctx := trace.ContextWithRemoteSpanContext(t.Context(), remote)
	telemetry.OAuthTrace().ReuseDetected(ctx, oauth.ReuseEvent{ClientID: "prism", What: "code"})
	span := one(t, recorder.Ended(), "b2bprism.oauth.reuse_detected")
	if span.Parent().SpanID() != remote.SpanID() || attrs(span.Attributes())["b2bprism.oauth.reused"] != "code" {
		t.Errorf("parent %v, attributes %v", span.Parent(), attrs(span.Attributes()))
	}
}

// A request that is not sampled exports nothing, nor do its events.
func TestNotSampled(t *testing.T) {
	t.Parallel()
	_, _, recorder := newTelemetry(t, otelprism.Options{})
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder), sdktrace.WithSampler(sdktrace.NeverSample()))
	telemetry, err := otelprism.New(provider, otelprism.Options{UserHashKey: []byte(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	tr := telemetry.PRISMTrace()
	ctx, done := tr.RequestStart(t.Context(), prism.RequestInfo{Method: "GET", Route: "/r"})
	tr.LiveChanged(ctx, prism.LiveChange{Event: prism.LiveStarted})
	if done != nil {
		t.Error("a function for a result that nobody wants")
	}
	if n := len(recorder.Ended()); n != 0 {
		t.Errorf("%d spans, want none", n)
	}
}
