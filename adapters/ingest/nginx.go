package ingest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// MinHookSecret is the least length of NGINXOptions.Secret, in bytes.
	MinHookSecret = 16

	maxHookBody   = 8 << 10
	maxServerName = 64
	// hookTimeout stays below the 10 s that nginx waits for an answer.
	hookTimeout = 9 * time.Second
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
	events  Events
	secret  [sha256.Size]byte
	app     string
	control prism.PublisherKicker
	log     *zap.Logger
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
	if len(opt.Secret) < MinHookSecret || !nameSafe(opt.Secret) {
		errs = append(errs, fmt.Errorf("ingest: NGINXOptions.Secret: want at least %d letters, digits, \"_\" and \"-\"", MinHookSecret))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	log := opt.Logger
	if log == nil {
		log = zap.NewNop()
	}
	return &nginxHooks{events: events, secret: sha256.Sum256([]byte(opt.Secret)), app: opt.App, control: opt.Control, log: log}, nil
}

func (h *nginxHooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	server, event, ok := h.route(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	form, err := readNGINXForm(w, r)
	ctx, cancel := context.WithTimeout(r.Context(), hookTimeout)
	defer cancel()
	p := Publish{Key: form.name, Session: server + ":" + form.clientID, App: form.app, RemoteAddr: form.addr}
	if err == nil && h.app != "" && form.app != h.app && !relayed(form) {
		err = fmt.Errorf("%w: another application", errNGINXForm)
	}
	switch event {
	case "publish":
		if err == nil && form.call != "publish" {
			err = fmt.Errorf("%w: call is not publish", errNGINXForm)
		}
		h.publish(ctx, w, p, err)
	case "update":
		h.update(ctx, w, form, p, err)
	case "done":
		// nginx may be gone before the answer; the end still counts.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hookTimeout)
		defer cancel()
		h.done(ctx, w, form, p, err)
	}
}

// route takes the path apart. The secret is compared in constant time, over
// digests, so that its length does not show either.
func (h *nginxHooks) route(path string) (server, event string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	digest := sha256.Sum256([]byte(parts[0]))
	if subtle.ConstantTimeCompare(digest[:], h.secret[:]) != 1 {
		return "", "", false
	}
	switch len(parts) {
	case 2:
		server, event = "nginx", parts[1]
	case 3:
		server, event = parts[1], parts[2]
	}
	if !nameSafe(server) || len(server) > maxServerName {
		return "", "", false
	}
	return server, event, event == "publish" || event == "update" || event == "done"
}

func readNGINXForm(w http.ResponseWriter, r *http.Request) (nginxForm, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHookBody))
	if err != nil {
		return nginxForm{}, fmt.Errorf("%w: body: %w", errNGINXForm, err)
	}
	return parseNGINXForm(body)
}

// relayed reports whether an event is about nginx's own push to another
// application, which comes without an application.
func relayed(f nginxForm) bool { return f.call == "update_play" }

func (h *nginxHooks) publish(ctx context.Context, w http.ResponseWriter, p Publish, err error) {
	var d Decision
	if err == nil {
		d, err = h.events.Authorize(ctx, p)
	}
	if err == nil && !nameSafe(strings.TrimPrefix(d.Playback, "~")) {
		// Anything else could be a URL, which nginx would push the stream to.
		err = fmt.Errorf("ingest: live %q: the playback name is not safe: %w", d.Live.ID, prism.ErrInvalid)
	}
	if err == nil && h.control != nil {
		if kickErr := h.control.KickPublisher(ctx, d.Live); kickErr != nil {
			h.log.Warn("the former publisher may still be there", zap.String("live", d.Live.ID), zap.Error(kickErr))
		}
	}
	if err == nil {
		err = h.events.Started(ctx, p)
	}
	switch {
	case err == nil:
		h.log.Debug("publish allowed", zap.String("live", d.Live.ID), zap.String("session", p.Session))
		w.Header().Set("Location", d.Playback)
		w.WriteHeader(http.StatusFound)
	case mustGo(err) || errors.Is(err, errNGINXForm):
		h.log.Info("publish refused", zap.String("session", p.Session), zap.String("addr", p.RemoteAddr), zap.Error(err))
		w.WriteHeader(http.StatusForbidden)
	default:
		h.log.Error("publish could not be decided", zap.String("session", p.Session), zap.Error(err))
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (h *nginxHooks) update(ctx context.Context, w http.ResponseWriter, form nginxForm, p Publish, err error) {
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
	case mustGo(err) || errors.Is(err, errNGINXForm):
		h.log.Info("publisher dropped", zap.String("session", p.Session), zap.Error(err))
		w.WriteHeader(http.StatusForbidden)
	default:
		h.log.Warn("heartbeat not recorded", zap.String("session", p.Session), zap.Error(err))
		w.WriteHeader(http.StatusNoContent)
	}
}

func (h *nginxHooks) done(ctx context.Context, w http.ResponseWriter, form nginxForm, p Publish, err error) {
	if err == nil && form.call == "publish_done" {
		err = h.events.Ended(ctx, p)
	}
	if err != nil {
		h.log.Warn("end of a publisher not recorded", zap.String("session", p.Session), zap.Error(err))
	}
	w.WriteHeader(http.StatusNoContent)
}

// mustGo reports whether err says that the publisher has no right to publish,
// rather than that the service failed.
func mustGo(err error) bool {
	return errors.Is(err, prism.ErrNotFound) || errors.Is(err, prism.ErrConflict) || errors.Is(err, prism.ErrForbidden)
}
