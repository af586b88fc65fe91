package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/prism"
)

// Counts returns how many messages were ever written in each live, deleted and
// trimmed ones included, in the order of the ids. A live whose chat is not
// there, or not any more, has 0.
func (c *Chat) Counts(ctx context.Context, liveIDs ...string) ([]int64, error) {
	if len(liveIDs) == 0 {
		return nil, ctx.Err()
	}
	commands, err := call(ctx, func(ctx context.Context) ([]redis.Cmder, error) {
		commands, err := c.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, id := range liveIDs {
				p.HGet(ctx, c.stateKey(id), "posted")
			}
			return nil
		})
		if errors.Is(err, redis.Nil) {
			err = nil
		}
		return commands, err
	})
	if err != nil {
		return nil, err
	}
	counts := make([]int64, len(liveIDs))
	for i, command := range commands {
		posted, ok := command.(*redis.StringCmd)
		if !ok {
			return nil, unreadable("number of messages")
		}
		if counts[i], err = posted.Int64(); err != nil && !errors.Is(err, redis.Nil) {
			return nil, failure(ctx, err)
		}
	}
	return counts, nil
}

// countTimeout bounds the question for the numbers of messages. It is far
// below the deadline of a request: what the main store has done already must
// not be answered as a timeout because Redis hangs.
const countTimeout = 300 * time.Millisecond

// addCounts adds the numbers of messages to what the main store tells. While
// Redis cannot answer they are left out: a streamer must be able to go live
// without them.
func (c *Chat) addCounts(ctx context.Context, lives ...*prism.Live) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	ids := make([]string, len(lives))
	for i, l := range lives {
		ids[i] = l.ID
	}
	counts, err := c.Counts(ctx, ids...)
	if err != nil {
		return
	}
	for i, l := range lives {
		l.Stats.Chats += counts[i]
	}
}

func (c *Chat) addCountsTo(ctx context.Context, lives []prism.Live) {
	all := make([]*prism.Live, len(lives))
	for i := range lives {
		all[i] = &lives[i]
	}
	c.addCounts(ctx, all...)
}

// Lives returns main with the messages of this Chat added to Stats.Chats of
// the lives that it returns, for prism.Config.Lives. That is one more round
// trip to Redis for each call. When Redis does not answer within 300 ms,
// Stats.Chats is what main has.
func (c *Chat) Lives(main prism.LiveStore) prism.LiveStore { return countedLives{main, c} }

// Updates does for prism.Config.Update what Lives does for prism.Config.Lives.
func (c *Chat) Updates(main prism.LiveUpdater) prism.LiveUpdater { return countedUpdates{main, c} }

type countedLives struct {
	prism.LiveStore
	chat *Chat
}

func (s countedLives) Lives(ctx context.Context, userID, channelID string, filter prism.LiveFilter) ([]prism.Live, error) {
	lives, err := s.LiveStore.Lives(ctx, userID, channelID, filter)
	if err == nil {
		s.chat.addCountsTo(ctx, lives)
	}
	return lives, err
}

func (s countedLives) Live(ctx context.Context, userID, liveID string) (prism.Live, error) {
	live, err := s.LiveStore.Live(ctx, userID, liveID)
	if err == nil {
		s.chat.addCounts(ctx, &live)
	}
	return live, err
}

func (s countedLives) StartLive(ctx context.Context, userID, liveID string) (prism.StartResult, error) {
	result, err := s.LiveStore.StartLive(ctx, userID, liveID)
	if err != nil {
		return result, err
	}
	changed := []*prism.Live{&result.Live}
	if result.Ended != nil {
		changed = append(changed, result.Ended)
	}
	s.chat.addCounts(ctx, changed...)
	return result, nil
}

func (s countedLives) EndLive(ctx context.Context, userID, liveID string, opt prism.EndOptions) (prism.EndResult, error) {
	result, err := s.LiveStore.EndLive(ctx, userID, liveID, opt)
	if err == nil {
		s.chat.addCounts(ctx, &result.Live)
	}
	return result, err
}

type countedUpdates struct {
	prism.LiveUpdater
	chat *Chat
}

func (s countedUpdates) UpdateLive(ctx context.Context, userID, liveID string, update prism.LiveUpdate) (prism.Live, error) {
	live, err := s.LiveUpdater.UpdateLive(ctx, userID, liveID, update)
	if err == nil {
		s.chat.addCounts(ctx, &live)
	}
	return live, err
}
