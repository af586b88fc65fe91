package ingest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// The hooks of nginx-rtmp stand on a listener of their own, which only nginx
// reaches. svc.Config.Ingest gets the same control, so that a live that ends
// drops its publisher.
func ExampleNGINX() {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://live.example.com/live"})
	if err != nil {
		fmt.Println(err)
		return
	}
	events, err := ingest.NewEvents(store, ingest.EventsOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	control := &ingest.NGINXControl{URL: "http://127.0.0.1:9001/control", App: "live"}
	hooks, err := ingest.NGINX(events, ingest.NGINXOptions{Secret: "a-long-random-secret", App: "live", Control: control})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/hooks/", http.StripPrefix("/hooks", hooks))

	publish := "app=live&addr=192.0.2.7&clientid=1&call=publish&name=unknown-key&type=live"
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/hooks/a-long-random-secret/publish", strings.NewReader(publish)))
	fmt.Println(w.Code)
	// Output: 403
}

// A Watcher runs beside the service.
func ExampleNewWatcher() {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://live.example.com/live"})
	if err != nil {
		fmt.Println(err)
		return
	}
	svc := new(prism.Service) // prism.New(prism.Config{…})
	watcher, err := ingest.NewWatcher(ingest.WatcherOptions{Store: store, End: svc.EndBroadcast, Timeout: 30 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = watcher.Close() }() // Close always returns nil
	// Output:
}
