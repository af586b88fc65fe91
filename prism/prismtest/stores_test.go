package prismtest_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
)

// brokenStore names, in the environment of a child process, the mistake whose
// kit run the parent looks at: a failing kit cannot be run in a passing test.
const brokenStore = "PRISMTEST_BROKEN_STORE"

// mistake is an adapter that breaks a rule, which must fail.
type mistake struct {
	rule    string
	install func(f *prismtest.Fixture, s *memory.Store)
}

// allMistakes are those of every part of the kit, by name.
func allMistakes() map[string]mistake {
	all := make(map[string]mistake)
	for _, part := range []map[string]mistake{mistakes, statsMistakes, sweepMistakes, leaseMistakes} {
		maps.Copy(all, part)
	}
	return all
}

var mistakes = map[string]mistake{
	"ignores ctx":               {"a call whose ctx is over", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = ignoresCtx{s} }},
	"asks no owner":             {"another user's live is ErrNotFound", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = asksNoOwner{s} }},
	"hides an error":            {"a live that does not exist is ErrNotFound", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = hidesErrors{s} }},
	"forgets ForUser":           {"lives carry ForUser", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = forgetsForUser{s} }},
	"lists oldest first":        {"Lives is ordered", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = listsOldestFirst{s} }},
	"cuts the list":             {"Limit keeps the newest, and every RESERVED", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = cutsList{s} }},
	"cuts titles":               {"CreateLive keeps what it was given", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = cutsTitles{s} }},
	"many servers":              {"every live has an rtmpPath", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = manyServers{s} }},
	"reports no end":            {"StartLive ends the channel's other live", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = reportsNoEnd{s} }},
	"two on air":                {"parallel starts of a channel's lives", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = &twoOnAir{Store: s} }},
	"always changed":            {"of parallel ends of one broadcast", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = alwaysChanged{s} }},
	"ends any broadcast":        {"a late end of an earlier broadcast", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = endsAnyBroadcast{s} }},
	"ends any, found by chance": {"lives follow the state machine", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = endsAnyBroadcast{s} }},
	"shares slices":             {"what Channels returns is the caller's own", func(f *prismtest.Fixture, s *memory.Store) { f.Channels = &sharesSlices{Store: s} }},
	"clears what is nil":        {"UpdateLive keeps what is nil", func(f *prismtest.Fixture, s *memory.Store) { f.Update = clearsNil{s} }},
	"newest message first":      {"Messages without After returns the latest", func(f *prismtest.Fixture, s *memory.Store) { f.Chat = newestMessageFirst{s} }},
	"cursor too far":            {"a reader who follows the cursor misses nothing", func(f *prismtest.Fixture, s *memory.Store) { f.Chat = cursorTooFar{s} }},
	"chat modifies":             {"chat does not move ModifiedAt", func(f *prismtest.Fixture, s *memory.Store) { f.ChatSend = chatModifies{s} }},
	"deletes once":              {"deleting a message twice", func(f *prismtest.Fixture, s *memory.Store) { f.ChatDelete = deletesOnce{s} }},
	"bans for ever":             {"a timed ban ends by itself", func(f *prismtest.Fixture, s *memory.Store) { f.Ban = bansForEver{s} }},
	"any session":               {"only the latest session is the publisher", func(f *prismtest.Fixture, s *memory.Store) { f.Ingest = anySession{s} }},
	"shows the key":             {"viewers see a live in any state", func(f *prismtest.Fixture, s *memory.Store) { f.Audience = showsKey{s} }},
	"forgets idle":              {"EndLive with IdleBefore ends a live only if", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = forgetsIdle{s} }},
	"looks, then ends":          {"a packet keeps a live from a parallel end", func(f *prismtest.Fixture, s *memory.Store) { l := newLooksThenEnds(s); f.Lives, f.Ingest = l, l }},
	"idle in any broadcast":     {"EndLive with IdleBefore counts from the start", func(f *prismtest.Fixture, s *memory.Store) { f.Lives = idleInAnyBroadcast{s} }},
	"ends when it disables":     {"PutChannel that disables ends no live", func(f *prismtest.Fixture, s *memory.Store) { f.Directory = endsWhenDisabling{s} }},
}

