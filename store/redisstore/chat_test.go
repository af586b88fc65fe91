package redisstore_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// openLive makes a chat over a main store with one live.
func openLive(t testing.TB, client redis.UniversalClient, opt redisstore.ChatOptions) (*redisstore.Chat, prism.Live) {
	t.Helper()
	if opt.Now == nil {
		opt.Now = newClock().Now
	}
	m := openMain(t, opt.Now)
	opt.Lives, opt.Users = m, m
	return openChat(t, client, opt), newLive(t, m)
}

func newLive(t testing.TB, m *memory.Store) prism.Live {
	t.Helper()
	l, err := m.CreateLive(t.Context(), owner, "games", prism.NewLive{Title: "Live", Scope: prism.ScopePublic, ReservedAt: start})
	must(t, err)
	return l
}

func readChat(t testing.TB, chat *redisstore.Chat, liveID string, after *int64) prism.ChatPage {
	t.Helper()
	page, err := chat.Messages(t.Context(), owner, liveID, prism.ChatQuery{After: after, Limit: prism.MaxChatPage})
	must(t, err)
	return page
}

func wantChat(t testing.TB, chat *redisstore.Chat, liveID string, after *int64, want string) {
	t.Helper()
	var texts []string
	for _, m := range readChat(t, chat, liveID, after).Messages {
		texts = append(texts, m.Text)
	}
	if got := strings.Join(texts, " "); got != want {
		t.Errorf("the chat is %q, want %q", got, want)
	}
}

func TestChatLimitTrimsTheOldest(t *testing.T) {
	_, client := mini(t)
	chat, live := openLive(t, client, redisstore.ChatOptions{Limit: 3})
	ctx := t.Context()
	var firstID string
	for i := 1; i <= 10; i++ {
		must(t, chat.SendMessage(ctx, owner, live.ID, fmt.Sprint(i)))
		if i == 1 {
			firstID = readChat(t, chat, live.ID, nil).Messages[0].ID
		}
	}
	begin, end := int64(0), int64(math.MaxInt64)
	wantChat(t, chat, live.ID, nil, "8 9 10")
	wantChat(t, chat, live.ID, &begin, "8 9 10")
	wantChat(t, chat, live.ID, &end, "")
	if err := chat.DeleteMessage(ctx, owner, live.ID, firstID); err != nil {
		t.Errorf("deleting a trimmed message: %v, want no error, as it was there once", err)
	}
	counts, err := chat.Counts(ctx, live.ID, "no-live")
	if err != nil || len(counts) != 2 || counts[0] != 10 || counts[1] != 0 {
		t.Errorf("Counts is %v (%v), want [10 0]: trimming does not uncount", counts, err)
	}
}

// What Redis lost must not leave readers waiting above the new numbers.
func TestChatThatWasLostGoesOnAboveTheOldCursors(t *testing.T) {
	for _, tt := range []struct {
		name string
		lose func(t *testing.T, client *redis.Client, liveID string)
	}{
		{"all of it", func(t *testing.T, client *redis.Client, _ string) { must(t, client.FlushAll(t.Context()).Err()) }},
		{"its state only", func(t *testing.T, client *redis.Client, id string) {
			must(t, client.Del(t.Context(), "{prism:chat:"+id+"}:state").Err())
		}},
		{"its messages only", func(t *testing.T, client *redis.Client, id string) {
			must(t, client.Del(t.Context(), "{prism:chat:"+id+"}:log").Err())
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := startServer(t).client(t)
			clock := newClock()
			chat, live := openLive(t, client, redisstore.ChatOptions{Now: clock.Now})
			for range 5 {
				must(t, chat.SendMessage(t.Context(), owner, live.ID, "old"))
			}
			old := readChat(t, chat, live.ID, nil)
			tt.lose(t, client, live.ID)
			clock.Advance(time.Second)
			wantChat(t, chat, live.ID, nil, "")
			must(t, chat.SendMessage(t.Context(), owner, live.ID, "new"))
			wantChat(t, chat, live.ID, &old.Next, "new")
			wantChat(t, chat, live.ID, nil, "new")
		})
	}
}

func TestLiveIDsMayHoldAnything(t *testing.T) {
	_, client := mini(t)
	for _, id := range []string{"a", "a}:log", "{b}", "방송 1", "x\ny", ""} {
		m := openMain(t, newClock().Now)
		chat := openChat(t, client, redisstore.ChatOptions{Lives: anyLive{}, Users: m})
		must(t, chat.SendMessage(t.Context(), owner, id, "in "+id))
		wantChat(t, chat, id, nil, "in "+id)
	}
}

func TestDisabledUserMayNotChat(t *testing.T) {
	_, client := mini(t)
	m := openMain(t, newClock().Now)
	chat, live := openChat(t, client, redisstore.ChatOptions{Lives: m, Users: m}), newLive(t, m)
	must(t, m.PutUser(t.Context(), prism.User{ID: "haru", Name: "Haru", Disabled: true}))
	audience := chat.Audience(m)
	if err := audience.PostChat(t.Context(), live.ID, "haru", "hello"); !errors.Is(err, prism.ErrForbidden) {
		t.Errorf("PostChat of a disabled user: got error %v, want prism.ErrForbidden", err)
	}
	must(t, audience.PostChat(t.Context(), live.ID, "juno", "hello"))
	wantChat(t, chat, live.ID, nil, "hello")
}

// Going live must not wait for the number of messages.
func TestLivesWorkWithoutTheirNumberOfMessages(t *testing.T) {
	m := openMain(t, newClock().Now)
	server := startServer(t)
	chat := openChat(t, server.client(t, impatient), redisstore.ChatOptions{Lives: m, Users: m})
	server.kill()
	started, err := chat.Lives(m).StartLive(t.Context(), owner, newLive(t, m).ID)
	if err != nil || started.Live.Status != prism.StatusOnAir {
		t.Errorf("StartLive while Redis is down: status %s, error %v; want ON_AIR", started.Live.Status, err)
	}
}
