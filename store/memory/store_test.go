package memory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/oauth/oauthtest"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that tests move on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func open(t *testing.T, opt prism.StoreOptions) *memory.Store {
	t.Helper()
	if opt.RTMPBase == "" {
		opt.RTMPBase = "rtmp://ingest.example.com/live"
	}
	s, err := memory.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// seed puts in the users and channels that the tests use.
func seed(t *testing.T, s *memory.Store) {
	t.Helper()
	ctx := t.Context()
	for _, u := range []prism.User{{ID: "minji", Name: "Minji"}, {ID: "juno", Name: "Juno"}, {ID: "haru", Name: "Haru"}} {
		if err := s.PutUser(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []prism.Channel{
		{ID: "games", Name: "Games", Enabled: true, Link: "https://example.com/games", Tags: []string{"rpg", "fps"}},
		{ID: "old", Name: "Old"},
	} {
		if err := s.PutChannel(ctx, "minji", c); err != nil {
			t.Fatal(err)
		}
	}
}

func fixture(t *testing.T, s *memory.Store) prismtest.Fixture {
	t.Helper()
	seed(t, s)
	return prismtest.Fixture{
		Users: s, Channels: s, Lives: s,
		Chat: s, ChatSend: s, ChatDelete: s, Ban: s, Managers: s, Update: s,
		Ingest: s, Directory: s, Audience: s, Stats: s, Sweep: s, Standings: s,
		Owner: "minji", Stranger: "juno", Viewer: "haru",
		EnabledChannel: "games", DisabledChannel: "old",
	}
}

func TestStoreKeepsTheContracts(t *testing.T) {
	t.Parallel()
	prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
		c := newClock()
		f := fixture(t, open(t, prism.StoreOptions{Now: c.Now}))
		f.Advance = c.Advance
		return f
	})
}

func TestStoreKeepsTheContractsOnTheRealClock(t *testing.T) {
	t.Parallel()
	prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
		return fixture(t, open(t, prism.StoreOptions{}))
	})
}

func TestTokensKeepTheContract(t *testing.T) {
	t.Parallel()
	oauthtest.TestStore(t, func(t *testing.T) oauth.Store { return open(t, prism.StoreOptions{}) })
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opt  prism.StoreOptions
		want string
	}{
		{"no base", prism.StoreOptions{}, "RTMPBase"},
		{"not an RTMP base", prism.StoreOptions{RTMPBase: "https://example.com/live"}, "RTMPBase"},
		{"base with a slash", prism.StoreOptions{RTMPBase: "rtmp://example.com/live/"}, "RTMPBase"},
		{"negative chat limit", prism.StoreOptions{RTMPBase: "rtmp://example.com/live", ChatLimit: -1}, "ChatLimit"},
	} {
		_, err := memory.New(tt.opt)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one that names %s", tt.name, err, tt.want)
		}
	}
}

func TestLiveLinkFallsBackToTheChannel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		link func(string) string
		want func(id string) string
	}{
		{"none", nil, func(string) string { return "https://example.com/games" }},
		{"empty", func(string) string { return "" }, func(string) string { return "https://example.com/games" }},
		{"set", func(id string) string { return "https://example.com/w/" + id }, func(id string) string { return "https://example.com/w/" + id }},
	} {
		s := open(t, prism.StoreOptions{LiveLink: tt.link})
		seed(t, s)
		l := create(t, s)
		if want := tt.want(l.ID); l.Link != want {
			t.Errorf("%s: Link is %q, want %q", tt.name, l.Link, want)
		}
	}
}

