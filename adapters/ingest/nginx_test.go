package ingest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

const (
	hookSecret = "0123456789abcdef"
	streamKey  = "sk_7f3a9c"
)

// scriptedEvents answers as it is told and writes down what it was asked.
type scriptedEvents struct {
	playback, path                    string
	authorize, start, heartbeat, done error
	calls                             []string
	last                              ingest.Publish
}

func (e *scriptedEvents) note(call string, p ingest.Publish) {
	e.calls = append(e.calls, call)
	e.last = p
}

func (e *scriptedEvents) Authorize(_ context.Context, p ingest.Publish) (ingest.Decision, error) {
	e.note("authorize", p)
	return ingest.Decision{Live: prism.Live{ID: "l1", PlaybackID: e.playback, RTMPPath: e.path}, Playback: e.playback}, e.authorize
}

func (e *scriptedEvents) Started(_ context.Context, p ingest.Publish) error {
	e.note("started", p)
	return e.start
}

func (e *scriptedEvents) Heartbeat(_ context.Context, p ingest.Publish) error {
	e.note("heartbeat", p)
	return e.heartbeat
}

func (e *scriptedEvents) Ended(ctx context.Context, p ingest.Publish) error {
	e.note("ended", p)
	return errors.Join(e.done, ctx.Err())
}

// body is what nginx 1.22 with libnginx-mod-rtmp 1.2.2 sends, for a call.
func body(call, tail string) string {
	return "app=live&flashver=FMLE/3.0%20(compatible%3B%20Lavf59.27&swfurl=&tcurl=rtmp://127.0.0.1:1935/live" +
		"&pageurl=&addr=127.0.0.1&clientid=7&call=" + call + "&name=" + streamKey + tail
}

