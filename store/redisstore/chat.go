package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// DefaultChatLimit is the ChatOptions.Limit when it is 0.
	DefaultChatLimit = 10_000
	// DefaultChatRetention is the ChatOptions.Retention when it is 0.
	DefaultChatRetention = 30 * 24 * time.Hour
)

// LiveFinder tells whether a user may use a live in PRISM. Every
// prism.LiveStore is one.
type LiveFinder interface {
	// Live returns prism.ErrNotFound for a live that the user may not use.
	Live(ctx context.Context, userID, liveID string) (prism.Live, error)
}

// ChatOptions is what a Chat is told of its host.
type ChatOptions struct {
	// Lives authorises the acting user of every call from PRISM, with one
	// call each. Required.
	Lives LiveFinder
	// Users names the authors. A message keeps the name and picture that its
	// author had. Required.
	Users prism.UserSource
	// Standings knows owners, managers and bans, which stay in the main store;
	// every ready store does. It is asked once for each message, of a live and
	// a user that exist. nil means that nobody is banned or a manager, and that
	// who writes from PRISM is the owner.
	Standings prism.StandingSource
	// Prefix begins all keys, in braces together with the live's id:
	// DefaultPrefix by default. It holds no brace.
	Prefix string
	// Limit is how many messages of a live are kept: DefaultChatLimit by
	// default. The oldest go first.
	Limit int
	// Retention is how long a live's chat is kept after its latest message:
	// DefaultChatRetention by default, a minute at least.
	Retention time.Duration
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

var (
	_ prism.ChatReader  = (*Chat)(nil)
	_ prism.ChatSender  = (*Chat)(nil)
	_ prism.ChatDeleter = (*Chat)(nil)
)

// Chat keeps the chat of lives in Redis streams. It is safe for concurrent use,
// also by several processes on one Redis. Its errors, and how it honours ctx,
// are those of Store.
//
// A cursor is the number of a message: the time in milliseconds, or one more
// than the number before if that is not above it. So numbers have gaps, and a
// chat of which Redis lost all or the latest messages, or whose Retention is
// over, goes on above the cursors that readers still have. No number is given
// twice, as long as the clocks of the processes that write differ by less than
// it takes Redis to come back.
//
// For PRISM it is Config.Chat, ChatSend and ChatDelete. Audience and Lives
// join it to the host's main store.
type Chat struct {
	caller
	lives     LiveFinder
	users     prism.UserSource
	standings prism.StandingSource
	prefix    string
	limit     int
	retention time.Duration
	clock     func() time.Time
}

// NewChat makes a Chat on a client that the host has made and will close. It
// does not connect. It reports every problem of the options at once, each
// naming its field.
func NewChat(client redis.UniversalClient, opt ChatOptions) (*Chat, error) {
	prefix, prefixErr := checkPrefix(opt.Prefix)
	var errs []error
	for _, p := range []struct {
		wrong   bool
		problem string
	}{
		{client == nil, "the client is nil"},
		{opt.Lives == nil, "ChatOptions.Lives is missing: every prism.LiveStore does"},
		{opt.Users == nil, "ChatOptions.Users is missing"},
		{prefixErr != nil, fmt.Sprintf("ChatOptions.Prefix %v", prefixErr)},
		{opt.Limit < 0, fmt.Sprintf("ChatOptions.Limit is %d, want 0 for the default or a positive number", opt.Limit)},
		{opt.Retention != 0 && opt.Retention < time.Minute, fmt.Sprintf("ChatOptions.Retention is %v, want 0 for the default or at least a minute", opt.Retention)},
	} {
		if p.wrong {
			errs = append(errs, errors.New("redisstore: "+p.problem))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c := &Chat{
		caller: caller{client}, lives: opt.Lives, users: opt.Users, standings: opt.Standings,
		prefix: prefix, limit: opt.Limit, retention: opt.Retention, clock: opt.Now,
	}
	if c.limit == 0 {
		c.limit = DefaultChatLimit
	}
	if c.retention == 0 {
		c.retention = DefaultChatRetention
	}
	if c.clock == nil {
		c.clock = time.Now
	}
	return c, nil
}

// key is a key of one live. The live's id is part of the hash tag, so that all
// keys of a live are in one slot, whatever the id holds.
func (c *Chat) key(liveID, kind string) string {
	return "{" + c.prefix + ":chat:" + liveID + "}:" + kind
}

func (c *Chat) stateKey(liveID string) string { return c.key(liveID, "state") }

func (c *Chat) logKey(liveID string) string { return c.key(liveID, "log") }

func (c *Chat) deletedKey(liveID string) string { return c.key(liveID, "deleted") }