func create(t *testing.T, s *memory.Store) prism.Live {
	t.Helper()
	l, err := s.CreateLive(t.Context(), "minji", "games", prism.NewLive{Title: "Live", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestChatLimitTrimsTheOldest(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{ChatLimit: 3})
	seed(t, s)
	ctx, l := t.Context(), create(t, s)
	var firstID string
	for i := 1; i <= 10; i++ {
		if err := s.SendMessage(ctx, "minji", l.ID, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			firstID = read(t, s, l.ID, nil)[0].ID
		}
	}
	start := int64(0)
	for name, after := range map[string]*int64{"latest": nil, "from a trimmed cursor": &start} {
		if got := joined(read(t, s, l.ID, after)); got != "8 9 10" {
			t.Errorf("%s: got %q, want the 3 that are kept", name, got)
		}
	}
	if err := s.DeleteMessage(ctx, "minji", l.ID, firstID); err != nil {
		t.Errorf("deleting a trimmed message: %v, want no error, as it was there once", err)
	}
	if got := joined(read(t, s, l.ID, nil)); got != "8 9 10" {
		t.Errorf("after deleting a trimmed message: got %q", got)
	}
	got, err := s.Live(ctx, "minji", l.ID)
	if err != nil || got.Stats.Chats != 10 {
		t.Errorf("Chats is %d (%v), want 10: trimming does not uncount", got.Stats.Chats, err)
	}
}

func read(t *testing.T, s *memory.Store, liveID string, after *int64) []prism.Message {
	t.Helper()
	page, err := s.Messages(t.Context(), "minji", liveID, prism.ChatQuery{After: after, Limit: prism.MaxChatPage})
	if err != nil {
		t.Fatal(err)
	}
	return page.Messages
}

func joined(messages []prism.Message) string {
	texts := make([]string, len(messages))
	for i, m := range messages {
		texts[i] = m.Text
	}
	return strings.Join(texts, " ")
}

// lateCtx ends between the first look at it and the second.
type lateCtx struct {
	context.Context
	looked bool
}

func (c *lateCtx) Err() error {
	if !c.looked {
		c.looked = true
		return nil
	}
	return context.Canceled
}

func TestCallThatIsCancelledWhileItWaitsChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	if err := s.PutUser(&lateCtx{Context: t.Context()}, prism.User{ID: "late"}); !errors.Is(err, context.Canceled) {
		t.Errorf("PutUser: got error %v, want context.Canceled", err)
	}
	if _, err := s.User(t.Context(), "late"); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("a write whose ctx ended while it waited was stored: %v", err)
	}
	if err := s.SaveCode(&lateCtx{Context: t.Context()}, oauth.Code{}); !errors.Is(err, context.Canceled) {
		t.Errorf("SaveCode: got error %v, want context.Canceled", err)
	}
}

func TestStoreFillsInWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	ctx := t.Context()
	if err := errors.Join(s.PutUser(ctx, prism.User{ID: "nameless"}), s.PutChannel(ctx, "nameless", prism.Channel{ID: "c", Enabled: true})); err != nil {
		t.Fatal(err)
	}
	l, err := s.CreateLive(ctx, "nameless", "c", prism.NewLive{Title: "Live"})
	if err != nil || l.Scope != prism.ScopePublic {
		t.Errorf("a live without a scope has the scope %q (%v), want PUBLIC", l.Scope, err)
	}
	if err := s.SendMessage(ctx, "nameless", l.ID, "hi"); err != nil {
		t.Fatal(err)
	}
	page, err := s.Messages(ctx, "nameless", l.ID, prism.ChatQuery{})
	if err != nil || len(page.Messages) != 1 || page.Messages[0].AuthorName != "nameless" {
		t.Errorf("got %+v (%v), want one message whose author's name is the id", page.Messages, err)
	}
}

func TestIngestOfAnUnknownLiveIsNotFound(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	for name, err := range map[string]error{
		"IngestStarted": s.IngestStarted(t.Context(), "none", 1, "s"),
		"IngestSeen":    s.IngestSeen(t.Context(), "none", "s"),
		"IngestEnded":   s.IngestEnded(t.Context(), "none", "s"),
	} {
		if !errors.Is(err, prism.ErrNotFound) {
			t.Errorf("%s: got error %v, want ErrNotFound", name, err)
		}
	}
}