func post(h http.Handler, path, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestNGINXHooks(t *testing.T) {
	const base = "/" + hookSecret
	relay := "app=&flashver=ngx-local-relay&swfurl=&tcurl=&pageurl=&addr=127.0.0.1:1935/segments&clientid=3&call=update_play&time=2&timestamp=1823&name=pb_1"
	down := prism.ErrUnavailable
	for _, tc := range []struct {
		name, path, form string
		events           scriptedEvents
		status           int
		calls            []string
	}{
		{"publish", base + "/publish", body("publish", "&type=live"), scriptedEvents{}, 302, []string{"authorize", "started"}},
		{"publish with a query of its own", base + "/publish", body("publish", "&type=live&x=1&token=t%20ok"), scriptedEvents{}, 302, []string{"authorize", "started"}},
		{"publish with an unknown key", base + "/publish", body("publish", ""), scriptedEvents{authorize: prism.ErrNotFound}, 403, []string{"authorize"}},
		{"publish of a live not on air", base + "/publish", body("publish", ""), scriptedEvents{authorize: prism.ErrConflict}, 403, []string{"authorize"}},
		{"publish forbidden by the host", base + "/publish", body("publish", ""), scriptedEvents{authorize: prism.ErrForbidden}, 403, []string{"authorize"}},
		{"publish during an outage", base + "/publish", body("publish", ""), scriptedEvents{authorize: down}, 503, []string{"authorize"}},
		{"publish, live ended meanwhile", base + "/publish", body("publish", ""), scriptedEvents{start: prism.ErrConflict}, 403, []string{"authorize", "started"}},
		{"publish, start not recorded", base + "/publish", body("publish", ""), scriptedEvents{start: down}, 503, []string{"authorize", "started"}},
		{"publish with a name that is a URL", base + "/publish", body("publish", ""), scriptedEvents{playback: "rtmp://evil/x"}, 503, []string{"authorize"}},
		{"publish with a second name", base + "/publish", body("publish", "&name=other"), scriptedEvents{}, 403, nil},
		{"publish with a second name, escaped", base + "/publish", body("publish", "&n%61me=other"), scriptedEvents{}, 403, nil},
		{"publish with a second call", base + "/publish", body("publish", "&call=publish_done"), scriptedEvents{}, 403, nil},
		{"publish with a second addr", base + "/publish", body("publish", "&addr=9.9.9.9"), scriptedEvents{}, 403, nil},
		{"publish with a second clientid", base + "/publish", body("publish", "&clientid=1"), scriptedEvents{}, 403, nil},
		{"publish with a second app", base + "/publish", body("publish", "&app=live"), scriptedEvents{}, 403, nil},
		{"publish to another application", base + "/publish", strings.Replace(body("publish", ""), "app=live", "app=other", 1), scriptedEvents{}, 403, nil},
		{"publish with another call", base + "/publish", body("play", ""), scriptedEvents{}, 403, nil},
		{"publish without clientid", base + "/publish", "app=live&call=publish&name=x", scriptedEvents{}, 403, nil},
		{"publish, empty body", base + "/publish", "", scriptedEvents{}, 403, nil},
		{"publish, body too large", base + "/publish", body("publish", "&x="+strings.Repeat("a", 9000)), scriptedEvents{}, 403, nil},
		{"update", base + "/update", body("update_publish", ""), scriptedEvents{}, 204, []string{"heartbeat"}},
		{"update of a session that lost its place", base + "/update", body("update_publish", ""), scriptedEvents{heartbeat: prism.ErrConflict}, 403, []string{"heartbeat"}},
		{"update of a key that is gone", base + "/update", body("update_publish", ""), scriptedEvents{heartbeat: prism.ErrNotFound}, 403, []string{"heartbeat"}},
		{"update during an outage", base + "/update", body("update_publish", ""), scriptedEvents{heartbeat: down}, 204, []string{"heartbeat"}},
		{"update, store out of time", base + "/update", body("update_publish", ""), scriptedEvents{heartbeat: context.DeadlineExceeded}, 204, []string{"heartbeat"}},
		{"update of nginx's own push", base + "/update", relay, scriptedEvents{}, 204, nil},
		{"update with another call", base + "/update", body("done", ""), scriptedEvents{}, 204, nil},
		{"update, second name", base + "/update", body("update_publish", "&name=b"), scriptedEvents{}, 403, nil},
		{"done", base + "/done", body("publish_done", ""), scriptedEvents{}, 204, []string{"ended"}},
		{"done during an outage", base + "/done", body("publish_done", ""), scriptedEvents{done: down}, 204, []string{"ended"}},
		{"done with another call", base + "/done", body("publish", ""), scriptedEvents{}, 204, nil},
		{"done, second name", base + "/done", body("publish_done", "&name=b"), scriptedEvents{}, 204, nil},
		{"no secret", "/publish", body("publish", ""), scriptedEvents{}, 404, nil},
		{"wrong secret", "/0123456789abcdeX/publish", body("publish", ""), scriptedEvents{}, 404, nil},
		{"longer secret", base + "0/publish", body("publish", ""), scriptedEvents{}, 404, nil},
		{"only the secret", base, body("publish", ""), scriptedEvents{}, 404, nil},
		{"unknown event", base + "/play", body("publish", ""), scriptedEvents{}, 404, nil},
		{"deeper path", base + "/a/b/publish", body("publish", ""), scriptedEvents{}, 404, nil},
		{"bad server name", base + "/a%20b/publish", body("publish", ""), scriptedEvents{}, 404, nil},
		{"empty server name", base + "//publish", body("publish", ""), scriptedEvents{}, 404, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			events := tc.events
			if events.playback == "" {
				events.playback = "pb_1"
			}
			core, logs := observer.New(zapcore.DebugLevel)
			h, err := ingest.NGINX(&events, ingest.NGINXOptions{Secret: hookSecret, App: "live", Logger: zap.New(core)})
			if err != nil {
				t.Fatal(err)
			}
			w := post(h, tc.path, tc.form)
			if w.Code != tc.status {
				t.Errorf("status %d, want %d", w.Code, tc.status)
			}
			if diff := cmp.Diff(tc.calls, events.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			wantLocation := ""
			if tc.status == http.StatusFound {
				wantLocation = "pb_1"
			}
			if got := w.Header().Get("Location"); got != wantLocation {
				t.Errorf("Location %q, want %q", got, wantLocation)
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
			if len(tc.calls) > 0 {
				want := ingest.Publish{Key: streamKey, Session: "nginx:7", App: "live", RemoteAddr: "127.0.0.1"}
				if diff := cmp.Diff(want, events.last); diff != "" {
					t.Errorf("publish (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestNGINXServerNameIsPartOfTheSession(t *testing.T) {
	events := &scriptedEvents{playback: "pb"}
	h, err := ingest.NGINX(events, ingest.NGINXOptions{Secret: hookSecret})
	if err != nil {
		t.Fatal(err)
	}
	if w := post(h, "/"+hookSecret+"/run-1/publish", body("publish", "")); w.Code != http.StatusFound || events.last.Session != "run-1:7" {
		t.Errorf("status %d, session %q", w.Code, events.last.Session)
	}
}

func TestNGINXAnswersOnlyPOST(t *testing.T) {
	h, err := ingest.NGINX(&scriptedEvents{}, ingest.NGINXOptions{Secret: hookSecret})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/"+hookSecret+"/publish?"+body("publish", ""), nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
		t.Errorf("GET: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestNGINXRecordsTheEndForAServerThatWentAway(t *testing.T) {
	events := &scriptedEvents{}
	core, logs := observer.New(zapcore.WarnLevel)
	h, err := ingest.NGINX(events, ingest.NGINXOptions{Secret: hookSecret, Logger: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/"+hookSecret+"/done", strings.NewReader(body("publish_done", "")))
	h.ServeHTTP(httptest.NewRecorder(), r)
	if logs.Len() != 0 || len(events.calls) != 1 {
		t.Errorf("calls %v, log %v", events.calls, logs.All())
	}
}

type kickerFunc func(ctx context.Context, live prism.Live) error

func (f kickerFunc) KickPublisher(ctx context.Context, live prism.Live) error { return f(ctx, live) }

func TestNGINXDropsTheFormerPublisherFirst(t *testing.T) {
	for _, fail := range []error{nil, errors.New("nginx is slow")} {
		events := &scriptedEvents{playback: "pb"}
		kicker := kickerFunc(func(_ context.Context, live prism.Live) error {
			events.calls = append(events.calls, "kick "+live.ID)
			return fail
		})
		h, err := ingest.NGINX(events, ingest.NGINXOptions{Secret: hookSecret, Control: kicker})
		if err != nil {
			t.Fatal(err)
		}
		if w := post(h, "/"+hookSecret+"/publish", body("publish", "")); w.Code != http.StatusFound {
			t.Errorf("status %d, kick error %v", w.Code, fail)
		}
		if diff := cmp.Diff([]string{"authorize", "kick l1", "started"}, events.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	}
}

func TestNGINXOptionsAreChecked(t *testing.T) {
	for _, secret := range []string{"", "short", "0123456789abcde", "0123456789abcdef/", "0123456789abcdef{}"} {
		_, err := ingest.NGINX(&scriptedEvents{}, ingest.NGINXOptions{Secret: secret})
		if err == nil || !strings.Contains(err.Error(), "NGINXOptions.Secret") || (secret != "" && strings.Contains(err.Error(), secret)) {
			t.Errorf("secret of %d bytes: %v", len(secret), err)
		}
	}
	if _, err := ingest.NGINX(nil, ingest.NGINXOptions{Secret: hookSecret}); err == nil {
		t.Error("nil events are accepted")
	}
}
