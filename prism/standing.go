package prism

import "context"

// Standing is what a user is in the chat of one live.
type Standing struct {
	// Owner and Manager go into the messages that the user writes from now on.
	Owner, Manager bool
	// Banned keeps the user from writing, unless the user is the owner. A ban
	// that is over is none.
	Banned bool
}

// StandingSource tells a user's standing, for a chat that is kept elsewhere
// than bans and managers are. The ready stores implement it. It must be safe
// for concurrent use and honour ctx.
type StandingSource interface {
	// Standing is asked once for each message. It returns ErrNotFound for a
	// live that does not exist; a user nobody knows has the zero Standing.
	Standing(ctx context.Context, liveID, userID string) (Standing, error)
}
