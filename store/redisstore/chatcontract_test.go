package redisstore_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

const owner = "minji"

// openMain makes a host's main store.
func openMain(t testing.TB, now func() time.Time) *memory.Store {
	t.Helper()
	s, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{owner, "juno", "haru"} {
		if err := s.PutUser(t.Context(), prism.User{ID: id, Name: "Name of " + id}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []prism.Channel{{ID: "games", Name: "Games", Enabled: true}, {ID: "old", Name: "Old"}} {
		if err := s.PutChannel(t.Context(), owner, c); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func openChat(t testing.TB, client redis.UniversalClient, opt redisstore.ChatOptions) *redisstore.Chat {
	t.Helper()
	c, err := redisstore.NewChat(client, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func chatFixture(t *testing.T, client redis.UniversalClient) prismtest.Fixture {
	t.Helper()
	clock := newClock()
	m := openMain(t, clock.Now)
	chat := openChat(t, client, redisstore.ChatOptions{Lives: m, Users: m, Standings: m, Now: clock.Now})
	return prismtest.Fixture{
		Users: m, Channels: m, Lives: chat.Lives(m),
		Chat: chat, ChatSend: chat, ChatDelete: chat, Ban: m, Managers: m, Update: chat.Updates(m),
		Ingest: m, Directory: m, Audience: chat.Audience(m),
		Owner: owner, Stranger: "juno", Viewer: "haru",
		EnabledChannel: "games", DisabledChannel: "old",
		Advance: clock.Advance,
	}
}

func TestChatKeepsTheContracts(t *testing.T) {
	client := startServer(t).client(t)
	prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture { return chatFixture(t, client) })
}

func TestChatKeepsTheContractsInMiniredis(t *testing.T) {
	_, client := mini(t)
	prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture { return chatFixture(t, client) })
}
