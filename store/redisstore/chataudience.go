package redisstore

import (
	"context"

	"github.com/b2bprism/b2bprism/prism"
)

// Audience returns main with its chat replaced by this one: LiveChat and
// PostChat are here, after main.WatchLive has found the live, and Stats.Chats
// is as in Lives. Who may watch stays the host's decision, as in
// prism.Audience.
//
// PostChat takes chat in any state of the live. It returns prism.ErrNotFound
// for a user whom ChatOptions.Users does not know, and prism.ErrForbidden for
// one who is disabled, or banned by ChatOptions.Standings.
func (c *Chat) Audience(main prism.Audience) prism.Audience { return chatAudience{main, c} }

type chatAudience struct {
	prism.Audience
	chat *Chat
}

func (a chatAudience) WatchLive(ctx context.Context, liveID string) (prism.Live, error) {
	live, err := a.Audience.WatchLive(ctx, liveID)
	if err == nil {
		a.chat.addCounts(ctx, &live)
	}
	return live, err
}

func (a chatAudience) LivesOnAir(ctx context.Context, limit int) ([]prism.Live, error) {
	lives, err := a.Audience.LivesOnAir(ctx, limit)
	if err == nil {
		a.chat.addCountsTo(ctx, lives)
	}
	return lives, err
}

func (a chatAudience) LiveChat(ctx context.Context, liveID string, query prism.ChatQuery) (prism.ChatPage, error) {
	if _, err := a.Audience.WatchLive(ctx, liveID); err != nil {
		return prism.ChatPage{}, err
	}
	return a.chat.read(ctx, liveID, query)
}

func (a chatAudience) PostChat(ctx context.Context, liveID, userID, text string) error {
	if _, err := a.Audience.WatchLive(ctx, liveID); err != nil {
		return err
	}
	author, err := a.chat.users.User(ctx, userID)
	if err != nil {
		return err
	}
	if author.Disabled {
		return forbidden("the author is disabled")
	}
	return a.chat.post(ctx, liveID, author, text, prism.Standing{})
}
