package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// MediaMTXOptions describe the hooks of MediaMTX.
type MediaMTXOptions struct {
	// Secret is the first path segment of the hook URLs, because MediaMTX
	// signs nothing: at least MinHookSecret letters, digits, "_" and "-".
	// Required.
	Secret string
	// App is the first part of the paths that publishers use: they publish to
	// {App}/{key}. Required.
	App string
	// Relay are the addresses of the service's own programs: they may read
	// what publishers send, by its key, and publish to other paths.
	Relay []netip.Prefix
	// Control, if set, drops the publisher that a live still has before a new
	// one is let in. It is needed only with overridePublisher: no. Usually a
	// *MediaMTXControl.
	Control prism.PublisherKicker
	// Logger gets refusals and failures, without keys. nil is silent.
	Logger *zap.Logger
}

type mediaMTXHooks struct {
	*gate
	secret hookSecret
	app    string
	relay  []netip.Prefix
}

// MediaMTX returns the handler of the hooks of MediaMTX 1. Every event has its
// own URL, relative to where the handler is mounted:
//
//	/{secret}/auth         authHTTPAddress
//	/{secret}/available    runOnAvailable, a form with path and id
//	/{secret}/unavailable  runOnUnavailable, the same
//
// or /{secret}/{server}/auth and so on, where several servers feed one store;
// {server} is 1 to 64 letters, digits, "_" and "-", and the Server of the
// MediaMTXControl.
//
// The first decides: publishing to {App}/{key} by RTMP goes by the key, other
// paths and the reading of {App}/… are for Relay only, other paths may be read
// by all. It refuses what belongs into authHTTPExclude. MediaMTX sends nothing
// while a stream runs, so a Poller with a MediaMTXControl must tell the store
// that packets come in, and be in WatcherOptions.Sources.
//
// MediaMTX cannot rename a path. The available hook answers the playback name
// in plain text, for a program of the service that reads {App}/{key} and
// publishes under that name:
//
//	rtmp: yes
//	api: yes
//	apiAddress: 127.0.0.1:9997
//	authMethod: http
//	authHTTPAddress: http://127.0.0.1:9000/{secret}/auth
//	authHTTPExclude:
//	  - action: api
//	  - action: metrics
//	  - action: pprof
//	paths:
//	  "~^live/[a-z0-9]+$":
//	    overridePublisher: yes
//	    runOnAvailable: >
//	      curl -sf --data-urlencode "path=$MTX_PATH" --data-urlencode "id=$MTX_SOURCE_ID"
//	      http://127.0.0.1:9000/{secret}/available
//	    runOnUnavailable: >
//	      curl -sf --data-urlencode "path=$MTX_PATH" --data-urlencode "id=$MTX_SOURCE_ID"
//	      http://127.0.0.1:9000/{secret}/unavailable
//	  all_others:
//
// Versions that do not know these names call them runOnReady and
// runOnNotReady. MTX_QUERY is text of the publisher that MediaMTX puts into the
// command as it is: leave it out. Excluding the API from authentication is safe
// only on an address that nobody else reaches.
//
// This handler was tested against payloads of MediaMTX's documentation and
// source, not against a running MediaMTX.
func MediaMTX(events Events, opt MediaMTXOptions) (http.Handler, error) {
	var errs []error
	if events == nil {
		errs = append(errs, errors.New("ingest: MediaMTX: events is nil"))
	}
	secret, err := newHookSecret("MediaMTXOptions.Secret", opt.Secret)
	errs = append(errs, err)
	if !nameSafe(opt.App) {
		errs = append(errs, errors.New("ingest: MediaMTXOptions.App: want letters, digits, \"_\" and \"-\""))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &mediaMTXHooks{newGate(events, opt.Control, opt.Logger), secret, opt.App, opt.Relay}, nil
}

func (h *mediaMTXHooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	server, event, ok := h.secret.route(r.URL.Path, "mediamtx", "auth", "available", "unavailable")
	if !ok {
		http.NotFound(w, r)
		return
	}
	if !onlyPOST(w, r) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookTimeout)
	defer cancel()
	body, err := readHook(w, r)
	if event == "auth" {
		var a mediaMTXAuth
		if err == nil {
			a, err = parseMediaMTXAuth(body)
		}
		w.WriteHeader(statusOf(h.auth(ctx, server, a, err)))
		return
	}
	p, err := h.source(server, body, err)
	if event == "unavailable" {
		h.ended(ctx, p, err)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	name, err := h.available(ctx, p, err)
	if err != nil {
		h.denied("available", p, err)
		w.WriteHeader(statusOf(err))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, name) //nolint:gosec // plain text of letters, digits, "_", "-" and "~"; an error has nobody to tell
}

// auth decides what one action may do.
func (h *mediaMTXHooks) auth(ctx context.Context, server string, a mediaMTXAuth, err error) error {
	p := Publish{App: h.app, RemoteAddr: a.ip}
	ours := among(a.ip, h.relay)
	switch {
	case err != nil:
	case a.action == "publish" && inApp(a.path, h.app):
		var ok bool
		if p.Key, ok = keyOfPath(a.path, h.app); !ok {
			err = fmt.Errorf("%w: path is not %s and a key", errHook, h.app)
		} else if a.protocol != "rtmp" && a.protocol != "rtmps" {
			err = fmt.Errorf("%w: not by RTMP", errHook)
		} else {
			p.Session, err = session(server, a.id)
		}
		_, err = h.publish(ctx, p, err)
		return err
	case a.action == "publish" && ours, (a.action == "read" || a.action == "playback") && (ours || !inApp(a.path, h.app)):
		return nil
	default:
		err = prism.ErrForbidden
	}
	h.denied(a.actionName(), p, err)
	return err
}

// source reads which publisher became available or went.
func (h *mediaMTXHooks) source(server string, body []byte, err error) (Publish, error) {
	var path, id string
	if err == nil {
		err = parseHookForm(body, map[string]*string{"path": &path, "id": &id})
	}
	if err != nil {
		return Publish{}, err
	}
	key, ok := keyOfPath(path, h.app)
	if !ok {
		return Publish{}, fmt.Errorf("%w: path is not %s and a key", errHook, h.app)
	}
	if !nameSafe(id) {
		return Publish{}, fmt.Errorf("%w: id is missing or has other characters", errHook)
	}
	name, err := session(server, id)
	return Publish{Key: key, Session: name, App: h.app}, err
}

// available returns the playback name for a publisher that was let in.
func (h *mediaMTXHooks) available(ctx context.Context, p Publish, err error) (string, error) {
	if err != nil {
		return "", err
	}
	d, err := h.events.Authorize(ctx, p)
	if err != nil {
		return "", err
	}
	if err := h.events.Heartbeat(ctx, p); mustGo(err) {
		return "", err
	}
	if !nameSafe(strings.TrimPrefix(d.Playback, "~")) {
		return "", fmt.Errorf("ingest: live %q: the playback name is not safe: %w", d.Live.ID, prism.ErrInvalid)
	}
	return d.Playback, nil
}

// statusOf is the answer to a question whose answer is a status.
func statusOf(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case refused(err):
		return http.StatusForbidden
	}
	return http.StatusServiceUnavailable
}

// mediaMTXAuth is the part of an authentication request that counts.
type mediaMTXAuth struct {
	ip, action, path, protocol, id string
}

// actionName is the action for a log entry, if it is one of MediaMTX's.
func (a mediaMTXAuth) actionName() string {
	switch a.action {
	case "publish", "read", "playback", "api", "metrics", "pprof":
		return a.action
	}
	return "unknown action"
}

// parseMediaMTXAuth reads an authentication request. Only publishers need an
// id.
func parseMediaMTXAuth(body []byte) (mediaMTXAuth, error) {
	object, err := parseHook(body)
	if err != nil {
		return mediaMTXAuth{}, err
	}
	var a mediaMTXAuth
	err = object.texts(map[string]*string{"ip": &a.ip, "action": &a.action, "path": &a.path, "protocol": &a.protocol, "id": &a.id})
	if err != nil {
		return mediaMTXAuth{}, err
	}
	if a.action == "publish" && !nameSafe(a.id) {
		return mediaMTXAuth{}, fmt.Errorf("%w: id is missing or has other characters", errHook)
	}
	return a, nil
}
