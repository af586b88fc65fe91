package ingest

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/b2bprism/b2bprism/prism"
)

// MaxPlaybackName is the length of the longest name that PlaybackName returns.
const MaxPlaybackName = 200

// Events is what the hooks of a media server ask and tell. The handlers of
// this package call it; a host that has its own way to decide implements it.
// It must be safe for concurrent use and honour ctx.
//
// A session is one connection of a publisher. Events of a session may come
// late, twice or never; one of an older session changes nothing.
type Events interface {
	// Authorize decides whether a publisher may publish with this key. It
	// may take a few seconds: a client may push a moment before the start of
	// its live is stored. It changes nothing.
	//
	// It returns prism.ErrNotFound for a key that no live has, and
	// prism.ErrConflict for a live that is not on air. Any other error means
	// that it cannot tell for now.
	Authorize(ctx context.Context, p Publish) (Decision, error)

	// Started makes the session the live's publisher. It returns the errors
	// of Authorize; the publisher must then be refused or dropped.
	Started(ctx context.Context, p Publish) error

	// Heartbeat says that packets came in just now. prism.ErrNotFound and
	// prism.ErrConflict mean that the publisher must be dropped: its key is
	// gone, its live is over, or a newer session took its place. After any
	// other error it must not be: a running broadcast is never stopped for a
	// failure of the service.
	Heartbeat(ctx context.Context, p Publish) error

	// Ended says that the session is over. It ends no live: the client may
	// reconnect.
	Ended(ctx context.Context, p Publish) error
}

// Publish names a publisher in an event.
type Publish struct {
	// Key is the stream key that the publisher uses. It is a secret; the
	// formatting methods of Publish leave it out.
	Key string
	// Session names the connection: unique among all media servers that feed
	// one store, and not used again for another connection. At most 100
	// bytes.
	Session string
	// App is the application of the media server, RemoteAddr the publisher's
	// address as the media server reports it. Either may be "".
	App, RemoteAddr string
}

// String describes p without its key.
func (p Publish) String() string {
	return fmt.Sprintf("publish session=%q app=%q addr=%q", p.Session, p.App, p.RemoteAddr)
}

// GoString describes p without its key, for %#v.
func (p Publish) GoString() string { return p.String() }

// Decision is the answer to a publisher that may publish.
type Decision struct {
	// Live is the live that the key belongs to. Its RTMPPath holds the key:
	// do not log it.
	Live prism.Live
	// Playback is the name under which the media server should offer the
	// stream, in place of the key: what PlaybackName gives for the live,
	// because a kick goes by that name.
	Playback string
}

// PlaybackName returns the name under which a media server offers the pictures
// of a live, so that viewers and files never see its stream key: its
// PlaybackID, or its ID when it has none. A value that could not stand in a
// file name or URL is sent as "~" and its base64url, so the name has only
// letters, digits, "_", "-" and "~", and at most MaxPlaybackName bytes. It
// returns an error that wraps prism.ErrInvalid for a longer one, for a live
// that has neither, and for one whose playback id is its stream key.
func PlaybackName(live prism.Live) (string, error) {
	id := live.PlaybackID
	if id == "" {
		id = live.ID
	}
	if id == "" {
		return "", fmt.Errorf("ingest: the live has no id: %w", prism.ErrInvalid)
	}
	if _, key, err := prism.SplitRTMPPath(live.RTMPPath); err == nil && key == id {
		return "", fmt.Errorf("ingest: live %q: the playback id is the stream key: %w", live.ID, prism.ErrInvalid)
	}
	if !nameSafe(id) {
		id = "~" + base64.RawURLEncoding.EncodeToString([]byte(id))
	}
	if len(id) > MaxPlaybackName {
		return "", fmt.Errorf("ingest: a playback name of %d bytes is too long: %w", len(id), prism.ErrInvalid)
	}
	return id, nil
}

// nameSafe reports whether s has only letters, digits, "_" and "-". A dot is
// not among them: media servers cut a name at it.
func nameSafe(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return s != ""
}
