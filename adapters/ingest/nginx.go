package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// NGINXOptions describe the hooks of nginx-rtmp.
type NGINXOptions struct {
	// Secret is the first path segment of the hook URLs, because nginx signs
	// nothing: at least MinHookSecret letters, digits, "_" and "-". Required.
	Secret string
	// App is the RTMP application that publishers use; events of others are
	// refused. "" accepts any.
	App string
	// Control, if set, drops the publisher that a live still has before a new
	// one is let in. Without it nginx refuses a client that reconnects until
	// the dead connection has timed out. Usually an *NGINXControl.
	Control prism.PublisherKicker
	// Logger gets refusals and failures, without keys. nil is silent.
	Logger *zap.Logger
}

type nginxHooks struct {
	*gate
	secret hookSecret
	app    string
}

// NGINX returns the handler of the hooks of nginx with the RTMP module
// (libnginx-mod-rtmp 1.2). Every event has its own URL, relative to where the
// handler is mounted:
//
//	/{secret}/publish    on_publish
//	/{secret}/update     on_update
//	/{secret}/done       on_publish_done
//
// or /{secret}/{server}/publish and so on. nginx numbers its connections from
// 1 at each start, so {server} (1 to 64 letters, digits, "_", "-") should name
// the server and its run when there are several servers, or when the
// configuration is made anew for each start; all three URLs must have the
// same.
//
// A publish that is allowed is answered 302 with the playback name, which
// renames the stream; one that is refused 403; 503 when the service cannot
// tell, which nginx takes as a refusal too. An update is answered 403 when the
// publisher must go, and 204 otherwise, also when the store is down: a failure
// of the service never stops a running broadcast.
//
// The HLS and DASH modules of nginx-rtmp see a stream before it is renamed and
// would name their files by the stream key. So they must stand in a second
// application, to which the first one pushes what was renamed:
//
//	application live {
//	    live on;
//	    deny play all;
//	    notify_update_timeout 5s;
//	    drop_idle_publisher 10s;
//	    on_publish      http://127.0.0.1:9000/{secret}/publish;
//	    on_update       http://127.0.0.1:9000/{secret}/update;
//	    on_publish_done http://127.0.0.1:9000/{secret}/done;
//	    push rtmp://127.0.0.1:1935/{a random name};
//	}
//	application {a random name} {
//	    live on;
//	    deny play all;
//	    hls on;
//	    hls_path /srv/hls;
//	}
//
// "access_log off" in the rtmp block and an error_log level of warn keep keys
// out of nginx's logs. nginx itself drops a publisher when an update finds
// nobody at the URL: where the service may restart while nginx runs, put a
// proxy before the update URL that answers 200 for a service that is down.
func NGINX(events Events, opt NGINXOptions) (http.Handler, error) {
	var errs []error
	if events == nil {
		errs = append(errs, errors.New("ingest: NGINX: events is nil"))
	}
	secret, err := newHookSecret("NGINXOptions.Secret", opt.Secret)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return &nginxHooks{newGate(events, opt.Control, opt.Logger), secret, opt.App}, nil
}

func (h *nginxHooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	server, event, ok := h.secret.route(r.URL.Path, "nginx", "publish", "update", "done")
	if !ok {
		http.NotFound(w, r)
		return
	}
	if !onlyPOST(w, r) {
		return
	}
	var form nginxForm
	body, err := readHook(w, r)
	if err == nil {
		form, err = parseNGINXForm(body)
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookTimeout)
	defer cancel()
	p := Publish{Key: form.name, Session: server + ":" + form.clientID, App: form.app, RemoteAddr: form.addr}
	if err == nil && h.app != "" && form.app != h.app && !relayed(form) {
		err = fmt.Errorf("%w: another application", errHook)
	}
	switch event {
	case "publish":
		if err == nil && form.call != "publish" {
			err = fmt.Errorf("%w: call is not publish", errHook)
		}
		h.onPublish(ctx, w, p, err)
	case "update":
		h.onUpdate(ctx, w, form, p, err)
	case "done":
		if err != nil || form.call == "publish_done" {
			h.ended(ctx, p, err)
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// relayed reports whether an event is about nginx's own push to another
// application, which comes without an application.
func relayed(f nginxForm) bool { return f.call == "update_play" }

func (h *nginxHooks) onPublish(ctx context.Context, w http.ResponseWriter, p Publish, err error) {
	d, err := h.publish(ctx, p, err)
	switch {
	case err == nil:
		w.Header().Set("Location", d.Playback)
		w.WriteHeader(http.StatusFound)
	case refused(err):
		w.WriteHeader(http.StatusForbidden)
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (h *nginxHooks) onUpdate(ctx context.Context, w http.ResponseWriter, form nginxForm, p Publish, err error) {
	if err == nil && form.call != "update_publish" {
		w.WriteHeader(http.StatusNoContent) // a player, or nginx's own push
		return
	}
	if err == nil {
		err = h.events.Heartbeat(ctx, p)
	}
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case refused(err):
		h.log.Info("publisher dropped", zap.String("session", p.Session), zap.Error(err))
		w.WriteHeader(http.StatusForbidden)
	default:
		h.log.Warn("heartbeat not recorded", zap.String("session", p.Session), zap.Error(err))
		w.WriteHeader(http.StatusNoContent)
	}
}
