package ingest

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // OvenMediaEngine signs with HMAC-SHA1
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// OvenMediaEngineOptions describe the AdmissionWebhooks of OvenMediaEngine.
type OvenMediaEngineOptions struct {
	// SecretKey is the <SecretKey> that OvenMediaEngine signs with: at least
	// MinHookSecret bytes. Required.
	SecretKey string
	// App is the application that publishers use; others are refused.
	// Required.
	App string
	// Control, if set, drops the publisher that a live still has before a new
	// one is let in. Without it OvenMediaEngine refuses a client that
	// reconnects until the dead connection has timed out. Usually an
	// *OvenMediaEngineControl.
	Control prism.PublisherKicker
	// Logger gets refusals and failures, without keys. nil is silent.
	Logger *zap.Logger
}

type omeHooks struct {
	*gate
	key []byte
	app string
}

// OvenMediaEngine returns the handler of the AdmissionWebhooks of
// OvenMediaEngine, for publishers by RTMP. They come to one URL: the one where
// the handler is mounted, or one segment below it that names the server, where
// several feed one store: 1 to 64 letters, digits, "_" and "-", and the Server
// of the OvenMediaEngineControl.
//
//	<VirtualHost>
//	    <AdmissionWebhooks>
//	        <ControlServerUrl>http://127.0.0.1:9000/ome</ControlServerUrl>
//	        <SecretKey>{secret}</SecretKey>
//	        <Timeout>9000</Timeout>
//	        <Enables><Providers>rtmp</Providers></Enables>
//	    </AdmissionWebhooks>
//	</VirtualHost>
//
// A request counts only with a good X-OME-Signature; any other is answered 401.
// Answers are 200 with {"allowed":…}. A publisher that is allowed gets a
// new_url that has the playback name in place of the key, so viewers,
// thumbnails and recordings never see the key. What the service cannot decide
// is refused, with another reason. Requests about players, which the
// configuration above does not send, are allowed: they cannot name a key.
//
// OvenMediaEngine sends nothing while a stream runs, so a Poller with an
// OvenMediaEngineControl must tell the store that packets come in, and be in
// WatcherOptions.Sources.
//
// This handler was tested against payloads of OvenMediaEngine's documentation
// and source, not against a running OvenMediaEngine.
func OvenMediaEngine(events Events, opt OvenMediaEngineOptions) (http.Handler, error) {
	var errs []error
	if events == nil {
		errs = append(errs, errors.New("ingest: OvenMediaEngine: events is nil"))
	}
	if len(opt.SecretKey) < MinHookSecret {
		errs = append(errs, fmt.Errorf("ingest: OvenMediaEngineOptions.SecretKey: want at least %d bytes", MinHookSecret))
	}
	if !nameSafe(opt.App) {
		errs = append(errs, errors.New("ingest: OvenMediaEngineOptions.App: want letters, digits, \"_\" and \"-\""))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &omeHooks{newGate(events, opt.Control, opt.Logger), []byte(opt.SecretKey), opt.App}, nil
}

func (h *omeHooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	server := strings.Trim(r.URL.Path, "/")
	if server == "" {
		server = "ome"
	}
	if !serverName(server) {
		http.NotFound(w, r)
		return
	}
	if !onlyPOST(w, r) {
		return
	}
	body, err := readHook(w, r)
	if err != nil || !h.signed(body, r.Header.Values("X-OME-Signature")) {
		h.log.Info("a request without a good signature", zap.String("addr", r.RemoteAddr))
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a, err := parseOME(body)
	ctx, cancel := context.WithTimeout(r.Context(), hookTimeout)
	defer cancel()
	switch {
	case err == nil && a.direction == "outgoing":
		answerOME(w, omeAnswer{Allowed: new(true)})
	case err == nil && a.status == "closing":
		p, err := h.publisher(server, a)
		h.ended(ctx, p, err)
		answerOME(w, omeAnswer{})
	default:
		h.onOpening(ctx, w, server, a, err)
	}
}

// signed reports whether one signature came and fits.
func (h *omeHooks) signed(body []byte, signatures []string) bool {
	if len(signatures) != 1 {
		return false
	}
	got, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(signatures[0], "="))
	mac := hmac.New(sha1.New, h.key)
	mac.Write(body)
	return err == nil && hmac.Equal(got, mac.Sum(nil))
}

func (h *omeHooks) onOpening(ctx context.Context, w http.ResponseWriter, server string, a omeAdmission, err error) {
	var p Publish
	if err == nil {
		p, err = h.publisher(server, a)
	}
	d, err := h.publish(ctx, p, err)
	switch {
	case err == nil:
		u := url.URL{Scheme: a.url.Scheme, Host: a.url.Host, Path: "/" + h.app + "/" + d.Playback}
		answerOME(w, omeAnswer{Allowed: new(true), NewURL: u.String()})
	case refused(err):
		answerOME(w, omeAnswer{Allowed: new(false), Reason: "refused"})
	default:
		answerOME(w, omeAnswer{Allowed: new(false), Reason: "unavailable"})
	}
}

// publisher reads who publishes what.
func (h *omeHooks) publisher(server string, a omeAdmission) (Publish, error) {
	p := Publish{App: h.app, RemoteAddr: a.client}
	key, ok := keyOfPath(a.url.Path, h.app)
	switch {
	case a.direction != "incoming" || (a.status != "opening" && a.status != "closing"):
		return p, fmt.Errorf("%w: unknown direction or status", errHook)
	case a.url.Scheme != "rtmp" && a.url.Scheme != "rtmps":
		return p, fmt.Errorf("%w: not by RTMP", errHook)
	case !ok:
		return p, fmt.Errorf("%w: url is not %s and a key", errHook, h.app)
	}
	var err error
	p.Key = key
	p.Session, err = session(server, a.client)
	return p, err
}

// omeAnswer is the answer to an admission request.
type omeAnswer struct {
	Allowed *bool  `json:"allowed,omitempty"`
	NewURL  string `json:"new_url,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

func answerOME(w http.ResponseWriter, a omeAnswer) {
	body, _ := json.Marshal(a) // strings and a bool always encode
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // OvenMediaEngine is gone; there is nobody to tell
}

// omeAdmission is the part of an admission request that counts.
type omeAdmission struct {
	direction, status string
	// client is the address and port of the client, which name its connection.
	client string
	url    *url.URL
}

// parseOME reads an admission request.
func parseOME(body []byte) (omeAdmission, error) {
	root, err := parseHook(body)
	if err != nil {
		return omeAdmission{}, err
	}
	request, err := root.object("request")
	if err != nil {
		return omeAdmission{}, err
	}
	client, err := root.object("client")
	if err != nil {
		return omeAdmission{}, err
	}
	var a omeAdmission
	var address, rawURL string
	err = errors.Join(
		client.texts(map[string]*string{"address": &address}),
		request.texts(map[string]*string{"direction": &a.direction, "status": &a.status, "url": &rawURL}),
	)
	if err != nil {
		return omeAdmission{}, err
	}
	port := string(client["port"])
	if net.ParseIP(address) == nil || !decimal(port) || len(port) > 5 {
		return omeAdmission{}, fmt.Errorf("%w: client has no address and port", errHook)
	}
	a.client = net.JoinHostPort(address, port)
	if a.url, err = url.Parse(rawURL); err != nil || a.url.Host == "" {
		return omeAdmission{}, fmt.Errorf("%w: url is not a URL", errHook)
	}
	return a, nil
}
