package prism

import (
	"context"
	"time"
)

// ViewerTimeout is how long a viewer counts after the last heartbeat.
const ViewerTimeout = time.Minute

// Directory is how a host writes users, channels and lives into a ready store.
// All Put methods insert, or overwrite what they name; none checks who asks.
type Directory interface {
	// PutUser stores the user under its id.
	PutUser(ctx context.Context, user User) error
	// PutChannel stores the channel with this owner. Times that are zero
	// become now for a new channel and stay for an old one. Disabling with
	// PutChannel ends no live; see SetChannelEnabled.
	PutChannel(ctx context.Context, ownerID string, channel Channel) error
	// PutLive stores a live of an existing channel as it is, with its id,
	// state and statistics, unless one with its id exists: then it changes
	// nothing. Zero times become now. It gets a stream key of its own.
	PutLive(ctx context.Context, live Live) error
	// SetChannelEnabled switches the channel. Disabling ends the live that is
	// on air in the same transaction and returns it, else nil. Call
	// Service.LiveEnded with it, so that its publisher is dropped.
	SetChannelEnabled(ctx context.Context, channelID string, enabled bool) (ended *Live, err error)
}

// Audience is the viewers' side of a ready store, for the host's own pages.
// It knows no acting user: what a viewer may see is the host's decision, by
// Live.Scope. No live that it returns carries its RTMPPath.
type Audience interface {
	// WatchLive returns a live in any state.
	WatchLive(ctx context.Context, liveID string) (Live, error)
	// LivesOnAir returns up to limit lives on air of every scope, latest
	// start first.
	LivesOnAir(ctx context.Context, limit int) ([]Live, error)
	// LiveChat is ChatReader.Messages for a viewer.
	LiveChat(ctx context.Context, liveID string, query ChatQuery) (ChatPage, error)
	// PostChat adds a message of a viewer who is a user of the store. It
	// returns ErrForbidden while the user is banned in the live's channel.
	PostChat(ctx context.Context, liveID, userID, text string) error
	// ViewerSeen is the heartbeat of one viewer of a live on air, named by an
	// opaque id. The first of a broadcast counts as a view; a viewer who is
	// not seen for ViewerTimeout is gone.
	ViewerSeen(ctx context.Context, liveID, viewerID string) error
	// AddLikes adds n to the likes of a live.
	AddLikes(ctx context.Context, liveID string, n int) error
}

// StoreOptions is what every ready store is told of its host.
type StoreOptions struct {
	// RTMPBase stands before the stream key of every rtmpPath, for example
	// "rtmp://ingest.example.com/live"; see CheckRTMPBase. It is not stored:
	// changing it moves all lives. Required.
	RTMPBase string
	// LiveLink returns the address where a live is watched. nil, or "" from
	// it, means the channel's Link.
	LiveLink func(liveID string) string
	// ChatLimit is how many messages of a live are kept, 10,000 by default.
	// The oldest go first.
	ChatLimit int
	// Now is the clock, time.Now by default.
	Now func() time.Time
}
