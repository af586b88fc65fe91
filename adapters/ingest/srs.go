package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// SRSOptions describe the hooks of SRS.
type SRSOptions struct {
	// Secret is the first path segment of the hook URLs, because SRS signs
	// nothing: at least MinHookSecret letters, digits, "_" and "-". Required.
	Secret string
	// App is the RTMP application that publishers use. Required.
	App string
	// Relay are the addresses of the service's own programs: they may play
	// what publishers send, by its key, and publish to other applications.
	// SRS itself is one of them when it forwards to itself.
	Relay []netip.Prefix
	// ForwardTo is the RTMP URL that the stream of a live is forwarded to, in
	// which "[name]" stands for the playback name:
	// "rtmp://127.0.0.1/play/[name]?vhost=play". "" means that there is no
	// forward hook.
	ForwardTo string
	// Control, if set, drops the publisher that a live still has before a new
	// one is let in. Without it SRS refuses a client that reconnects until
	// the dead connection has timed out. Usually an *SRSControl.
	Control prism.PublisherKicker
	// Logger gets refusals and failures, without keys. nil is silent.
	Logger *zap.Logger
}

type srsHooks struct {
	*gate
	secret    hookSecret
	app       string
	relay     []netip.Prefix
	forwardTo string
}

// SRS returns the handler of the HTTP callbacks of SRS 4 to 6. Every event has
// its own URL, relative to where the handler is mounted:
//
//	/{secret}/publish    on_publish
//	/{secret}/unpublish  on_unpublish
//	/{secret}/play       on_play
//	/{secret}/forward    the backend of forward
//
// or /{secret}/{server}/publish and so on, where several servers feed one
// store; {server} is 1 to 64 letters, digits, "_" and "-", and the Server of
// the SRSControl.
//
// What is allowed is answered 200 with the body 0, what is refused 403, and 503
// when the service cannot tell, which SRS takes as a refusal too. An end is
// always answered 200 with 0. SRS sends nothing while a stream runs, so a
// Poller with an SRSControl must tell the store that packets come in, and be in
// WatcherOptions.Sources.
//
// SRS cannot rename a stream: who plays it in App needs its key. So the play
// hook lets only Relay play there, and SRS forwards the stream by its playback
// name to a virtual host that viewers use:
//
//	listen 1935;
//	http_api { enabled on; listen 127.0.0.1:1985; }
//	vhost __defaultVhost__ {
//	    http_hooks {
//	        enabled on;
//	        on_publish   http://127.0.0.1:9000/{secret}/publish;
//	        on_unpublish http://127.0.0.1:9000/{secret}/unpublish;
//	        on_play      http://127.0.0.1:9000/{secret}/play;
//	    }
//	    forward { enabled on; backend http://127.0.0.1:9000/{secret}/forward; }
//	}
//	vhost play {
//	    hls { enabled on; }
//	}
//
// SRS before 5 may not know the backend of forward. A publisher can name a
// virtual host, so every one of them needs the hooks or must refuse publishers
// from outside (security { enabled on; allow publish 127.0.0.1; }). SRS logs
// requests of hooks with the stream's name: keep its log private.
//
// This handler was tested against payloads of SRS's documentation and source,
// not against a running SRS.
func SRS(events Events, opt SRSOptions) (http.Handler, error) {
	var errs []error
	if events == nil {
		errs = append(errs, errors.New("ingest: SRS: events is nil"))
	}
	secret, err := newHookSecret("SRSOptions.Secret", opt.Secret)
	errs = append(errs, err)
	if !nameSafe(opt.App) {
		errs = append(errs, errors.New("ingest: SRSOptions.App: want letters, digits, \"_\" and \"-\""))
	}
	if opt.ForwardTo != "" {
		u, err := url.Parse(strings.Replace(opt.ForwardTo, "[name]", "name", 1))
		if err != nil || u.Scheme != "rtmp" || u.Host == "" || strings.Count(opt.ForwardTo, "[name]") != 1 {
			errs = append(errs, errors.New("ingest: SRSOptions.ForwardTo: want an rtmp URL with one [name]"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &srsHooks{newGate(events, opt.Control, opt.Logger), secret, opt.App, opt.Relay, opt.ForwardTo}, nil
}

func (h *srsHooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	server, event, ok := h.secret.route(r.URL.Path, "srs", "publish", "unpublish", "play", "forward")
	if !ok || (event == "forward" && h.forwardTo == "") {
		http.NotFound(w, r)
		return
	}
	if !onlyPOST(w, r) {
		return
	}
	var call srsCall
	body, err := readHook(w, r)
	if err == nil {
		call, err = parseSRS(body)
	}
	if err == nil && call.action != "on_"+event {
		err = fmt.Errorf("%w: action is not on_%s", errHook, event)
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookTimeout)
	defer cancel()
	p := Publish{Key: call.stream, App: call.app, RemoteAddr: call.ip}
	if err == nil {
		p.Session, err = session(server, call.clientID)
	}
	switch event {
	case "publish":
		h.onPublish(ctx, w, p, err)
	case "unpublish":
		if err != nil || call.app == h.app {
			h.ended(ctx, p, err)
		}
		answerSRS(w, nil, nil)
	case "play":
		if err == nil && call.app == h.app && !among(call.ip, h.relay) {
			err = fmt.Errorf("%w: not a relay", prism.ErrForbidden)
		}
		h.denied("play", p, err)
		answerSRS(w, err, nil)
	case "forward":
		h.onForward(ctx, w, p, err)
	}
}

func (h *srsHooks) onPublish(ctx context.Context, w http.ResponseWriter, p Publish, err error) {
	if err == nil && p.App != h.app {
		if !among(p.RemoteAddr, h.relay) {
			err = fmt.Errorf("%w: another application", errHook)
		}
		h.denied("publish", p, err)
	} else {
		_, err = h.publish(ctx, p, err)
	}
	answerSRS(w, err, nil)
}

// onForward tells where the stream of a publisher that was let in goes.
func (h *srsHooks) onForward(ctx context.Context, w http.ResponseWriter, p Publish, err error) {
	urls := []string{}
	if err == nil && p.App == h.app {
		var d Decision
		if d, err = h.events.Authorize(ctx, p); err == nil {
			urls = append(urls, strings.Replace(h.forwardTo, "[name]", d.Playback, 1))
		}
	}
	h.denied("forward", p, err)
	answerSRS(w, err, urls)
}

// denied logs what was refused, and what could not be decided.
func (g *gate) denied(what string, p Publish, err error) {
	if err != nil {
		g.log.Info(what+" refused", zap.String("session", p.Session), zap.String("addr", p.RemoteAddr), zap.Error(err))
	}
}

// answerSRS answers a callback; urls is nil where no data is due.
func answerSRS(w http.ResponseWriter, err error, urls []string) {
	w.Header().Set("Content-Type", "application/json")
	body, status := []byte("0"), http.StatusOK
	switch {
	case err == nil && urls != nil:
		type data struct {
			URLs []string `json:"urls"`
		}
		// Strings always encode.
		body, _ = json.Marshal(struct {
			Code int  `json:"code"`
			Data data `json:"data"`
		}{0, data{urls}})
	case err == nil:
	case refused(err):
		body, status = []byte(`{"code":403}`), http.StatusForbidden
	default:
		body, status = []byte(`{"code":503}`), http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // SRS is gone; there is nobody to tell
}

// srsCall is the part of a callback that counts.
type srsCall struct {
	action, clientID, ip, app, stream string
}

// parseSRS reads a callback. client_id is a string since SRS 4 and was a
// number before.
func parseSRS(body []byte) (srsCall, error) {
	object, err := parseHook(body)
	if err != nil {
		return srsCall{}, err
	}
	var c srsCall
	if err := object.texts(map[string]*string{"action": &c.action, "ip": &c.ip, "app": &c.app, "stream": &c.stream}); err != nil {
		return srsCall{}, err
	}
	if c.clientID, err = object.id("client_id"); err != nil {
		return srsCall{}, err
	}
	return c, nil
}
