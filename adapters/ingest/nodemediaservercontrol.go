package ingest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// NodeMediaServerControl lists and drops publishers by the API of
// node-media-server 4.4 (auth.jwt). It is a PublisherControl.
type NodeMediaServerControl struct {
	// URL is where the API stands, for example "http://127.0.0.1:8000".
	URL string
	// App is the RTMP application that publishers use, Server the name of
	// this server in the URL of its notifications: "" is "nms".
	App, Server string
	// JWTSecret is auth.jwt.secret of the server's configuration, with the
	// algorithm HS256. Every call brings a token of its own, good for 1 min,
	// so the clocks must agree.
	JWTSecret string
	// Client makes the calls; nil means http.DefaultClient. A call takes at
	// most 1 s whatever its timeout.
	Client *http.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (c *NodeMediaServerControl) api() serverAPI {
	return serverAPI{name: "node-media-server API", base: c.URL, client: c.Client, header: func(h http.Header) {
		h.Set("Authorization", "Bearer "+c.token())
	}}
}

// token makes a JSON Web Token (RFC 7519) that the server takes for one of its
// own.
func (c *NodeMediaServerControl) token() string {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	b64 := base64.RawURLEncoding
	head := b64.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	issued := now().Unix()
	claims := b64.EncodeToString(fmt.Appendf(nil, `{"username":"ingest","iat":%d,"exp":%d}`, issued, issued+60))
	mac := hmac.New(sha256.New, []byte(c.JWTSecret))
	mac.Write([]byte(head + "." + claims))
	return head + "." + claims + "." + b64.EncodeToString(mac.Sum(nil))
}

// Publishers implements PublisherControl by GET /api/v1/streams.
func (c *NodeMediaServerControl) Publishers(ctx context.Context) ([]Publisher, error) {
	var answer struct {
		Data struct {
			Streams []struct {
				App, Name, Status string
				Publisher         *struct {
					ID      connectionID
					IP      string
					InBytes int64
				}
			}
		}
	}
	if err := c.api().must(ctx, http.MethodGet, "/api/v1/streams", &answer); err != nil {
		return nil, err
	}
	var list []Publisher
	for _, s := range answer.Data.Streams {
		if s.App != c.App || s.Status != "publishing" || s.Publisher == nil {
			continue // "reconnecting" is a publisher that is gone
		}
		id := string(s.Publisher.ID)
		name, err := session(controlServer(c.Server, "nms"), id)
		if err != nil {
			continue
		}
		list = append(list, Publisher{Publish{Key: s.Name, Session: name, App: s.App, RemoteAddr: s.Publisher.IP}, id, s.Publisher.InBytes})
	}
	return list, nil
}

// Drop implements PublisherControl by DELETE /api/v1/sessions/{id}.
func (c *NodeMediaServerControl) Drop(ctx context.Context, p Publisher) error {
	if !nameSafe(p.Handle) {
		return fmt.Errorf("ingest: node-media-server API: bad session id: %w", prism.ErrInvalid)
	}
	status, err := c.api().call(ctx, http.MethodDelete, "/api/v1/sessions/"+p.Handle, nil)
	if err == nil && status != http.StatusOK && status != http.StatusNotFound {
		err = fmt.Errorf("ingest: node-media-server API: status %d", status)
	}
	return err
}

// KickPublisher implements prism.PublisherKicker: it drops whoever publishes
// with the stream key of the live. Nobody is no error.
func (c *NodeMediaServerControl) KickPublisher(ctx context.Context, live prism.Live) error {
	return kickByKey(ctx, c, live, "")
}

func (c *NodeMediaServerControl) kickOthers(ctx context.Context, live prism.Live, session string) error {
	return kickByKey(ctx, c, live, session)
}
