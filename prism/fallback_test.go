package prism_test

import (
	"context"
	"errors"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

func TestUserChannels(t *testing.T) {
	t.Parallel()
	users := &stubHost{user: prism.User{ID: "alice", Name: "Alice", ThumbnailURL: "https://example.com/a.png"}}
	h := newHost(t, func(c *prism.Config) {
		c.Users = users
		c.Channels = prism.UserChannels(users, func(u prism.User) string { return "https://example.com/@" + u.ID })
	})
	const channel = `{"channelId":"alice","channelName":"Alice","channelEnabled":true,"channelLink":"https://example.com/@alice",
		"channelDescription":"","channelTags":null,"channelThumbnailUrl":"https://example.com/a.png","channelFollowerCount":0}`
	h.wantJSON(h.do("GET", "/prism/v1/service/channel/list", ""), `{"userName":"Alice","channels":[`+channel+`]}`)
	h.wantJSON(h.do("GET", "/prism/v1/service/channel/alice", ""), `{"userName":"Alice","channel":`+channel+`}`)
	h.wantError(h.do("GET", "/prism/v1/service/channel/bob", ""), prism.ErrNotFound)
}

func TestUserChannelsOfABlockedUser(t *testing.T) {
	t.Parallel()
	channels := prism.UserChannels(&stubHost{user: prism.User{ID: "alice", Disabled: true}}, nil)
	got, err := channels.Channels(t.Context(), "alice")
	if err != nil || len(got) != 1 || got[0].Enabled || got[0].ForUser != "alice" {
		t.Errorf("got %+v, %v, want one disabled channel", got, err)
	}
	gone := prism.UserChannels(&stubHost{err: prism.ErrNotFound}, nil)
	if got, err := gone.Channels(t.Context(), "x"); len(got) != 0 || err != nil {
		t.Errorf("of a user who is gone: %v, %v, want an empty list", got, err)
	}
	if _, err := gone.Channel(t.Context(), "x", "x"); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("the channel of a user who is gone: %v", err)
	}
}

func TestLivesWithDefaults(t *testing.T) {
	t.Parallel()
	bare := goodLive()
	bare.Title, bare.Link = "", ""
	stub := &stubHost{lives: []prism.Live{bare}}
	channels := &stubHost{channels: []prism.Channel{{ID: "main", ForUser: "alice", Name: "Main", Link: "https://example.com/main"}}}
	h := newHost(t, stub.use, func(c *prism.Config) {
		c.Lives = prism.LivesWithDefaults(stub, channels)
		c.Update = prism.UpdatesWithDefaults(stub, channels)
	})
	for _, call := range []struct{ method, path, body string }{
		{"GET", liveBase + "live", ""}, {"PUT", liveBase + "live/start", ""}, {"PUT", liveBase + "live/stop", ""},
		{"PUT", liveBase + "live", `{"scope":"PUBLIC"}`},
		{"POST", "/prism/v1/service/channel/main/live", `{"title":"t","reservedAt":"2026-11-22T12:00:00Z"}`},
	} {
		stub.lives = []prism.Live{bare}
		var got liveAnswer
		h.data(h.do(call.method, call.path, call.body), &got)
		if got.Live.Title != "Main" || got.Live.LiveLink != "https://example.com/main" {
			t.Errorf("%s %s: title %q, link %q, want the channel's", call.method, call.path, got.Live.Title, got.Live.LiveLink)
		}
	}
	stub.lives = []prism.Live{bare, goodLive(), bare}
	channels.calls.Store(0)
	var list struct{ Lives []liveJSON }
	h.data(h.do("GET", "/prism/v1/service/channel/main/lives", ""), &list)
	if len(list.Lives) != 3 || list.Lives[0].Title != "Main" || list.Lives[1].Title != "Title" || channels.calls.Load() != 1 {
		t.Errorf("list %+v after %d look-ups, want defaults where something is missing, with one look-up", list.Lives, channels.calls.Load())
	}
	channels.calls.Store(0)
	stub.lives = []prism.Live{goodLive()}
	h.do("GET", liveBase+"live", "")
	if channels.calls.Load() != 0 {
		t.Error("the channel was looked up though nothing is missing")
	}
}

// catalog is a service without status management.
type catalog struct{ stubHost }

func TestAlwaysOnAir(t *testing.T) {
	t.Parallel()
	stub := &catalog{}
	stub.lives = []prism.Live{goodLive()}
	stub.lives[0].Status = ""
	var changes changeLog
	h := newHost(t, stub.use, changes.observe, func(c *prism.Config) { c.Lives = prism.AlwaysOnAir(stub) })
	for _, call := range []struct{ method, path, body string }{
		{"GET", liveBase + "live", ""}, {"PUT", liveBase + "live/start", ""}, {"PUT", liveBase + "live/stop", ""},
		{"POST", "/prism/v1/service/channel/main/live", `{"title":"t","reservedAt":"2026-11-22T12:00:00Z"}`},
	} {
		var got liveAnswer
		h.data(h.do(call.method, call.path, call.body), &got)
		if got.Live.Status != "ON_AIR" {
			t.Errorf("%s %s: %s", call.method, call.path, got.Live.Status)
		}
	}
	for query, want := range map[string]int{"": 1, "?status=ON_AIR": 1, "?status=RESERVED": 0, "?status=END": 0} {
		var list struct{ Lives []liveJSON }
		h.data(h.do("GET", "/prism/v1/service/channel/main/lives"+query, ""), &list)
		if len(list.Lives) != want {
			t.Errorf("lives%s: %d, want %d", query, len(list.Lives), want)
		}
	}
	if _, err := h.svc.EndLive(context.Background(), "live", prism.EndedByHost); !errors.Is(err, prism.ErrConflict) {
		t.Errorf("a force-end: %v, want ErrConflict", err)
	}
	changes.want(t, "created")
}