func openFixture(t *testing.T) (prismtest.Fixture, *memory.Store) {
	t.Helper()
	var mu sync.Mutex
	var ahead time.Duration // of the real clock, which some fixtures run on
	s, err := memory.New(prism.StoreOptions{
		RTMPBase: "rtmp://ingest.example.com/live",
		Now:      func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(ahead) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"minji", "juno", "haru"} {
		if err := s.PutUser(t.Context(), prism.User{ID: id, Name: id}); err != nil {
			t.Fatal(err)
		}
	}
	for id, enabled := range map[string]bool{"games": true, "old": false} {
		if err := s.PutChannel(t.Context(), "minji", prism.Channel{ID: id, Name: id, Enabled: enabled, Tags: []string{"a"}}); err != nil {
			t.Fatal(err)
		}
	}
	return prismtest.Fixture{
		Users: s, Channels: s, Lives: s, Chat: s, ChatSend: s, ChatDelete: s, Ban: s, Managers: s, Update: s,
		Ingest: s, Directory: s, Audience: s, Stats: s, SecondStats: s, Sweep: s, SecondSweep: s, Standings: s,
		Owner: "minji", Stranger: "juno", Viewer: "haru", EnabledChannel: "games", DisabledChannel: "old",
		Advance: func(d time.Duration) { mu.Lock(); defer mu.Unlock(); ahead += d },
	}, s
}

func TestTestStoresFindsEveryMistake(t *testing.T) {
	if name := os.Getenv(brokenStore); name != "" {
		prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
			f, s := openFixture(t)
			allMistakes()[name].install(&f, s)
			return f
		})
		return
	}
	for name, mistake := range allMistakes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output := runKit(t, name, mistake.rule)
			rule := strings.ReplaceAll(mistake.rule, " ", "_")
			if !strings.Contains(output, "--- FAIL: TestTestStoresFindsEveryMistake/"+rule) {
				t.Errorf("the rule %q did not fail:\n%s", mistake.rule, output)
			}
		})
	}
}

// runKit runs a rule of the kit on a broken store in a child process that must
// fail.
func runKit(t *testing.T, name, rule string) string {
	t.Helper()
	return runTest(t, "^TestTestStoresFindsEveryMistake$/^"+regexp.QuoteMeta(rule), name)
}

// runTest runs a test of this package in a child process that must fail.
func runTest(t *testing.T, pattern, name string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe,
		"-test.run="+pattern, "-rapid.nofailfile", "-rapid.shrinktime=0s")
	cmd.Env = append(os.Environ(), brokenStore+"="+name)
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("the kit passed a broken store (%v):\n%s", err, output)
	}
	return string(output)
}

type ignoresCtx struct{ *memory.Store }

func (s ignoresCtx) CreateLive(ctx context.Context, u, c string, l prism.NewLive) (prism.Live, error) {
	return s.Store.CreateLive(context.WithoutCancel(ctx), u, c, l)
}

type asksNoOwner struct{ *memory.Store }

func (s asksNoOwner) Live(ctx context.Context, _, id string) (prism.Live, error) {
	return s.Store.Live(ctx, "minji", id)
}

type hidesErrors struct{ *memory.Store }

func (s hidesErrors) Live(ctx context.Context, u, id string) (prism.Live, error) {
	l, err := s.Store.Live(ctx, u, id)
	if errors.Is(err, prism.ErrNotFound) {
		err = errors.New("no rows")
	}
	return l, err
}

type forgetsForUser struct{ *memory.Store }

func (s forgetsForUser) EndLive(ctx context.Context, u, id string, opt prism.EndOptions) (prism.EndResult, error) {
	r, err := s.Store.EndLive(ctx, u, id, opt)
	r.Live.ForUser = u
	return r, err
}

type listsOldestFirst struct{ *memory.Store }

