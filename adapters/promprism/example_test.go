package promprism_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/adapters/promprism"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func exampleStore() *memory.Store {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	err = errors.Join(
		store.PutUser(ctx, prism.User{ID: "u1", Name: "Min-ji"}),
		store.PutChannel(ctx, "u1", prism.Channel{ID: "c1", Name: "Morning talk", Enabled: true}),
	)
	if err != nil {
		log.Fatal(err)
	}
	return store
}

// The metrics go into the two configurations. Serve the registry on an
// address that only Prometheus reaches.
func Example() {
	store := exampleStore()
	registry := prometheus.NewRegistry()
	metrics, err := promprism.New(registry, promprism.Options{
		LivesOnAir: promprism.CountLives(store, 1000),
	})
	if err != nil {
		log.Fatal(err)
	}

	var oauthConfig oauth.Config // and Clients, Store, Login, …
	oauthConfig.Trace = metrics.OAuthTrace()

	prismConfig := prism.FromStore(store)
	prismConfig.Auth, prismConfig.Secrets = refuseAll{}, [][]byte{bytes.Repeat([]byte("k"), prism.MinSecret)}
	prismConfig.Trace = metrics.PRISMTrace()
	svc, err := prism.New(prismConfig)
	if err != nil {
		log.Fatal(err)
	}

	r := httptest.NewRequest(http.MethodGet, "https://api.example.com/prism/v1/service/user", nil)
	svc.ServeHTTP(httptest.NewRecorder(), r)

	scrape := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(scrape, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(scrape.Body.String()) {
		if strings.HasPrefix(line, "b2bprism_http_requests_total") || strings.HasPrefix(line, "b2bprism_lives_on_air ") {
			fmt.Print(line)
		}
	}
	// Output:
	// b2bprism_http_requests_total{code="401",method="GET",route="/v1/service/user"} 1
	// b2bprism_lives_on_air 0
}

// A host with a Trace of its own joins the two.
func ExampleMetrics_PRISMTrace() {
	metrics, err := promprism.New(prometheus.NewRegistry(), promprism.Options{})
	if err != nil {
		log.Fatal(err)
	}
	own := prism.Trace{LiveChanged: func(_ context.Context, change prism.LiveChange) {
		fmt.Println(change.Live.Title, change.Event)
	}}
	trace := prism.JoinTraces(metrics.PRISMTrace(), own)
	trace.LiveChanged(context.Background(), prism.LiveChange{Event: prism.LiveStarted, Live: prism.Live{Title: "Today"}})
	// Output: Today started
}

// Wrapped events go to the handler of a media server as they did before.
func ExampleMetrics_Ingest() {
	registry := prometheus.NewRegistry()
	metrics, err := promprism.New(registry, promprism.Options{})
	if err != nil {
		log.Fatal(err)
	}
	events, err := ingest.NewEvents(exampleStore(), ingest.EventsOptions{})
	if err != nil {
		log.Fatal(err)
	}
	events = metrics.Ingest(events) // then ingest.NGINX(events, …)

	_, err = events.Authorize(context.Background(), ingest.Publish{Key: "unknown", Session: "s1"})
	fmt.Println(errors.Is(err, prism.ErrNotFound))
	// Output: true
}
