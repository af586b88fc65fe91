package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// NodeMediaServerOptions describe the notifications of node-media-server.
type NodeMediaServerOptions struct {
	// Secret is the first path segment of the notify URL, because
	// node-media-server signs nothing: at least MinHookSecret letters,
	// digits, "_" and "-". Required.
	Secret string
	// App is the RTMP application that publishers use. Required.
	App string
	// Relay are the addresses of the service's own programs: they may play
	// what publishers send, by its key, and publish to other applications.
	Relay []netip.Prefix
	// Control, if set, drops the publisher that a live still has when a new
	// one comes. node-media-server refuses the new one meanwhile, so the
	// client gets in when it tries again. Usually a *NodeMediaServerControl.
	Control prism.PublisherKicker
	// Logger gets refusals and failures, without keys. nil is silent.
	Logger *zap.Logger
}

type nodeMediaServerHooks struct {
	*gate
	secret hookSecret
	app    string
	relay  []netip.Prefix
}

// NodeMediaServer returns the handler of the notifications of
// node-media-server 4.4. They come to one URL, relative to where the handler
// is mounted:
//
//	/{secret}/notify
//
// or /{secret}/{server}/notify where several servers feed one store; {server}
// is 1 to 64 letters, digits, "_" and "-", and the Server of the
// NodeMediaServerControl. The server writes the event into the body, as JSON
// that a publisher cannot add to.
//
//	{
//	    "bind": "0.0.0.0",
//	    "rtmp": {"port": 1935},
//	    "http": {"port": 8000},
//	    "notify": {"url": "http://127.0.0.1:9000/{secret}/notify"},
//	    "auth": {"jwt": {"secret": "{another secret}", "algorithm": "HS256", "users": []}},
//	    "webadmin": {"enable": false},
//	    "record": {"auto": false},
//	    "store": {"path": "./data"}
//	}
//
// What is allowed is answered 200, what is refused 403, and 503 when the
// service cannot tell; node-media-server closes the session after anything but
// 200. It does so after the fact: it has answered the publisher already, lets
// in whoever comes while nobody is at the URL, and closes only its own side of
// the connection, so that a client made for it can go on sending. So nothing
// in App is for viewers. Only Relay may play there: a program of the service
// that takes the pictures of lives on air, by their key, and offers them under
// their playback names.
//
// It sends nothing while a stream runs, and the end of a publisher only 30 s
// later. So a Poller with a NodeMediaServerControl must tell the store that
// packets come in, and be in WatcherOptions.Sources; it also drops those who
// came while nobody was at the URL.
// node-media-server logs stream keys: keep its log private.
func NodeMediaServer(events Events, opt NodeMediaServerOptions) (http.Handler, error) {
	var errs []error
	if events == nil {
		errs = append(errs, errors.New("ingest: NodeMediaServer: events is nil"))
	}
	secret, err := newHookSecret("NodeMediaServerOptions.Secret", opt.Secret)
	errs = append(errs, err)
	if !nameSafe(opt.App) {
		errs = append(errs, errors.New("ingest: NodeMediaServerOptions.App: want letters, digits, \"_\" and \"-\""))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &nodeMediaServerHooks{newGate(events, opt.Control, opt.Logger), secret, opt.App, opt.Relay}, nil
}

func (h *nodeMediaServerHooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	server, _, ok := h.secret.route(r.URL.Path, "nms", "notify")
	if !ok {
		http.NotFound(w, r)
		return
	}
	if !onlyPOST(w, r) {
		return
	}
	var n nodeMediaServerNote
	body, err := readHook(w, r)
	if err == nil {
		n, err = parseNodeMediaServer(body)
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookTimeout)
	defer cancel()
	w.WriteHeader(statusOf(h.decide(ctx, server, n, err)))
}

func (h *nodeMediaServerHooks) decide(ctx context.Context, server string, n nodeMediaServerNote, err error) error {
	p := Publish{Key: n.name, App: n.app, RemoteAddr: n.ip}
	if err == nil {
		p.Session, err = session(server, n.id)
	}
	// Addresses come as "127.0.0.1:4711", and as "::1:4711" without brackets.
	addr := n.ip[:max(0, strings.LastIndexByte(n.ip, ':'))]
	switch {
	case err != nil:
		_, err = h.publish(ctx, p, err)
	case n.action == "prePublish" && n.app == h.app:
		_, err = h.publish(ctx, p, nil)
	case n.action == "donePublish" && n.app == h.app:
		h.ended(ctx, p, nil)
	case n.action == "prePublish" && !among(addr, h.relay):
		err = fmt.Errorf("%w: another application", errHook)
		h.denied("publish", p, err)
	case n.action == "prePlay" && n.app == h.app && !among(addr, h.relay):
		err = prism.ErrForbidden
		h.denied("play", p, err)
	}
	return err
}

// nodeMediaServerNote is the part of a notification that counts.
type nodeMediaServerNote struct {
	action, id, ip, app, name string
}

// parseNodeMediaServer reads a notification. Its query object holds what the
// publisher sent and is not looked at.
func parseNodeMediaServer(body []byte) (nodeMediaServerNote, error) {
	object, err := parseHook(body)
	if err != nil {
		return nodeMediaServerNote{}, err
	}
	var n nodeMediaServerNote
	if err := object.texts(map[string]*string{"action": &n.action, "ip": &n.ip, "app": &n.app, "name": &n.name}); err != nil {
		return nodeMediaServerNote{}, err
	}
	if n.id, err = object.id("id"); err != nil {
		return nodeMediaServerNote{}, err
	}
	return n, nil
}
