package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

const controlTimeout = time.Second

// NGINXControl drops publishers by the control module of nginx-rtmp
// (rtmp_control). It is a prism.PublisherKicker for Config.Ingest. The control
// module reaches the publishers of one worker process only, so nginx must run
// with worker_processes 1.
type NGINXControl struct {
	// URL is where rtmp_control stands, for example
	// "http://127.0.0.1:9001/control". It must not be reachable from outside.
	URL string
	// App is the RTMP application that publishers use.
	App string
	// Client makes the calls; nil means http.DefaultClient. A call takes at
	// most 1 s whatever its timeout.
	Client *http.Client
}

// KickPublisher drops the publisher of the live, which nginx knows by its
// PlaybackName. No publisher is no error. An error has neither the URL nor the
// playback name.
func (c *NGINXControl) KickPublisher(ctx context.Context, live prism.Live) error {
	name, err := PlaybackName(live)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, controlTimeout)
	defer cancel()
	query := url.Values{"app": {c.App}, "name": {name}}
	target := strings.TrimRight(c.URL, "/") + "/drop/publisher?" + query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return errors.New("ingest: NGINXControl.URL is not a URL")
	}
	client := http.Client{}
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return fmt.Errorf("ingest: nginx control: %w", err)
	}
	// The body is the number of publishers dropped; reading it lets the
	// connection be used again.
	_, readErr := io.CopyN(io.Discard, resp.Body, 1<<10)
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("ingest: nginx control: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ingest: nginx control: status %d", resp.StatusCode)
	}
	if readErr != nil && !errors.Is(readErr, io.EOF) {
		return fmt.Errorf("ingest: nginx control: %w", readErr)
	}
	return nil
}
