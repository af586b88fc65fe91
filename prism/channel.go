package prism

import (
	"context"
	"time"
)

// Channel is a streamer's channel in the host's service.
type Channel struct {
	// ID is the host's own id.
	ID string
	// ForUser is the id of the acting user whom this channel was selected
	// for. Take it from the row or the access table that granted access,
	// not from the argument: the handler compares it with the acting user
	// and refuses a channel that differs.
	ForUser string
	// Name is shown to the streamer. A blank one is replaced by ID, since
	// the PRISM client hides a channel without a name and those after it.
	Name string
	// Enabled tells whether a broadcast can start. It is false, too, when
	// the owner is blocked or has left.
	Enabled bool
	// Link is the address of the channel's home page.
	Link string
	// Description is free text, or "".
	Description string
	// Tags are sent joined by ";". A semicolon within a tag becomes a comma.
	Tags []string
	// ThumbnailURL is the address of the channel's picture, or "". The
	// client caches by address for ever: change it when the picture changes.
	ThumbnailURL string
	// FollowerCount is clamped to 0..2147483647.
	FollowerCount int64
	// ModifiedAt and CreatedAt give the order of lists.
	ModifiedAt, CreatedAt time.Time
}

// ChannelStore finds the channels that a user may broadcast to. It must be
// safe for concurrent use and honour ctx.
type ChannelStore interface {
	// Channels returns all channels that the user may use, disabled ones
	// included, ordered by ModifiedAt descending, then CreatedAt descending.
	// A user without channels gets an empty list, not an error.
	Channels(ctx context.Context, userID string) ([]Channel, error)

	// Channel returns one channel. It returns an error that wraps
	// ErrNotFound when there is none, and also when there is one that the
	// user may not use: the two must look the same.
	Channel(ctx context.Context, userID, channelID string) (Channel, error)
}
