package ingest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	srsPage     = 1000
	srsMaxPages = 20
)

// SRSControl lists and drops publishers by the HTTP API of SRS (http_api). It
// is a PublisherControl.
type SRSControl struct {
	// URL is where the API stands, for example "http://127.0.0.1:1985". It
	// must not be reachable from outside.
	URL string
	// App is the RTMP application that publishers use, Server the name of
	// this server in the URLs of its hooks: "" is "srs".
	App, Server string
	// User and Password, if set, are sent as HTTP Basic: http_api { auth }
	// of newer servers.
	User, Password string
	// Client makes the calls; nil means http.DefaultClient. A call takes at
	// most 1 s whatever its timeout.
	Client *http.Client
}

func (c *SRSControl) api() serverAPI {
	api := serverAPI{name: "SRS API", base: c.URL, client: c.Client}
	if c.User != "" {
		api.header = basicAuth(c.User + ":" + c.Password)
	}
	return api
}

// Publishers implements PublisherControl by GET /api/v1/streams.
func (c *SRSControl) Publishers(ctx context.Context) ([]Publisher, error) {
	var list []Publisher
	for page := range srsMaxPages {
		var answer struct {
			Code    int
			Streams []struct {
				Name, App string
				Received  int64 `json:"recv_bytes"`
				Publish   struct {
					Active bool
					CID    connectionID
				}
			}
		}
		path := fmt.Sprintf("/api/v1/streams/?start=%d&count=%d", page*srsPage, srsPage)
		if err := c.api().must(ctx, http.MethodGet, path, &answer); err != nil {
			return nil, err
		}
		if answer.Code != 0 {
			return nil, fmt.Errorf("ingest: SRS API: code %d", answer.Code)
		}
		for _, s := range answer.Streams {
			name, err := session(controlServer(c.Server, "srs"), string(s.Publish.CID))
			if !s.Publish.Active || s.App != c.App || err != nil {
				continue
			}
			list = append(list, Publisher{Publish{Key: s.Name, Session: name, App: s.App}, string(s.Publish.CID), s.Received})
		}
		if len(answer.Streams) < srsPage {
			break
		}
	}
	return list, nil
}

// Drop implements PublisherControl by DELETE /api/v1/clients/{id}.
func (c *SRSControl) Drop(ctx context.Context, p Publisher) error {
	if !nameSafe(p.Handle) {
		return fmt.Errorf("ingest: SRS API: bad client id: %w", prism.ErrInvalid)
	}
	var answer struct{ Code int }
	status, err := c.api().call(ctx, http.MethodDelete, "/api/v1/clients/"+p.Handle, &answer)
	const srsNoClient = 2049 // ERROR_RTMP_CLIENT_NOT_FOUND
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound:
		return nil
	case status != http.StatusOK:
		return fmt.Errorf("ingest: SRS API: status %d", status)
	case answer.Code != 0 && answer.Code != srsNoClient:
		return fmt.Errorf("ingest: SRS API: code %d", answer.Code)
	}
	return nil
}

// KickPublisher implements prism.PublisherKicker: it drops whoever publishes
// with the stream key of the live. Nobody is no error.
func (c *SRSControl) KickPublisher(ctx context.Context, live prism.Live) error {
	return kickByKey(ctx, c, live, "")
}

func (c *SRSControl) kickOthers(ctx context.Context, live prism.Live, session string) error {
	return kickByKey(ctx, c, live, session)
}
