// Package memory is a data layer that lives in the process: users, channels,
// lives, statistics, chat, bans, managers, ingest sessions, leases, and codes
// and tokens. It is meant for development, for tests, and as the readable model
// of the store contracts. All is lost when the process ends, and nothing is
// shared between processes.
//
// A [Store] has no notion of teams: the acting user of a channel is its owner,
// and everybody else gets prism.ErrNotFound.
package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// DefaultChatLimit is how many messages of a live are kept when
// prism.StoreOptions.ChatLimit is 0.
const DefaultChatLimit = 10_000

var (
	_ prism.UserSource   = (*Store)(nil)
	_ prism.ChannelStore = (*Store)(nil)
	_ prism.LiveStore    = (*Store)(nil)
	_ prism.LiveUpdater  = (*Store)(nil)
	_ prism.ChatReader   = (*Store)(nil)
	_ prism.ChatSender   = (*Store)(nil)
	_ prism.ChatDeleter  = (*Store)(nil)
	_ prism.Banner       = (*Store)(nil)
	_ prism.ManagerStore = (*Store)(nil)
	_ prism.IngestStore  = (*Store)(nil)
	_ prism.Directory    = (*Store)(nil)
	_ prism.Audience     = (*Store)(nil)
	_ oauth.Store        = (*Store)(nil)

	_ prism.StatsStore     = (*Store)(nil)
	_ prism.SweepStore     = (*Store)(nil)
	_ prism.StandingSource = (*Store)(nil)
)

// Store keeps everything in maps. It is safe for concurrent use, starts no
// goroutine and needs no Close. What it returns is a copy: changing it changes
// nothing in the store.
//
// Every method checks ctx before it begins and again when it has the lock, and
// then returns an error that wraps ctx.Err() without having changed anything.
// The texts of its errors hold no ids and no secrets.
type Store struct {
	base      string
	liveLink  func(liveID string) string
	chatLimit int
	clock     func() time.Time

	mu       sync.Mutex // guards the fields below, but not tokens
	users    map[string]prism.User
	channels map[string]*channelRecord
	owned    map[string]map[string]*channelRecord // by owner, then by channel id
	lives    map[string]*liveRecord
	keys     map[[32]byte]*liveRecord
	leases   map[string]lease // by job

	tokens tokenTable
}

// New makes an empty Store. It returns an error when opt.RTMPBase is not one
// that prism.CheckRTMPBase accepts, or opt.ChatLimit is negative.
func New(opt prism.StoreOptions) (*Store, error) {
	if err := prism.CheckRTMPBase(opt.RTMPBase); err != nil {
		return nil, fmt.Errorf("memory: StoreOptions.RTMPBase: %w", err)
	}
	if opt.ChatLimit < 0 {
		return nil, fmt.Errorf("memory: StoreOptions.ChatLimit is %d, want 0 for the default or a positive number", opt.ChatLimit)
	}
	s := &Store{
		base:      opt.RTMPBase,
		liveLink:  opt.LiveLink,
		chatLimit: opt.ChatLimit,
		clock:     opt.Now,
		users:     make(map[string]prism.User),
		channels:  make(map[string]*channelRecord),
		owned:     make(map[string]map[string]*channelRecord),
		lives:     make(map[string]*liveRecord),
		keys:      make(map[[32]byte]*liveRecord),
		leases:    make(map[string]lease),
		tokens:    newTokenTable(),
	}
	if s.chatLimit == 0 {
		s.chatLimit = DefaultChatLimit
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	return s, nil
}

// lock takes the lock of everything but the tokens, unless ctx is over.
func (s *Store) lock(ctx context.Context) error { return lockUnlessDone(ctx, &s.mu) }

func lockUnlessDone(ctx context.Context, mu *sync.Mutex) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	mu.Lock()
	// A caller that gave up while it waited must not change anything.
	if err := ctx.Err(); err != nil {
		mu.Unlock()
		return fmt.Errorf("memory: %w", err)
	}
	return nil
}

// now is the clock without its monotonic part, in whole microseconds, which is
// what the SQL stores keep.
func (s *Store) now() time.Time { return s.clock().Round(0).Truncate(time.Microsecond) }

func notFound(what string) error { return fmt.Errorf("memory: %s: %w", what, prism.ErrNotFound) }
