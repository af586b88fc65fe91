package prism_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// stubHost answers every call with what a test put into it, and counts calls.
type stubHost struct {
	calls    atomic.Int64
	user     prism.User
	channels []prism.Channel
	lives    []prism.Live
	page     prism.ChatPage
	// err is returned by every call; before, if set, runs first.
	err    error
	before func(ctx context.Context) error
}

// goodLive is a live that can be sent as it is.
func goodLive() prism.Live {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return prism.Live{ID: "live", ChannelID: "main", ForUser: "alice", Title: "Title", RTMPPath: "rtmp://host/app/key0123456789",
		Link: "https://example.com/live", Status: prism.StatusReserved, Scope: prism.ScopePublic,
		ReservedAt: at, CreatedAt: at, ModifiedAt: at}
}

func (s *stubHost) call(ctx context.Context) error {
	s.calls.Add(1)
	if s.before != nil {
		if err := s.before(ctx); err != nil {
			return err
		}
	}
	return s.err
}

func (s *stubHost) User(ctx context.Context, _ string) (prism.User, error) {
	return s.user, s.call(ctx)
}

func (s *stubHost) Channels(ctx context.Context, _ string) ([]prism.Channel, error) {
	return s.channels, s.call(ctx)
}

func (s *stubHost) Channel(ctx context.Context, _, _ string) (prism.Channel, error) {
	if err := s.call(ctx); err != nil {
		return prism.Channel{}, err
	}
	return s.channels[0], nil
}

func (s *stubHost) Lives(ctx context.Context, _, _ string, _ prism.LiveFilter) ([]prism.Live, error) {
	return s.lives, s.call(ctx)
}

func (s *stubHost) Live(ctx context.Context, _, _ string) (prism.Live, error) {
	if err := s.call(ctx); err != nil {
		return prism.Live{}, err
	}
	return s.lives[0], nil
}

func (s *stubHost) CreateLive(ctx context.Context, _, _ string, _ prism.NewLive) (prism.Live, error) {
	return s.Live(ctx, "", "")
}

func (s *stubHost) StartLive(ctx context.Context, _, _ string) (prism.StartResult, error) {
	live, err := s.Live(ctx, "", "")
	return prism.StartResult{Live: live}, err
}

func (s *stubHost) EndLive(ctx context.Context, _, _ string, _ prism.EndOptions) (prism.EndResult, error) {
	live, err := s.Live(ctx, "", "")
	return prism.EndResult{Live: live}, err
}

func (s *stubHost) UpdateLive(ctx context.Context, _, _ string, _ prism.LiveUpdate) (prism.Live, error) {
	return s.Live(ctx, "", "")
}

func (s *stubHost) Messages(ctx context.Context, _, _ string, _ prism.ChatQuery) (prism.ChatPage, error) {
	return s.page, s.call(ctx)
}

func (s *stubHost) SendMessage(ctx context.Context, _, _, _ string) error   { return s.call(ctx) }
func (s *stubHost) DeleteMessage(ctx context.Context, _, _, _ string) error { return s.call(ctx) }

func (s *stubHost) BanUser(ctx context.Context, _, _, _ string, _ time.Duration) error {
	return s.call(ctx)
}
func (s *stubHost) UnbanUser(ctx context.Context, _, _, _ string) error     { return s.call(ctx) }
func (s *stubHost) AddManager(ctx context.Context, _, _, _ string) error    { return s.call(ctx) }
func (s *stubHost) RemoveManager(ctx context.Context, _, _, _ string) error { return s.call(ctx) }

// use sets every adapter of a Config to the stub.
func (s *stubHost) use(c *prism.Config) {
	store := prism.FromStore(s)
	c.Users, c.Channels, c.Lives, c.Chat = store.Users, store.Channels, store.Lives, store.Chat
	c.ChatSend, c.ChatDelete, c.Ban, c.Managers, c.Update = store.ChatSend, store.ChatDelete, store.Ban, store.Managers, store.Update
}
