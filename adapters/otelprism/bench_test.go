package otelprism_test

import (
	"net/http"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/b2bprism/b2bprism/adapters/otelprism"
	"github.com/b2bprism/b2bprism/prism"
)

func BenchmarkRequest(b *testing.B) {
	for name, sampler := range map[string]sdktrace.Sampler{"sampled": sdktrace.AlwaysSample(), "dropped": sdktrace.NeverSample()} {
		b.Run(name, func(b *testing.B) {
			telemetry, err := otelprism.New(sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler)), otelprism.Options{})
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
