package ingest_test

import (
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

const mediaMTXConn = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"

func TestMediaMTXAuth(t *testing.T) {
	const auth = "/" + hookSecret + "/auth"
	publish, read := recorded(t, "mediamtx_auth_publish.json"), recorded(t, "mediamtx_auth_read.json")
	change := func(body string, oldnew ...string) string { return strings.NewReplacer(oldnew...).Replace(body) }
	const local = "127.0.0.1"
	down := prism.ErrUnavailable
	runHooks(t, func(events ingest.Events, log *zap.Logger) (http.Handler, error) {
		return ingest.MediaMTX(events, ingest.MediaMTXOptions{Secret: hookSecret, App: "live", Relay: relays, Logger: log})
	}, ingest.Publish{Key: streamKey, Session: "mediamtx:" + mediaMTXConn, App: "live", RemoteAddr: "192.168.1.10"}, []hookCase{
		{"publish", auth, publish, scriptedEvents{}, 200, "", []string{"authorize", "started"}},
		{"publish by RTMPS", auth, change(publish, `"rtmp"`, `"rtmps"`), scriptedEvents{}, 200, "", []string{"authorize", "started"}},
		{"publish by RTSP", auth, change(publish, `"rtmp"`, `"rtsp"`), scriptedEvents{}, 403, "", nil},
		{"publish with an unknown key", auth, publish, scriptedEvents{authorize: prism.ErrNotFound}, 403, "", []string{"authorize"}},
		{"publish of a live not on air", auth, publish, scriptedEvents{authorize: prism.ErrConflict}, 403, "", []string{"authorize"}},
		{"publish during an outage", auth, publish, scriptedEvents{authorize: down}, 503, "", []string{"authorize"}},
		{"publish, start not recorded", auth, publish, scriptedEvents{start: down}, 503, "", []string{"authorize", "started"}},
		{"publish with a second path", auth, change(publish, `"ip"`, `"path":"live/other","ip"`), scriptedEvents{}, 403, "", nil},
		{"publish without id", auth, change(publish, `"`+mediaMTXConn+`"`, "null"), scriptedEvents{}, 403, "", nil},
		{"publish deeper", auth, change(publish, "live/"+streamKey, "live/x/"+streamKey), scriptedEvents{}, 403, "", nil},
		{"publish to the application itself", auth, change(publish, "live/"+streamKey, "live"), scriptedEvents{}, 403, "", nil},
		{"publish elsewhere", auth, change(publish, "live/", "play/"), scriptedEvents{}, 403, "", nil},
		{"publish elsewhere by the relay", auth, change(publish, "live/", "play/", "192.168.1.10", local), scriptedEvents{}, 200, "", nil},
		{"read by key", auth, read, scriptedEvents{}, 403, "", nil},
		{"read by key with a slash before", auth, change(read, "live/", "/live/"), scriptedEvents{}, 403, "", nil},
		{"read by key by the relay", auth, change(read, "192.168.1.10", local), scriptedEvents{}, 200, "", nil},
		{"read elsewhere", auth, change(read, "live/"+streamKey, "play/pb_1"), scriptedEvents{}, 200, "", nil},
		{"read of a longer name", auth, change(read, "live/", "live2/"), scriptedEvents{}, 200, "", nil},
		{"playback by key", auth, change(read, `"read"`, `"playback"`), scriptedEvents{}, 403, "", nil},
		{"API", auth, recorded(t, "mediamtx_auth_api.json"), scriptedEvents{}, 403, "", nil},
		{"an action of the future", auth, change(read, `"read"`, `"`+streamKey+`"`), scriptedEvents{}, 403, "", nil},
		{"no JSON", auth, "x", scriptedEvents{}, 403, "", nil},
		{"wrong secret", "/0123456789abcdeX/auth", publish, scriptedEvents{}, 404, "404 page not found\n", nil},
	})
}

func TestMediaMTXAvailability(t *testing.T) {
	const base = "/" + hookSecret
	form := recorded(t, "mediamtx_available.form")
	runHooks(t, func(events ingest.Events, log *zap.Logger) (http.Handler, error) {
		return ingest.MediaMTX(events, ingest.MediaMTXOptions{Secret: hookSecret, App: "live", Logger: log})
	}, ingest.Publish{Key: streamKey, Session: "mediamtx:" + mediaMTXConn, App: "live"}, []hookCase{
		{"available", base + "/available", form, scriptedEvents{}, 200, "pb_1", []string{"authorize", "heartbeat"}},
		{"available of a former session", base + "/available", form, scriptedEvents{heartbeat: prism.ErrConflict}, 403, "", []string{"authorize", "heartbeat"}},
		{"available of an unknown key", base + "/available", form, scriptedEvents{authorize: prism.ErrNotFound}, 403, "", []string{"authorize"}},
		{"available, heartbeat not recorded", base + "/available", form, scriptedEvents{heartbeat: prism.ErrUnavailable}, 200, "pb_1", []string{"authorize", "heartbeat"}},
		{"available during an outage", base + "/available", form, scriptedEvents{authorize: prism.ErrUnavailable}, 503, "", []string{"authorize"}},
		{"available with a name that is a URL", base + "/available", form, scriptedEvents{playback: "rtmp://evil/x"}, 503, "", []string{"authorize", "heartbeat"}},
		{"available elsewhere", base + "/available", "path=play/x&id=1", scriptedEvents{}, 403, "", nil},
		{"available twice", base + "/available", form + "&path=live/other", scriptedEvents{}, 403, "", nil},
		{"unavailable", base + "/unavailable", form, scriptedEvents{}, 204, "", []string{"ended"}},
		{"unavailable during an outage", base + "/unavailable", form, scriptedEvents{done: prism.ErrUnavailable}, 204, "", []string{"ended"}},
		{"unavailable without id", base + "/unavailable", "path=live/x", scriptedEvents{}, 204, "", nil},
	})
}
