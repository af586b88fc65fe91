package check_test

import (
	"context"
	"net/http"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// careless lets everybody act as the first streamer, in one call.
type careless struct {
	prism.LiveStore
	call string
	// as is what a foreign live is answered with instead, if not nil.
	as error
}

func (c careless) as1(call, userID string) string {
	if c.call == call {
		return "minji"
	}
	return userID
}

func (c careless) Live(ctx context.Context, userID, liveID string) (prism.Live, error) {
	l, err := c.LiveStore.Live(ctx, c.as1("live", userID), liveID)
	if err != nil && c.as != nil {
		if _, foreign := c.LiveStore.Live(ctx, "minji", liveID); foreign == nil {
			err = c.as
		}
	}
	l.ForUser = userID
	return l, err
}

func (c careless) Lives(ctx context.Context, userID, channelID string, f prism.LiveFilter) ([]prism.Live, error) {
	list, err := c.LiveStore.Lives(ctx, c.as1("lives", userID), channelID, f)
	for i := range list {
		list[i].ForUser = userID
	}
	return list, err
}

func (c careless) CreateLive(ctx context.Context, userID, channelID string, n prism.NewLive) (prism.Live, error) {
	l, err := c.LiveStore.CreateLive(ctx, c.as1("create", userID), channelID, n)
	l.ForUser = userID
	return l, err
}

func (c careless) StartLive(ctx context.Context, userID, liveID string) (prism.StartResult, error) {
	r, err := c.LiveStore.StartLive(ctx, c.as1("start", userID), liveID)
	r.Live.ForUser = userID
	return r, err
}

func (c careless) EndLive(ctx context.Context, userID, liveID string, opt prism.EndOptions) (prism.EndResult, error) {
	r, err := c.LiveStore.EndLive(ctx, c.as1("end", userID), liveID, opt)
	r.Live.ForUser = userID
	return r, err
}

func foreign(call string) func(*world) {
	return func(w *world) { w.config.Lives = careless{LiveStore: w.store, call: call} }
}

// carelessChat is careless for the optional calls.
type carelessChat struct {
	prism.ChatReader
	prism.ChatSender
	prism.ChatDeleter
	prism.Banner
	prism.ManagerStore
	prism.LiveUpdater
}

func (c carelessChat) Messages(ctx context.Context, _, liveID string, q prism.ChatQuery) (prism.ChatPage, error) {
	return c.ChatReader.Messages(ctx, "minji", liveID, q)
}

func (c carelessChat) SendMessage(ctx context.Context, _, liveID, text string) error {
	return c.ChatSender.SendMessage(ctx, "minji", liveID, text)
}

func (c carelessChat) DeleteMessage(ctx context.Context, _, liveID, id string) error {
	return c.ChatDeleter.DeleteMessage(ctx, "minji", liveID, id)
}

func (c carelessChat) BanUser(ctx context.Context, userID, liveID, target string, d time.Duration) error {
	if userID == "juno" {
		return nil
	}
	return c.Banner.BanUser(ctx, userID, liveID, target, d)
}

func (c carelessChat) AddManager(ctx context.Context, userID, liveID, target string) error {
	if userID == "juno" {
		return nil
	}
	return c.ManagerStore.AddManager(ctx, userID, liveID, target)
}

func (c carelessChat) UpdateLive(ctx context.Context, userID, liveID string, u prism.LiveUpdate) (prism.Live, error) {
	l, err := c.LiveUpdater.UpdateLive(ctx, "minji", liveID, u)
	l.ForUser = userID
	return l, err
}

func carelessChatOf(w *world) carelessChat {
	return carelessChat{w.store, w.store, w.store, w.store, w.store, w.store}
}

// openChannel shows every channel to everybody.
type openChannel struct{ prism.ChannelStore }

func (c openChannel) Channel(ctx context.Context, userID, channelID string) (prism.Channel, error) {
	for _, owner := range []string{"minji", "juno"} {
		if ch, err := c.ChannelStore.Channel(ctx, owner, channelID); err == nil {
			ch.ForUser = userID
			return ch, nil
		}
	}
	return prism.Channel{}, prism.ErrNotFound
}

var ownerMutants = []mutant{
	{"everybody sees every channel", "owner.channel", func(w *world) { w.config.Channels = openChannel{w.store} }},
	{"everybody lists every live", "owner.channel", func(w *world) {
		w.config.Channels = openChannel{w.store}
		foreign("lives")(w)
	}},
	{"everybody makes lives anywhere", "owner.create", func(w *world) {
		w.config.Channels = openChannel{w.store}
		foreign("create")(w)
	}},
	{"everybody sees every live", "owner.live", foreign("live")},
	{"a foreign live is 403", "owner.live", func(w *world) { w.config.Lives = careless{LiveStore: w.store, as: prism.ErrForbidden} }},
	{"everybody starts every live", "owner.start", foreign("start")},
	{"everybody stops every live", "owner.start", foreign("end")},
	{"everybody updates every live", "owner.update", func(w *world) { w.config.Update = carelessChatOf(w) }},
	{"everybody reads every chat", "owner.chat", func(w *world) { w.config.Chat = carelessChatOf(w) }},
	{"everybody writes into every chat", "owner.chat", func(w *world) { w.config.ChatSend = carelessChatOf(w) }},
	{"everybody deletes messages", "owner.chat", func(w *world) { w.config.ChatDelete = carelessChatOf(w) }},
	{"everybody bans", "owner.users", func(w *world) { w.config.Ban = carelessChatOf(w) }},
	{"everybody names managers", "owner.users", func(w *world) { w.config.Managers = carelessChatOf(w) }},
	{"a foreign live has an error of its own", "owner.oracle", func(w *world) {
		w.config.Lives = careless{LiveStore: w.store, as: &prism.Error{Status: http.StatusNotFound, Code: 100001, Name: "NOT_YOURS", Message: "Not yours."}}
	}},
}
