package redisstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// attemptMemory is how long a post is known again when the driver repeats it,
// which it does within seconds.
const attemptMemory = time.Minute

// SendMessage implements prism.ChatSender. It takes chat in any state of the
// live.
func (c *Chat) SendMessage(ctx context.Context, userID, liveID, text string) error {
	if _, err := c.lives.Live(ctx, userID, liveID); err != nil {
		return err
	}
	author, err := c.users.User(ctx, userID)
	if err != nil {
		return err
	}
	return c.post(ctx, liveID, author, text, prism.Standing{Owner: true})
}

// post writes a message of an author who may use the live. The standing is
// that of a host without standings.
func (c *Chat) post(ctx context.Context, liveID string, author prism.User, text string, standing prism.Standing) error {
	if c.standings != nil {
		var err error
		if standing, err = c.standings.Standing(ctx, liveID, author.ID); err != nil {
			return err
		}
	}
	if standing.Banned && !standing.Owner {
		return forbidden("the author may not chat here")
	}
	now := c.clock()
	_, err := c.run(ctx, chatPostScript,
		[]string{c.stateKey(liveID), c.logKey(liveID), c.deletedKey(liveID), c.key(liveID, "try:"+newAttempt())},
		now.UnixMilli(), strings.ToLower(rand.Text()), c.limit, c.retention.Milliseconds(), attemptMemory.Milliseconds(),
		"at", timeText(now), "author", author.ID, "name", author.Name, "picture", author.ThumbnailURL,
		"owner", standing.Owner, "manager", standing.Manager, "text", text)
	return err
}

// DeleteMessage implements prism.ChatDeleter. Deleting a message that was
// trimmed is no error either. A message that Redis lost is prism.ErrNotFound.
func (c *Chat) DeleteMessage(ctx context.Context, userID, liveID, messageID string) error {
	if _, err := c.lives.Live(ctx, userID, liveID); err != nil {
		return err
	}
	mark, digits, _ := strings.Cut(messageID, "-")
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || mark == "" || messageIDOf(mark, number) != messageID {
		return notFound("message")
	}
	reply, err := c.run(ctx, chatDeleteScript,
		[]string{c.stateKey(liveID), c.logKey(liveID), c.deletedKey(liveID)},
		mark, number, c.limit, c.retention.Milliseconds())
	if err != nil {
		return err
	}
	if reply != int64(1) {
		return notFound("message")
	}
	return nil
}

// messageIDOf makes an id of which no other live has the like. The mark stands
// for the live, so that an id alone tells whether its message ever was in it.
func messageIDOf(mark string, number int64) string {
	return mark + "-" + strconv.FormatInt(number, 10)
}

func forbidden(why string) error {
	return fmt.Errorf("redisstore: %s: %w", why, prism.ErrForbidden)
}
