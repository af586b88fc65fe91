package ingest_test

import (
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

var relays = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func recorded(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hookCase is one request to the hooks of a media server.
type hookCase struct {
	name, path, body string
	events           scriptedEvents
	status           int
	answer           string
	calls            []string
}

// runHooks sends each request to a handler of its own and looks at the answer,
// at what the events were asked, and for the key in the log.
func runHooks(t *testing.T, make func(ingest.Events, *zap.Logger) (http.Handler, error), want ingest.Publish, cases []hookCase) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			events := tc.events
			if events.playback == "" {
				events.playback = "pb_1"
			}
			core, logs := observer.New(zapcore.DebugLevel)
			h, err := make(&events, zap.New(core))
			if err != nil {
				t.Fatal(err)
			}
			w := post(h, tc.path, tc.body)
			if w.Code != tc.status || w.Body.String() != tc.answer {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, tc.status, tc.answer)
			}
			if diff := cmp.Diff(tc.calls, events.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if len(tc.calls) > 0 {
				if diff := cmp.Diff(want, events.last); diff != "" {
					t.Errorf("publish (-want +got):\n%s", diff)
				}
			}
			for _, entry := range logs.All() {
				line, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}).EncodeEntry(entry.Entry, entry.Context)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(line.String(), streamKey) {
					t.Errorf("the log has the key: %s", line)
				}
			}
		})
	}
}

func TestSRSHooks(t *testing.T) {
	const base = "/" + hookSecret
	publish, unpublish := recorded(t, "srs_on_publish.json"), recorded(t, "srs_on_unpublish.json")
	play, forward := recorded(t, "srs_on_play.json"), recorded(t, "srs_on_forward.json")
	elsewhere := func(body, app, ip string) string {
		return strings.NewReplacer(`"app":"live"`, `"app":"`+app+`"`, "192.168.1.10", ip).Replace(body)
	}
	const refusal, failure = `{"code":403}`, `{"code":503}`
	down := prism.ErrUnavailable
	runHooks(t, func(events ingest.Events, log *zap.Logger) (http.Handler, error) {
		return ingest.SRS(events, ingest.SRSOptions{Secret: hookSecret, App: "live", Relay: relays, ForwardTo: "rtmp://127.0.0.1/play/[name]?vhost=play", Logger: log})
	}, ingest.Publish{Key: streamKey, Session: "srs:9308h583", App: "live", RemoteAddr: "192.168.1.10"}, []hookCase{
		{"publish", base + "/publish", publish, scriptedEvents{}, 200, "0", []string{"authorize", "started"}},
		{"publish with an unknown key", base + "/publish", publish, scriptedEvents{authorize: prism.ErrNotFound}, 403, refusal, []string{"authorize"}},
		{"publish of a live not on air", base + "/publish", publish, scriptedEvents{authorize: prism.ErrConflict}, 403, refusal, []string{"authorize"}},
		{"publish, live ended meanwhile", base + "/publish", publish, scriptedEvents{start: prism.ErrConflict}, 403, refusal, []string{"authorize", "started"}},
		{"publish during an outage", base + "/publish", publish, scriptedEvents{authorize: down}, 503, failure, []string{"authorize"}},
		{"publish, start not recorded", base + "/publish", publish, scriptedEvents{start: down}, 503, failure, []string{"authorize", "started"}},
		{"publish with a second stream", base + "/publish", strings.Replace(publish, `"ip"`, `"stream":"other","ip"`, 1), scriptedEvents{}, 403, refusal, nil},
		{"publish with another action", base + "/publish", unpublish, scriptedEvents{}, 403, refusal, nil},
		{"publish, no JSON", base + "/publish", "stream=" + streamKey, scriptedEvents{}, 403, refusal, nil},
		{"publish, too large", base + "/publish", strings.Replace(publish, "yyy", strings.Repeat("y", 9000), 1), scriptedEvents{}, 403, refusal, nil},
		{"publish, long client id", base + "/publish", strings.Replace(publish, "9308h583", strings.Repeat("9", 100), 1), scriptedEvents{}, 403, refusal, nil},
		{"publish elsewhere", base + "/publish", elsewhere(publish, "play", "192.168.1.10"), scriptedEvents{}, 403, refusal, nil},
		{"publish elsewhere by the relay", base + "/publish", elsewhere(publish, "play", "127.0.0.1"), scriptedEvents{}, 200, "0", nil},
		{"unpublish", base + "/unpublish", unpublish, scriptedEvents{}, 200, "0", []string{"ended"}},
		{"unpublish during an outage", base + "/unpublish", unpublish, scriptedEvents{done: down}, 200, "0", []string{"ended"}},
		{"unpublish with another action", base + "/unpublish", publish, scriptedEvents{}, 200, "0", nil},
		{"unpublish elsewhere", base + "/unpublish", elsewhere(unpublish, "play", "127.0.0.1"), scriptedEvents{}, 200, "0", nil},
		{"play by key", base + "/play", play, scriptedEvents{}, 403, refusal, nil},
		{"play by key by the relay", base + "/play", elsewhere(play, "live", "::ffff:127.0.0.1"), scriptedEvents{}, 200, "0", nil},
		{"play elsewhere", base + "/play", elsewhere(play, "play", "192.168.1.10"), scriptedEvents{}, 200, "0", nil},
		{"play, bad JSON", base + "/play", "{", scriptedEvents{}, 403, refusal, nil},
		{"forward", base + "/forward", forward, scriptedEvents{}, 200, `{"code":0,"data":{"urls":["rtmp://127.0.0.1/play/pb_1?vhost=play"]}}`, []string{"authorize"}},
		{"forward of another application", base + "/forward", elsewhere(forward, "play", "127.0.0.1"), scriptedEvents{}, 200, `{"code":0,"data":{"urls":[]}}`, nil},
		{"forward of an unknown key", base + "/forward", forward, scriptedEvents{authorize: prism.ErrNotFound}, 403, refusal, []string{"authorize"}},
		{"no secret", "/publish", publish, scriptedEvents{}, 404, "404 page not found\n", nil},
		{"wrong secret", "/0123456789abcdeX/publish", publish, scriptedEvents{}, 404, "404 page not found\n", nil},
		{"another event", base + "/connect", publish, scriptedEvents{}, 404, "404 page not found\n", nil},
	})
}

