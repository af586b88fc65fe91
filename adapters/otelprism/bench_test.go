package otelprism_test

import (
	"net/http"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/b2bprism/b2bprism/adapters/otelprism"
	"github.com/b2bprism/b2bprism/prism"
)

func BenchmarkRequest(b *testing.B) {
	for name, of := range map[string]struct {
		sampler sdktrace.Sampler
		metered bool
	}{
		"sampled": {sampler: sdktrace.AlwaysSample()}, "dropped": {sampler: sdktrace.NeverSample()},
		"metered": {sampler: sdktrace.NeverSample(), metered: true},
	} {
		b.Run(name, func(b *testing.B) {
			var opt otelprism.Options
			if of.metered {
				opt.MeterProvider = newMeterProvider(b, sdkmetric.NewManualReader())
			}
			telemetry, err := otelprism.New(sdktrace.NewTracerProvider(sdktrace.WithSampler(of.sampler)), opt)
			if err != nil {
				b.Fatal(err)
			}
			tr, ctx := telemetry.PRISMTrace(), b.Context()
			info := prism.RequestInfo{RequestID: "r", Method: http.MethodGet, Route: "/v1/service/live/{liveId}"}
			b.ReportAllocs()
			for b.Loop() {
				_, done := tr.RequestStart(ctx, info)
				if done == nil {
					continue
				}
				done(prism.RequestResult{Status: http.StatusOK, UserID: "minji", Duration: time.Millisecond})
			}
		})
	}
}
