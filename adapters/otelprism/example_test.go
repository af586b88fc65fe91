package otelprism_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/adapters/otelprism"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// tokens is an Authenticator that stands for an *oauth.Server.
type tokens map[string]string

func (a tokens) Verify(_ context.Context, token string) (prism.Principal, error) {
	if user, ok := a[token]; ok {
		return prism.Principal{UserID: user}, nil
	}
	return prism.Principal{}, prism.ErrUnauthorized
}

// The traces go into the two configurations. A host gives its own exporter.
func Example() {
	exporter := tracetest.NewInMemoryExporter()
	tracerProvider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	telemetry, err := otelprism.New(tracerProvider, otelprism.Options{})
	if err != nil {
		log.Fatal(err)
	}

	var oauthConfig oauth.Config // and Clients, Store, Login, …
	oauthConfig.Trace = telemetry.OAuthTrace()

	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		log.Fatal(err)
	}
	prismConfig := prism.FromStore(store)
	prismConfig.Auth, prismConfig.Secrets = tokens{}, [][]byte{bytes.Repeat([]byte("k"), prism.MinSecret)}
	prismConfig.Trace = telemetry.PRISMTrace()
	svc, err := prism.New(prismConfig)
	if err != nil {
		log.Fatal(err)
	}

	r := httptest.NewRequest(http.MethodGet, "https://api.example.com/prism/v1/service/live/4711", nil)
	svc.ServeHTTP(httptest.NewRecorder(), r)
	for _, span := range exporter.GetSpans() {
		fmt.Println(span.SpanKind, span.Name)
	}
	// Output: server GET /v1/service/live/{liveId}
}

// A host's own Trace comes second, so that it finds the span in its context.
func ExampleTelemetry_PRISMTrace() {
	telemetry, err := otelprism.New(sdktrace.NewTracerProvider(), otelprism.Options{})
	if err != nil {
		log.Fatal(err)
	}
	own := prism.Trace{RequestStart: func(ctx context.Context, info prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
		return ctx, func(result prism.RequestResult) { fmt.Println(info.Route, result.Status) }
	}}
	joined := prism.JoinTraces(telemetry.PRISMTrace(), own)
	_, done := joined.RequestStart(context.Background(), prism.RequestInfo{Method: http.MethodGet, Route: "/v1/service/user"})
	done(prism.RequestResult{Status: http.StatusOK})
	// Output: /v1/service/user 200
}

// The metrics go to a MeterProvider, which the host connects to its exporter.
// The hooks of the media server pass through Ingest.
func ExampleTelemetry_Ingest() {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		log.Fatal(err)
	}
	reader := sdkmetric.NewManualReader()
	telemetry, err := otelprism.New(sdktrace.NewTracerProvider(), otelprism.Options{
		MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
		LivesOnAir:    otelprism.CountLives(store, 1000),
	})
	if err != nil {
		log.Fatal(err)
	}
	events, err := ingest.NewEvents(store, ingest.EventsOptions{})
	if err != nil {
		log.Fatal(err)
	}
	events = telemetry.Ingest(events) // and then to ingest.NGINX or another handler

	if _, err := events.Authorize(context.Background(), ingest.Publish{Key: "unknown", Session: "1"}); err != nil {
		fmt.Println("refused")
	}
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &collected); err != nil {
		log.Fatal(err)
	}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		if !strings.HasPrefix(m.Name, "b2bprism.oauth.") {
			fmt.Println(m.Name, m.Unit)
		}
	}
	// Unordered output:
	// refused
	// b2bprism.ingest.events {event}
	// b2bprism.ingest.sessions {session}
	// b2bprism.live.count_failures {failure}
	// b2bprism.live.on_air {live}
}
