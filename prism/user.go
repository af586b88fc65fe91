package prism

import "context"

// User is a person who may broadcast: the owner of channels.
type User struct {
	// ID is the host's own id. Any non-empty string of at most 149 bytes
	// does; see "Ids" in the README for how it travels.
	ID string
	// Name is shown to the streamer. A blank one is replaced by ID.
	Name string
	// ThumbnailURL is the address of the profile picture, or "".
	ThumbnailURL string
	// Disabled tells that the user is blocked or has left. Such a user
	// gets no token, and channels are shown as disabled.
	Disabled bool
}

// UserSource finds users. It must be safe for concurrent use and honour ctx.
type UserSource interface {
	// User returns the user with this id. It returns an error that wraps
	// ErrNotFound when there is none, and a User with Disabled set, not an
	// error, when the user is blocked.
	User(ctx context.Context, userID string) (User, error)
}
