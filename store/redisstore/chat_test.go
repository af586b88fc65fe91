package redisstore_test

import (
	"errors"
	"fmt"
	"math"
	"strconv"
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
	client := startServer(t).client(t)
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

// What Redis lost must not leave readers waiting above the new numbers, and the
// id of a message that was lost must not become that of another.
func TestChatThatWasLostGoesOnAboveTheOldCursors(t *testing.T) {
	for _, tt := range []struct {
		name string
		lose func(t *testing.T, client *redis.Client, liveID string, before map[string]string)
		kept []string
	}{
		{"all of it", func(t *testing.T, client *redis.Client, _ string, _ map[string]string) {
			must(t, client.FlushAll(t.Context()).Err())
		}, nil},
		{"its state only", func(t *testing.T, client *redis.Client, id string, _ map[string]string) {
			must(t, client.Del(t.Context(), "{prism:chat:"+id+"}:state").Err())
		}, nil},
		{"its messages only", func(t *testing.T, client *redis.Client, id string, _ map[string]string) {
			must(t, client.Del(t.Context(), "{prism:chat:"+id+"}:log").Err())
		}, nil},
		{"its last second", func(t *testing.T, client *redis.Client, _ string, before map[string]string) {
			must(t, client.FlushAll(t.Context()).Err())
			for key, dump := range before {
				must(t, client.Restore(t.Context(), key, time.Hour, dump).Err())
			}
		}, []string{"old", "old", "old"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := startServer(t).client(t)
			clock := newClock()
			chat, live := openLive(t, client, redisstore.ChatOptions{Now: clock.Now})
			before := make(map[string]string)
			for i := range 5 {
				if i == 3 {
					for _, kind := range []string{"state", "log"} {
						key := "{prism:chat:" + live.ID + "}:" + kind
						dump, err := client.Dump(t.Context(), key).Result()
						must(t, err)
						before[key] = dump
					}
				}
				must(t, chat.SendMessage(t.Context(), owner, live.ID, "old"))
			}
			old := readChat(t, chat, live.ID, nil)
			tt.lose(t, client, live.ID, before)
			clock.Advance(time.Second)
			wantChat(t, chat, live.ID, nil, strings.Join(tt.kept, " "))
			for range 3 {
				must(t, chat.SendMessage(t.Context(), owner, live.ID, "new"))
			}
			wantChat(t, chat, live.ID, &old.Next, "new new new")
			for _, lost := range old.Messages[3:] {
				if err := chat.DeleteMessage(t.Context(), owner, live.ID, lost.ID); !errors.Is(err, prism.ErrNotFound) {
					t.Errorf("deleting a message that was lost: got error %v, want prism.ErrNotFound", err)
				}
			}
			wantChat(t, chat, live.ID, nil, strings.Join(append(tt.kept, "new new new"), " "))
		})
	}
}

// Numbers have gaps, and ids of a live differ in the number only.
func TestDeleteTellsWhatWasNeverPosted(t *testing.T) {
	const limit = 3
	client := startServer(t).client(t)
	clock := newClock()
	chat, live := openLive(t, client, redisstore.ChatOptions{Limit: limit, Now: clock.Now})
	send := func() (id string) {
		t.Helper()
		clock.Advance(time.Second)
		must(t, chat.SendMessage(t.Context(), owner, live.ID, "hello"))
		messages := readChat(t, chat, live.ID, nil).Messages
		return messages[len(messages)-1].ID
	}
	next := func(id string) string {
		mark, digits, _ := strings.Cut(id, "-")
		number, err := strconv.ParseInt(digits, 10, 64)
		must(t, err)
		return fmt.Sprintf("%s-%d", mark, number+1)
	}
	remove := func(what, id string, want error) {
		t.Helper()
		if err := chat.DeleteMessage(t.Context(), owner, live.ID, id); !errors.Is(err, want) {
			t.Errorf("deleting %s: got error %v, want %v", what, err, want)
		}
	}
	first, second := send(), send()
	remove("a number of a gap", next(first), prism.ErrNotFound)
	remove("the first message", first, nil)
	remove("the first message again", first, nil)
	remove("a number of the gap after it", next(first), prism.ErrNotFound)

	// As many deleted messages are remembered as messages are kept.
	deleted := []string{first}
	for range 3 * limit {
		id := send()
		remove("the latest message", id, nil)
		remove("a number above all", next(id), prism.ErrNotFound)
		deleted = append(deleted, id)
	}
	for _, id := range deleted {
		remove("a deleted message again", id, nil)
	}
	remove("a number next to a message that is remembered", next(deleted[len(deleted)-2]), prism.ErrNotFound)
	if n := client.ZCard(t.Context(), "{prism:chat:"+live.ID+"}:deleted").Val(); n != limit {
		t.Errorf("%d deleted messages are remembered, want %d", n, limit)
	}
	if messages := readChat(t, chat, live.ID, nil).Messages; len(messages) != 1 || messages[0].ID != second {
		t.Errorf("the chat is %v, want the second message only", messages)
	}
	remove("the second message", second, nil)
	remove("the second message again", second, nil)
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