func (s listsOldestFirst) Lives(ctx context.Context, u, c string, f prism.LiveFilter) ([]prism.Live, error) {
	list, err := s.Store.Lives(ctx, u, c, f)
	slices.Reverse(list)
	return list, err
}

type cutsList struct{ *memory.Store }

func (s cutsList) Lives(ctx context.Context, u, c string, f prism.LiveFilter) ([]prism.Live, error) {
	list, err := s.Store.Lives(ctx, u, c, f)
	if f.Limit > 0 {
		list = list[:min(f.Limit, len(list))]
	}
	return list, err
}

type cutsTitles struct{ *memory.Store }

func (s cutsTitles) CreateLive(ctx context.Context, u, c string, l prism.NewLive) (prism.Live, error) {
	l.Title = l.Title[:min(100, len(l.Title))]
	return s.Store.CreateLive(ctx, u, c, l)
}

type manyServers struct{ *memory.Store }

func (s manyServers) CreateLive(ctx context.Context, u, c string, l prism.NewLive) (prism.Live, error) {
	made, err := s.Store.CreateLive(ctx, u, c, l)
	made.RTMPPath = strings.Replace(made.RTMPPath, "/live/", "/"+made.ID+"/", 1)
	return made, err
}

type reportsNoEnd struct{ *memory.Store }

func (s reportsNoEnd) StartLive(ctx context.Context, u, id string) (prism.StartResult, error) {
	r, err := s.Store.StartLive(ctx, u, id)
	r.Ended = nil
	return r, err
}

// twoOnAir shows the live that a start ended as on air once more, as a store
// does that starts and ends in two transactions.
type twoOnAir struct {
	*memory.Store
	mu    sync.Mutex
	ghost *prism.Live
}

func (s *twoOnAir) StartLive(ctx context.Context, u, id string) (prism.StartResult, error) {
	r, err := s.Store.StartLive(ctx, u, id)
	if r.Ended != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		ghost := *r.Ended
		ghost.Status = prism.StatusOnAir
		s.ghost = &ghost
	}
	return r, err
}

func (s *twoOnAir) Lives(ctx context.Context, u, c string, f prism.LiveFilter) ([]prism.Live, error) {
	list, err := s.Store.Lives(ctx, u, c, f)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ghost != nil && f.Status == prism.StatusOnAir {
		list = append(list, *s.ghost)
		s.ghost = nil
	}
	return list, err
}

type alwaysChanged struct{ *memory.Store }

func (s alwaysChanged) EndLive(ctx context.Context, u, id string, opt prism.EndOptions) (prism.EndResult, error) {
	r, err := s.Store.EndLive(ctx, u, id, opt)
	r.Changed = true
	return r, err
}

type endsAnyBroadcast struct{ *memory.Store }

func (s endsAnyBroadcast) EndLive(ctx context.Context, u, id string, opt prism.EndOptions) (prism.EndResult, error) {
	opt.OnlyBroadcast = 0
	return s.Store.EndLive(ctx, u, id, opt)
}

type sharesSlices struct {
	*memory.Store
	list []prism.Channel
}

func (s *sharesSlices) Channels(ctx context.Context, u string) ([]prism.Channel, error) {
	if s.list != nil {
		return s.list, nil
	}
	list, err := s.Store.Channels(ctx, u)
	s.list = list
	return list, err
}

type clearsNil struct{ *memory.Store }

func (s clearsNil) UpdateLive(ctx context.Context, u, id string, update prism.LiveUpdate) (prism.Live, error) {
	if update.Description == nil {
		update.Description = new(string)
	}
	return s.Store.UpdateLive(ctx, u, id, update)
}

type newestMessageFirst struct{ *memory.Store }

func (s newestMessageFirst) Messages(ctx context.Context, u, id string, q prism.ChatQuery) (prism.ChatPage, error) {
	page, err := s.Store.Messages(ctx, u, id, q)
	slices.Reverse(page.Messages)
	return page, err
}

type cursorTooFar struct{ *memory.Store }

