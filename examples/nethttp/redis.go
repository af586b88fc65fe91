package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// redisTimeout bounds each step of a command. It is shorter than the deadline
// of a request, so that an outage is told as one.
const redisTimeout = time.Second

// parseRedis reads the URL of -redis. No error repeats it: it can hold a
// password.
func parseRedis(raw string) (*redis.Options, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" {
		return nil, errors.New("must be redis://USER:PASSWORD@HOST:PORT/DB or rediss://…, with special characters written as %XX")
	}
	opt, err := redis.ParseURL(raw)
	if err != nil {
		return nil, errors.New("has a database number or a parameter that go-redis does not take")
	}
	opt.ContextTimeoutEnabled = true
	// A command is tried again anyway. Dialing five times in each try would
	// take longer than a request has.
	opt.DialerRetries = 1
	for _, timeout := range []*time.Duration{&opt.DialTimeout, &opt.ReadTimeout, &opt.WriteTimeout} {
		if *timeout == 0 {
			*timeout = redisTimeout
		}
	}
	return opt, nil
}

// mainStore puts the methods of the main store one step deeper, so that those
// of joinedStore's other parts come before them.
type mainStore struct{ dataStore }

// joinedStore is the main store with tokens and chat in Redis. Bans, managers
// and all else stay in the main store.
type joinedStore struct {
	mainStore

	oauth.Store
	prism.ChatReader
	prism.ChatSender
	prism.ChatDeleter
	// These add the number of chat messages to the lives of the main store.
	prism.LiveStore
	prism.LiveUpdater
	prism.Audience
}

// joinRedis moves tokens and chat to the Redis of the URL, which parseFlags has
// checked. closeStore closes main too.
func joinRedis(ctx context.Context, rawURL string, main dataStore, closeMain func() error) (store dataStore, closeStore func() error, err error) {
	opt, err := parseRedis(rawURL)
	if err != nil {
		return nil, nil, fmt.Errorf("-redis: %w", err)
	}
	client := redis.NewClient(opt)
	defer func() {
		if err != nil {
			err = errors.Join(err, client.Close())
		}
	}()
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, nil, fmt.Errorf("-redis: %w", err)
	}
	tokens, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		return nil, nil, err
	}
	chat, err := redisstore.NewChat(client, redisstore.ChatOptions{Lives: main, Users: main, Standings: main})
	if err != nil {
		return nil, nil, err
	}
	joined := joinedStore{
		mainStore: mainStore{main}, Store: tokens,
		ChatReader: chat, ChatSender: chat, ChatDeleter: chat,
		LiveStore: chat.Lives(main), LiveUpdater: chat.Updates(main), Audience: chat.Audience(main),
	}
	return joined, func() error { return errors.Join(client.Close(), closeMain()) }, nil
}

// redisLog brings what go-redis reports into the app's log.
type redisLog struct{ log *zap.Logger }

// Printf implements the driver's interface.
func (l redisLog) Printf(_ context.Context, format string, v ...any) {
	l.log.Warn(fmt.Sprintf(format, v...))
}
