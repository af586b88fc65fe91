package console

import (
	"net/http"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func benchmarkRequests(b *testing.B, c *Console) {
	trace, ctx := c.Trace(), b.Context()
	info := prism.RequestInfo{RequestID: "r", Method: http.MethodGet, Route: liveRoute}
	result := prism.RequestResult{Status: 200, UserID: "minji", LiveID: "live1", Duration: time.Millisecond}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, done := trace.RequestStart(ctx, info)
			done(result)
		}
	})
}

func benchConsole(b *testing.B) *Console {
	b.Helper()
	c, err := New(Config{Registration: Registration{ServiceAPIDomain: "https://live.example.com"}})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func BenchmarkRequest(b *testing.B) { benchmarkRequests(b, benchConsole(b)) }

// BenchmarkRequestWhileRendering has the page rendered all the time.
func BenchmarkRequestWhileRendering(b *testing.B) {
	c := benchConsole(b)
	stop, stopped := make(chan struct{}), make(chan struct{})
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "https://acme.example/admin/console", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				c.page(b.Context(), c.view(r))
			}
		}
	}()
	benchmarkRequests(b, c)
	close(stop)
	<-stopped
}

func BenchmarkPage(b *testing.B) {
	c := benchConsole(b)
	for _, route := range []string{"/user", "/channel/list", "/live/{liveId}", "/live/{liveId}/chat"} {
		for i := range 1000 {
			call(c, http.MethodGet, "/v1/service"+route, prism.RequestResult{Status: 200, Duration: time.Duration(i) * time.Millisecond})
		}
	}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "https://acme.example/admin/console", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.ServeHTTP(discard{}, r)
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