func (s cursorTooFar) Messages(ctx context.Context, u, id string, q prism.ChatQuery) (prism.ChatPage, error) {
	page, err := s.Store.Messages(ctx, u, id, q)
	if len(page.Messages) > 0 {
		page.Next++
	}
	return page, err
}

type chatModifies struct{ *memory.Store }

func (s chatModifies) SendMessage(ctx context.Context, u, id, text string) error {
	if err := s.Store.SendMessage(ctx, u, id, text); err != nil {
		return err
	}
	_, err := s.UpdateLive(ctx, u, id, prism.LiveUpdate{})
	return err
}

type deletesOnce struct{ *memory.Store }

func (s deletesOnce) DeleteMessage(ctx context.Context, u, id, message string) error {
	page, err := s.Messages(ctx, u, id, prism.ChatQuery{Limit: prism.MaxChatPage})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(page.Messages, func(m prism.Message) bool { return m.ID == message }) {
		return prism.ErrNotFound
	}
	return s.Store.DeleteMessage(ctx, u, id, message)
}

type bansForEver struct{ *memory.Store }

func (s bansForEver) BanUser(ctx context.Context, u, id, target string, _ time.Duration) error {
	return s.Store.BanUser(ctx, u, id, target, 0)
}

type anySession struct{ *memory.Store }

func (s anySession) IngestSeen(ctx context.Context, _, _ string) error { return ctx.Err() }

type showsKey struct{ *memory.Store }

func (s showsKey) WatchLive(ctx context.Context, id string) (prism.Live, error) {
	return s.Live(ctx, "minji", id)
}

type endsWhenDisabling struct{ *memory.Store }

func (s endsWhenDisabling) PutChannel(ctx context.Context, owner string, c prism.Channel) error {
	if err := s.Store.PutChannel(ctx, owner, c); err != nil || c.Enabled {
		return err
	}
	_, err := s.SetChannelEnabled(ctx, c.ID, false)
	return err
}

type forgetsIdle struct{ *memory.Store }

func (s forgetsIdle) EndLive(ctx context.Context, u, id string, opt prism.EndOptions) (prism.EndResult, error) {
	opt.IdleBefore = time.Time{}
	return s.Store.EndLive(ctx, u, id, opt)
}

// looksThenEnds reads when the last packet was and ends in another statement. A
// packet comes in between, however the goroutines are scheduled.
type looksThenEnds struct {
	*memory.Store
	looked, seen         chan struct{}
	firstLook, firstSeen *sync.Once
}

func newLooksThenEnds(s *memory.Store) looksThenEnds {
	return looksThenEnds{s, make(chan struct{}), make(chan struct{}), new(sync.Once), new(sync.Once)}
}

func (s looksThenEnds) IngestSeen(ctx context.Context, id, session string) error {
	<-s.looked
	err := s.Store.IngestSeen(ctx, id, session)
	s.firstSeen.Do(func() { close(s.seen) })
	return err
}

func (s looksThenEnds) EndLive(ctx context.Context, u, id string, opt prism.EndOptions) (prism.EndResult, error) {
	if opt.IdleBefore.IsZero() {
		return s.Store.EndLive(ctx, u, id, opt)
	}
	idle, err := s.IdleLives(ctx, opt.IdleBefore, 1000)
	if err != nil {
		return prism.EndResult{}, err
	}
	s.firstLook.Do(func() { close(s.looked) })
	<-s.seen
	opt.IdleBefore = time.Time{}
	if !slices.ContainsFunc(idle, func(l prism.Live) bool { return l.ID == id }) {
		opt.OnlyBroadcast = -1
	}
	return s.Store.EndLive(ctx, u, id, opt)
}

type idleInAnyBroadcast struct{ *memory.Store }

func (s idleInAnyBroadcast) EndLive(ctx context.Context, u, id string, opt prism.EndOptions) (prism.EndResult, error) {
	if !opt.IdleBefore.IsZero() {
		opt.OnlyBroadcast = 0
	}
	return s.Store.EndLive(ctx, u, id, opt)
}
