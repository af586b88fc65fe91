package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// maxOnAir is how many lives on air a control looks through.
const maxOnAir = 10_000

// OvenMediaEngineControl lists and drops publishers by the REST API of
// OvenMediaEngine. It is a PublisherControl.
type OvenMediaEngineControl struct {
	// URL is where the API stands, for example "http://127.0.0.1:8081". It
	// must not be reachable from outside.
	URL string
	// AccessToken is the <AccessToken> of the API.
	AccessToken string
	// VHost is the virtual host, App the application that publishers use.
	VHost, App string
	// Server is the name of this server in the URL of its webhooks: "" is
	// "ome".
	Server string
	// Store tells which lives are on air: OvenMediaEngine knows their streams
	// by playback names, which lead to no key. Publishers needs it.
	Store prism.IngestStore
	// Client makes the calls; nil means http.DefaultClient. A call takes at
	// most 1 s whatever its timeout.
	Client *http.Client
}

func (c *OvenMediaEngineControl) api() serverAPI {
	return serverAPI{name: "OvenMediaEngine API", base: c.URL, client: c.Client, header: basicAuth(c.AccessToken)}
}

func (c *OvenMediaEngineControl) streams() string {
	return "/v1/vhosts/" + url.PathEscape(c.VHost) + "/apps/" + url.PathEscape(c.App) + "/streams"
}

// Publishers implements PublisherControl by the list of streams and one call
// per stream of a live on air, which tells the address of its publisher.
func (c *OvenMediaEngineControl) Publishers(ctx context.Context) ([]Publisher, error) {
	if c.Store == nil {
		return nil, errors.New("ingest: OvenMediaEngineControl.Store is nil")
	}
	var names struct{ Response []string }
	if err := c.api().must(ctx, http.MethodGet, c.streams(), &names); err != nil {
		return nil, err
	}
	if len(names.Response) == 0 {
		return nil, nil
	}
	// Every live on air was active before a time that is still to come.
	lives, err := c.Store.IdleLives(ctx, time.Now().Add(24*time.Hour), maxOnAir)
	if err != nil {
		return nil, fmt.Errorf("ingest: lives on air: %w", err)
	}
	onAir := make(map[string]prism.Live, len(lives))
	for _, live := range lives {
		if name, err := PlaybackName(live); err == nil {
			onAir[name] = live
		}
	}
	var list []Publisher
	var errs []error
	for _, name := range names.Response {
		live, ok := onAir[name]
		_, key, err := prism.SplitRTMPPath(live.RTMPPath)
		if !ok || err != nil {
			continue
		}
		p, err := c.publisher(ctx, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if p.Session != "" {
			p.Key = key
			list = append(list, p)
		}
	}
	return list, errors.Join(errs...)
}

// publisher asks for one stream. The session of the answer is "" for a stream
// that is gone, and for one that no RTMP client sends.
func (c *OvenMediaEngineControl) publisher(ctx context.Context, name string) (Publisher, error) {
	var answer struct {
		Response struct {
			Input struct{ SourceURL string }
		}
	}
	status, err := c.api().call(ctx, http.MethodGet, c.streams()+"/"+url.PathEscape(name), &answer)
	if err != nil || status == http.StatusNotFound {
		return Publisher{}, err
	}
	if status != http.StatusOK {
		return Publisher{}, fmt.Errorf("ingest: OvenMediaEngine API: status %d", status)
	}
	client, ok := tcpAddr(answer.Response.Input.SourceURL)
	if !ok {
		return Publisher{}, nil
	}
	id, err := session(controlServer(c.Server, "ome"), client)
	return Publisher{Publish{Session: id, App: c.App, RemoteAddr: client}, name, -1}, err
}

// tcpAddr returns the address and port of "tcp://192.0.2.1:41008", in the form
// that the webhook has them.
func tcpAddr(source string) (string, bool) {
	scheme, addr, _ := strings.Cut(source, "://")
	client, err := netip.ParseAddrPort(addr)
	return client.String(), err == nil && strings.EqualFold(scheme, "tcp")
}

// Drop implements PublisherControl by DELETE of the stream. The publisher may
// come back; the webhook then refuses it.
func (c *OvenMediaEngineControl) Drop(ctx context.Context, p Publisher) error {
	status, err := c.api().call(ctx, http.MethodDelete, c.streams()+"/"+url.PathEscape(p.Handle), nil)
	if err == nil && status != http.StatusOK && status != http.StatusNotFound {
		err = fmt.Errorf("ingest: OvenMediaEngine API: status %d", status)
	}
	return err
}

// KickPublisher implements prism.PublisherKicker: it deletes the stream that
// has the PlaybackName of the live, which drops its publisher. Nobody is no
// error.
func (c *OvenMediaEngineControl) KickPublisher(ctx context.Context, live prism.Live) error {
	name, err := PlaybackName(live)
	if err != nil {
		return err
	}
	return c.Drop(ctx, Publisher{Handle: name})
}
