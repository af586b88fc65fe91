package otelprism

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// meters are the metrics. A nil *meters does nothing.
type meters struct {
	duration metric.Float64Histogram
	active   metric.Int64UpDownCounter
}

func newMeters(provider metric.MeterProvider) (*meters, error) {
	meter := provider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	duration, err := meter.Float64Histogram("http.server.request.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of HTTP server requests."),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, .75, 1, 1.5, 2, 2.5, 3, 5, 10))
	if err != nil {
		return nil, fmt.Errorf("otelprism: making the duration histogram: %w", err)
	}
	active, err := meter.Int64UpDownCounter("http.server.active_requests",
		metric.WithUnit("{request}"), metric.WithDescription("Number of active HTTP server requests."))
	if err != nil {
		return nil, fmt.Errorf("otelprism: making the counter of active requests: %w", err)
	}
	return &meters{duration: duration, active: active}, nil
}

func (m *meters) begin(ctx context.Context, method, scheme attribute.KeyValue) {
	if m != nil {
		m.active.Add(ctx, 1, metric.WithAttributes(method, scheme))
	}
}

func (m *meters) end(ctx context.Context, d time.Duration, result []attribute.KeyValue, method, scheme, route attribute.KeyValue) {
	if m == nil {
		return
	}
	m.active.Add(ctx, -1, metric.WithAttributes(method, scheme))
	m.duration.Record(ctx, d.Seconds(), metric.WithAttributes(append([]attribute.KeyValue{method, scheme, route}, result...)...))
}
