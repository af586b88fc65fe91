package ingest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	mediaMTXPage     = 1000
	mediaMTXMaxPages = 20
)

// MediaMTXControl lists and drops RTMP publishers by the control API of
// MediaMTX 1 (api: yes). It is a PublisherControl.
type MediaMTXControl struct {
	// URL is where the API stands, for example "http://127.0.0.1:9997". It
	// must not be reachable from outside.
	URL string
	// App is the first part of the paths that publishers use, Server the name
	// of this server in the URLs of its hooks: "" is "mediamtx".
	App, Server string
	// Client makes the calls; nil means http.DefaultClient. A call takes at
	// most 1 s whatever its timeout.
	Client *http.Client
}

func (c *MediaMTXControl) api() serverAPI {
	return serverAPI{name: "MediaMTX API", base: c.URL, client: c.Client}
}

// Publishers implements PublisherControl by GET /v3/rtmpconns/list, and by
// /v3/rtmpsconns/list where RTMPS is on.
func (c *MediaMTXControl) Publishers(ctx context.Context) ([]Publisher, error) {
	var list []Publisher
	for _, kind := range []string{"rtmpconns", "rtmpsconns"} {
		for page := range mediaMTXMaxPages {
			var answer struct {
				PageCount int
				Items     []struct {
					ID            connectionID
					State, Path   string
					RemoteAddr    string
					InboundBytes  *int64
					BytesReceived *int64 // the older name of InboundBytes
				}
			}
			path := fmt.Sprintf("/v3/%s/list?itemsPerPage=%d&page=%d", kind, mediaMTXPage, page)
			status, err := c.api().call(ctx, http.MethodGet, path, &answer)
			if err != nil {
				return nil, err
			}
			if status == http.StatusNotFound && kind == "rtmpsconns" {
				break // RTMPS is off
			}
			if status != http.StatusOK {
				return nil, fmt.Errorf("ingest: MediaMTX API: status %d", status)
			}
			for _, conn := range answer.Items {
				key, ok := keyOfPath(conn.Path, c.App)
				name, err := session(controlServer(c.Server, "mediamtx"), string(conn.ID))
				if conn.State != "publish" || !ok || err != nil {
					continue
				}
				received := int64(-1)
				if bytes := cmp.Or(conn.InboundBytes, conn.BytesReceived); bytes != nil {
					received = *bytes
				}
				list = append(list, Publisher{
					Publish{Key: key, Session: name, App: c.App, RemoteAddr: conn.RemoteAddr}, kind + "/" + string(conn.ID), received,
				})
			}
			if page+1 >= answer.PageCount {
				break
			}
		}
	}
	return list, nil
}

// Drop implements PublisherControl by POST /v3/rtmpconns/kick/{id}.
func (c *MediaMTXControl) Drop(ctx context.Context, p Publisher) error {
	kind, id, _ := strings.Cut(p.Handle, "/")
	if (kind != "rtmpconns" && kind != "rtmpsconns") || !nameSafe(id) {
		return fmt.Errorf("ingest: MediaMTX API: bad connection: %w", prism.ErrInvalid)
	}
	status, err := c.api().call(ctx, http.MethodPost, "/v3/"+kind+"/kick/"+id, nil)
	if err == nil && status != http.StatusOK && status != http.StatusNotFound {
		err = fmt.Errorf("ingest: MediaMTX API: status %d", status)
	}
	return err
}

// KickPublisher implements prism.PublisherKicker: it drops whoever publishes
// with the stream key of the live. Nobody is no error.
func (c *MediaMTXControl) KickPublisher(ctx context.Context, live prism.Live) error {
	return kickByKey(ctx, c, live, "")
}

func (c *MediaMTXControl) kickOthers(ctx context.Context, live prism.Live, session string) error {
	return kickByKey(ctx, c, live, session)
}