func TestSRSWithoutForward(t *testing.T) {
	h, err := ingest.SRS(&scriptedEvents{}, ingest.SRSOptions{Secret: hookSecret, App: "live"})
	if err != nil {
		t.Fatal(err)
	}
	if w := post(h, "/"+hookSecret+"/forward", recorded(t, "srs_on_forward.json")); w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
}

func TestHandlersReportEveryProblem(t *testing.T) {
	for name, tc := range map[string]struct {
		make func() (http.Handler, error)
		want []string
	}{
		"SRS": {func() (http.Handler, error) {
			return ingest.SRS(nil, ingest.SRSOptions{Secret: "short", ForwardTo: "http://x"})
		},
			[]string{"events", "Secret", "App", "ForwardTo"}},
		"MediaMTX": {func() (http.Handler, error) { return ingest.MediaMTX(nil, ingest.MediaMTXOptions{Secret: "SHORTONE"}) },
			[]string{"events", "Secret", "App"}},
		"OvenMediaEngine": {func() (http.Handler, error) {
			return ingest.OvenMediaEngine(nil, ingest.OvenMediaEngineOptions{SecretKey: "SHORTONE"})
		}, []string{"events", "SecretKey", "App"}},
		"NodeMediaServer": {func() (http.Handler, error) {
			return ingest.NodeMediaServer(nil, ingest.NodeMediaServerOptions{Secret: "SHORTONE", App: "a/b"})
		}, []string{"events", "Secret", "App"}},
		"NGINX": {func() (http.Handler, error) { return ingest.NGINX(nil, ingest.NGINXOptions{Secret: "SHORTONE"}) },
			[]string{"events", "Secret"}},
	} {
		_, err := tc.make()
		for _, want := range tc.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not name %s", name, err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "SHORTONE") {
			t.Errorf("%s: the error has the secret: %v", name, err)
		}
	}
}
