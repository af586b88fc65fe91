package ingest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// exampleEvents are Events over an empty store: every key is unknown.
func exampleEvents() ingest.Events {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://live.example.com/live"})
	if err != nil {
		panic(err)
	}
	events, err := ingest.NewEvents(store, ingest.EventsOptions{})
	if err != nil {
		panic(err)
	}
	return events
}

func ExampleSRS() {
	events := exampleEvents()
	control := &ingest.SRSControl{URL: "http://127.0.0.1:1985", App: "live"}
	hooks, err := ingest.SRS(events, ingest.SRSOptions{
		Secret: "a-long-random-secret", App: "live", Control: control,
		// SRS forwards to itself, so it comes from this machine.
		Relay:     []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		ForwardTo: "rtmp://127.0.0.1/play/[name]?vhost=play",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// SRS sends no heartbeats: ask it.
	poller, err := ingest.NewPoller(ingest.PollerOptions{Server: control, Events: events})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = poller.Close() }() // Close always returns nil

	publish := `{"action":"on_publish","client_id":"9308h583","ip":"192.0.2.7","app":"live","stream":"unknown-key"}`
	w := httptest.NewRecorder()
	hooks.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/a-long-random-secret/publish", strings.NewReader(publish)))
	fmt.Println(w.Code, w.Body)
	// Output: 403 {"code":403}
}

func ExampleMediaMTX() {
	hooks, err := ingest.MediaMTX(exampleEvents(), ingest.MediaMTXOptions{Secret: "a-long-random-secret", App: "live"})
	if err != nil {
		fmt.Println(err)
		return
	}
	read := `{"ip":"192.0.2.7","action":"read","path":"live/somebodys-key","protocol":"hls","id":null}`
	w := httptest.NewRecorder()
	hooks.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/a-long-random-secret/auth", strings.NewReader(read)))
	fmt.Println(w.Code)
	// Output: 403
}

func ExampleOvenMediaEngine() {
	hooks, err := ingest.OvenMediaEngine(exampleEvents(), ingest.OvenMediaEngineOptions{SecretKey: "the <SecretKey> of Server.xml", App: "app"})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	hooks.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"unsigned":true}`)))
	fmt.Println(w.Code)
	// Output: 401
}

func ExampleLiveStationChannel_RTMPPath() {
	channel := ingest.LiveStationChannel{
		ID: "ls-20200327140131-aBCD3", PublishURL: "rtmp://rtmp-ls2-k1.video.media.ntruss.com:8080/relay", StreamKey: "sk7f3a9cq2l5t8w1",
	}
	path, err := channel.RTMPPath()
	fmt.Println(path, err)
	// Output: rtmp://rtmp-ls2-k1.video.media.ntruss.com:8080/relay/sk7f3a9cq2l5t8w1 <nil>
}
