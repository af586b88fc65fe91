package redisstore_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// mainStore is a host's main store, which tells the chat of bans and managers.
// The store in memory keeps these to itself, so they are noted on the way in.
type mainStore struct {
	*memory.Store
	now func() time.Time

	mu       sync.Mutex
	bans     map[string]time.Time
	managers map[string]bool
}

const owner = "minji"

func openMain(t testing.TB, now func() time.Time) *mainStore {
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
	return &mainStore{Store: s, now: now, bans: map[string]time.Time{}, managers: map[string]bool{}}
}

func (m *mainStore) note(err error, change func()) error {
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		change()
	}
	return err
}

func (m *mainStore) BanUser(ctx context.Context, userID, liveID, targetID string, d time.Duration) error {
	return m.note(m.Store.BanUser(ctx, userID, liveID, targetID, d), func() {
		m.bans[targetID] = time.Time{}
		if d > 0 {
			m.bans[targetID] = m.now().Add(d)
		}
	})
}

func (m *mainStore) UnbanUser(ctx context.Context, userID, liveID, targetID string) error {
	return m.note(m.Store.UnbanUser(ctx, userID, liveID, targetID), func() { delete(m.bans, targetID) })
}

func (m *mainStore) AddManager(ctx context.Context, userID, liveID, targetID string) error {
	return m.note(m.Store.AddManager(ctx, userID, liveID, targetID), func() { m.managers[targetID] = true })
}

func (m *mainStore) RemoveManager(ctx context.Context, userID, liveID, targetID string) error {
	return m.note(m.Store.RemoveManager(ctx, userID, liveID, targetID), func() { delete(m.managers, targetID) })
}

// Standing implements redisstore.StandingSource. All channels are one owner's.
func (m *mainStore) Standing(_ context.Context, _, userID string) (redisstore.Standing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	until, banned := m.bans[userID]
	return redisstore.Standing{
		Owner: userID == owner, Manager: m.managers[userID],
		Banned: banned && (until.IsZero() || m.now().Before(until)),
	}, nil
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
