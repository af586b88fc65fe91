package promprism_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/promprism"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func BenchmarkRequest(b *testing.B) {
	_, m := newMetrics(b, promprism.Options{})
	trace, ctx := m.PRISMTrace(), b.Context()
	info := prism.RequestInfo{RequestID: "r", Method: http.MethodGet, Route: "/v1/service/live/{liveId}"}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, result := trace.RequestStart(ctx, info)
			result(prism.RequestResult{Status: http.StatusOK, UserID: "minji", Duration: time.Millisecond})
		}
	})
}

func BenchmarkTokenIssued(b *testing.B) {
	_, m := newMetrics(b, promprism.Options{})
	trace, ctx := m.OAuthTrace(), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		trace.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token"})
	}
}

// A request costs the function for its result, and nothing else.
func TestRequestAllocations(t *testing.T) {
	_, m := newMetrics(t, promprism.Options{})
	trace, ctx := m.PRISMTrace(), t.Context()
	info := prism.RequestInfo{Method: http.MethodGet, Route: "/v1/service/user"}
	n := testing.AllocsPerRun(100, func() {
		_, result := trace.RequestStart(ctx, info)
		result(prism.RequestResult{Status: http.StatusOK, Duration: time.Millisecond})
	})
	if n > 1 {
		t.Errorf("%v allocations a request, want at most 1", n)
	}
}
