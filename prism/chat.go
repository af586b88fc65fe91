package prism

import (
	"context"
	"time"
)

// MaxChatPage is the most messages that one call returns.
const MaxChatPage = 100

// Message is one chat message of a live.
type Message struct {
	// ID is the host's own id of the message.
	ID string
	At time.Time
	// AuthorID is a user id of the host. Bans and managers are set with it.
	AuthorID           string
	AuthorName         string
	AuthorThumbnailURL string
	Text               string
	// LiveOwner and LiveManager tell the author's part in this live.
	LiveOwner, LiveManager bool
}

// ChatQuery selects messages.
type ChatQuery struct {
	// After is the cursor of the last page; messages after it are wanted,
	// oldest first. A nil After wants the latest Limit messages instead.
	After *int64
	// Limit is 1 to MaxChatPage.
	Limit int
}

// ChatPage is a page of messages, oldest first.
type ChatPage struct {
	Messages []Message
	// Next is the cursor after the last message of the page: 0 or more. With
	// no messages it is the query's After, or 0 if that was nil.
	Next int64
}

// ChatReader is the optional capability to show chat in PRISM (Config.Chat,
// API code LIVE_CHAT_LIST). It and the other chat interfaces must be safe for
// concurrent use and honour ctx.
//
// A cursor is a sequence number of the live's chat. It must be assigned so
// that a reader who goes on from a cursor can never miss a message that was
// committed late. Deleting messages does not disturb it: a cursor whose
// message is gone stays good, and goes on at the oldest message after it.
// (On MariaDB a SELECT may see a message and, rarely, not the one before it,
// though the two were committed in order: read a page with a hole again, and
// only up to the last message that was seen.)
type ChatReader interface {
	// Messages returns ErrNotFound for a live that the user may not use.
	Messages(ctx context.Context, userID, liveID string, query ChatQuery) (ChatPage, error)
}

// ChatSender is the optional capability to write chat from PRISM
// (Config.ChatSend, API code LIVE_CHAT_SEND).
type ChatSender interface {
	// SendMessage adds a message of the acting user. A store that takes no
	// chat in the live's present state returns ErrConflict.
	SendMessage(ctx context.Context, userID, liveID, text string) error
}

// ChatDeleter is the optional capability to delete messages from PRISM
// (Config.ChatDelete, API code LIVE_CHAT_DELETE).
type ChatDeleter interface {
	// DeleteMessage hides a message. Deleting one that was deleted before is
	// no error; one that never was in this live is ErrNotFound.
	DeleteMessage(ctx context.Context, userID, liveID, messageID string) error
}

// Banner is the optional capability to ban chat users (Config.Ban, API code
// USER_BAN). All methods are idempotent. They return ErrNotFound for a live
// that the acting user may not use, and for a target that is no user.
type Banner interface {
	// BanUser keeps the target from chatting in this live's channel for the
	// given time, or, with 0, for as long as the host's policy says. The
	// latest call counts.
	BanUser(ctx context.Context, userID, liveID, targetID string, d time.Duration) error
	// UnbanUser lifts either kind of ban.
	UnbanUser(ctx context.Context, userID, liveID, targetID string) error
}

// ManagerStore is the optional capability to name chat managers
// (Config.Managers). Both methods are idempotent and return ErrNotFound as
// Banner's do.
type ManagerStore interface {
	AddManager(ctx context.Context, userID, liveID, targetID string) error
	RemoveManager(ctx context.Context, userID, liveID, targetID string) error
}
