package ingest_test

import (
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

func TestNodeMediaServerHooks(t *testing.T) {
	const notify = "/" + hookSecret + "/notify"
	publish, play := recorded(t, "nodemediaserver_prePublish.json"), recorded(t, "nodemediaserver_prePlay.json")
	done := recorded(t, "nodemediaserver_donePublish.json")
	change := func(body string, oldnew ...string) string { return strings.NewReplacer(oldnew...).Replace(body) }
	const outside, mapped, v6 = "192.0.2.1:48360", "::ffff:127.0.0.1:48360", "::1:48360"
	down := prism.ErrUnavailable
	runHooks(t, func(events ingest.Events, log *zap.Logger) (http.Handler, error) {
		return ingest.NodeMediaServer(events, ingest.NodeMediaServerOptions{Secret: hookSecret, App: "live", Relay: relays, Logger: log})
	}, ingest.Publish{Key: streamKey, Session: "nms:mws0zzdqvtdnvt50", App: "live", RemoteAddr: "127.0.0.1:48352"}, []hookCase{
		{"publish, with a query that names fields", notify, publish, scriptedEvents{}, 200, "", []string{"authorize", "started"}},
		{"publish with an unknown key", notify, publish, scriptedEvents{authorize: prism.ErrNotFound}, 403, "", []string{"authorize"}},
		{"publish of a live not on air", notify, publish, scriptedEvents{authorize: prism.ErrConflict}, 403, "", []string{"authorize"}},
		{"publish during an outage", notify, publish, scriptedEvents{authorize: down}, 503, "", []string{"authorize"}},
		{"publish, start not recorded", notify, publish, scriptedEvents{start: down}, 503, "", []string{"authorize", "started"}},
		{"publish with a second name", notify, change(publish, `"ip"`, `"name":"other","ip"`), scriptedEvents{}, 403, "", nil},
		{"publish elsewhere", notify, change(publish, `"app":"live"`, `"app":"play"`, "127.0.0.1:48352", outside), scriptedEvents{}, 403, "", nil},
		{"publish elsewhere by the relay", notify, change(publish, `"app":"live"`, `"app":"play"`), scriptedEvents{}, 200, "", nil},
		{"after the publish", notify, recorded(t, "nodemediaserver_postPublish.json"), scriptedEvents{}, 200, "", nil},
		{"done", notify, done, scriptedEvents{}, 200, "", []string{"ended"}},
		{"done during an outage", notify, done, scriptedEvents{done: down}, 200, "", []string{"ended"}},
		{"done elsewhere", notify, change(done, `"app":"live"`, `"app":"play"`), scriptedEvents{}, 200, "", nil},
		{"play by key", notify, change(play, "127.0.0.1:48360", outside), scriptedEvents{}, 403, "", nil},
		{"play by key by the relay", notify, play, scriptedEvents{}, 200, "", nil},
		{"play by key by the relay, mapped", notify, change(play, "127.0.0.1:48360", mapped), scriptedEvents{}, 200, "", nil},
		{"play by key by the relay, IPv6", notify, change(play, "127.0.0.1:48360", v6), scriptedEvents{}, 200, "", nil},
		{"play by key, no address", notify, change(play, "127.0.0.1:48360", ""), scriptedEvents{}, 403, "", nil},
		{"play elsewhere", notify, change(play, `"app":"live"`, `"app":"play"`, "127.0.0.1:48360", outside), scriptedEvents{}, 200, "", nil},
		{"a recording", notify, change(done, "donePublish", "doneRecord"), scriptedEvents{}, 200, "", nil},
		{"no JSON", notify, "x", scriptedEvents{}, 403, "", nil},
		{"wrong secret", "/0123456789abcdeX/notify", publish, scriptedEvents{}, 404, "404 page not found\n", nil},
	})
}
