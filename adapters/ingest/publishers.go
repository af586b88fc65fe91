package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/b2bprism/b2bprism/prism"
)

// PublisherControl is the API of a media server, as far as publishers are
// concerned. The controls of this package implement it, for a Poller and for
// Config.Ingest. It must be safe for concurrent use. Its errors hold no keys.
type PublisherControl interface {
	prism.PublisherKicker

	// Publishers returns the connections that publish now. When it cannot
	// learn of all it returns an error, with those that it found or none: a
	// connection that is missing without an error counts as gone.
	Publishers(ctx context.Context) ([]Publisher, error)

	// Drop closes the connection. One that is gone is no error. It returns
	// an error that wraps errors.ErrUnsupported when the server has no call
	// for it.
	Drop(ctx context.Context, p Publisher) error
}

// Publisher is a connection that publishes, as the media server tells it.
type Publisher struct {
	Publish
	// Handle is what the media server knows the connection by, for Drop.
	Handle string
	// Received is how many bytes came in since the connection began, and -1
	// when the server does not tell.
	Received int64
}

// GoString describes p without its key, for %#v.
func (p Publisher) GoString() string { return p.String() }

// kickByKey drops the publishers of a live that use its stream key, all but
// one session.
func kickByKey(ctx context.Context, control PublisherControl, live prism.Live, keep string) error {
	_, key, err := prism.SplitRTMPPath(live.RTMPPath)
	if err != nil {
		return fmt.Errorf("ingest: live %q has no stream key to kick by: %w", live.ID, prism.ErrInvalid)
	}
	publishers, err := control.Publishers(ctx)
	errs := []error{err}
	for _, p := range publishers {
		if p.Key == key && p.Session != keep {
			errs = append(errs, control.Drop(ctx, p))
		}
	}
	return errors.Join(errs...)
}

// controlServer is the name of the media server in sessions.
func controlServer(name, standard string) string {
	if name == "" {
		return standard
	}
	return name
}

// keyOfPath returns the key of a path {app}/{key}, with or without a slash
// before it.
func keyOfPath(path, app string) (key string, ok bool) {
	key, ok = strings.CutPrefix(strings.TrimPrefix(path, "/"), app+"/")
	return key, ok && key != "" && !strings.Contains(key, "/")
}

// inApp reports whether a path is in the application of the publishers.
func inApp(path, app string) bool {
	path = strings.TrimLeft(path, "/")
	return path == app || strings.HasPrefix(path, app+"/")
}
