package prismtest_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
)

// hidingStore sweeps lives by hiding them, so that a test can say which.
type hidingStore struct {
	*memory.Store
	mu     sync.Mutex
	hidden map[string]bool

	// The parts of the rule that a mistake changes.
	mayGo       func(l prism.Live) bool
	twins       func(a, b prism.Live) bool
	newestFirst bool
	all         bool          // whatever the limit
	ever        bool          // whatever the time
	think       time.Duration // between looking and deleting
}

func newHidingStore(s *memory.Store) *hidingStore {
	return &hidingStore{
		Store: s, hidden: make(map[string]bool),
		mayGo: func(l prism.Live) bool { return l.Status == prism.StatusReserved && l.Broadcast == 0 },
		twins: func(a, b prism.Live) bool {
			return sameTexts(a, b) && a.ChannelID == b.ChannelID && created(a, b, 0, prism.DuplicateWindow) && reserved(a, b)
		},
	}
}

func sameTexts(a, b prism.Live) bool {
	return a.Title == b.Title && a.Description == b.Description && a.Scope == b.Scope
}

// created reports whether b was created after a, by more than least and no
// more than most.
func created(a, b prism.Live, least, most time.Duration) bool {
	later := b.CreatedAt.Sub(a.CreatedAt)
	return later > least && later <= most
}

func reserved(a, b prism.Live) bool {
	return b.ReservedAt.Sub(a.ReservedAt).Abs() <= prism.DuplicateWindow
}

func (s *hidingStore) Live(ctx context.Context, u, id string) (prism.Live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hidden[id] {
		return prism.Live{}, prism.ErrNotFound
	}
	return s.Store.Live(ctx, u, id)
}

func (s *hidingStore) Lives(ctx context.Context, u, c string, f prism.LiveFilter) ([]prism.Live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lives, err := s.Store.Lives(ctx, u, c, f)
	return slices.DeleteFunc(lives, func(l prism.Live) bool { return s.hidden[l.ID] }), err
}

func (s *hidingStore) SweepLives(ctx context.Context, before time.Time, limit int) (int, error) {
	channels, err := s.Channels(ctx, "minji")
	if err != nil {
		return 0, err
	}
	var lives, doomed []prism.Live
	for _, c := range channels {
		list, err := s.Lives(ctx, "minji", c.ID, prism.LiveFilter{})
		if err != nil {
			return 0, err
		}
		lives = append(lives, list...)
	}
	for _, l := range lives {
		hasTwin := slices.ContainsFunc(lives, func(other prism.Live) bool { return other.ID != l.ID && s.twins(l, other) })
		if (s.ever || l.CreatedAt.Before(before)) && s.mayGo(l) && hasTwin {
			doomed = append(doomed, l)
		}
	}
	slices.SortFunc(doomed, func(a, b prism.Live) int { return a.CreatedAt.Compare(b.CreatedAt) })
	if s.newestFirst {
		slices.Reverse(doomed)
	}
	if !s.all {
		doomed = doomed[:min(len(doomed), limit)]
	}
	time.Sleep(s.think)
	s.mu.Lock()
	defer s.mu.Unlock()
	deleted := 0
	for _, l := range doomed {
		if !s.hidden[l.ID] || s.think > 0 {
			deleted++
		}
		s.hidden[l.ID] = true
	}
	return deleted, nil
}

// useHiding makes the fixture sweep by hiding.
func useHiding(f *prismtest.Fixture, s *memory.Store) *hidingStore {
	h := newHidingStore(s)
	f.Lives, f.Sweep, f.SecondSweep, f.Ingest = h, h, nil, nil
	return h
}

func onDuplicates(rule string, broken func(h *hidingStore)) mistake {
	return mistake{rule, func(f *prismtest.Fixture, s *memory.Store) { broken(useHiding(f, s)) }}
}

// The mistakes with duplicates are found in a store that is right without them.
func TestTestStoresTakesAStoreThatHides(t *testing.T) {
	t.Parallel()
	prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
		f, s := openFixture(t)
		useHiding(&f, s)
		return f
	})
}

const (
	inOrder   = "SweepLives deletes duplicates, oldest first"
	noTwin    = "a live that differs is no duplicate"
	sweptOver = "SweepBans deletes bans that are over"
)

var sweepMistakes = map[string]mistake{
	"sweeps newest first":  onDuplicates(inOrder, func(h *hidingStore) { h.newestFirst = true }),
	"sweeps without limit": onDuplicates(inOrder, func(h *hidingStore) { h.all = true }),
	"sweeps the newest": onDuplicates(inOrder, func(h *hidingStore) {
		h.twins = func(a, b prism.Live) bool { return sameTexts(a, b) && reserved(a, b) }
	}),
	"sweeps young ones": onDuplicates("SweepLives leaves duplicates that were created at", func(h *hidingStore) { h.ever = true }),
	"sweeps what has ended": onDuplicates("SweepLives deletes no live that was ever started", func(h *hidingStore) {
		h.mayGo = func(l prism.Live) bool { return l.Status != prism.StatusOnAir }
	}),
	"sweeps what is on air": onDuplicates("SweepLives deletes no live that was ever started", func(h *hidingStore) {
		h.mayGo = func(prism.Live) bool { return true }
	}),
	"wants a RESERVED twin": onDuplicates("a twin makes a duplicate in any state", func(h *hidingStore) {
		h.alsoWant(func(_, b prism.Live) bool { return b.Status == prism.StatusReserved })
	}),
	"compares titles": onDuplicates(noTwin, func(h *hidingStore) {
		h.twins = func(a, b prism.Live) bool {
			return a.Title == b.Title && created(a, b, 0, prism.DuplicateWindow) && reserved(a, b)
		}
	}),
	"compares titles without case": onDuplicates(noTwin, func(h *hidingStore) {
		h.twins = func(a, b prism.Live) bool {
			return strings.EqualFold(a.Title, b.Title) && a.Description == b.Description && a.Scope == b.Scope &&
				created(a, b, 0, prism.DuplicateWindow) && reserved(a, b)
		}
	}),
	"sweeps what is planned": onDuplicates(noTwin, func(h *hidingStore) {
		h.twins = func(a, b prism.Live) bool { return sameTexts(a, b) && created(a, b, 0, prism.DuplicateWindow) }
	}),
	"wants the same reservation": onDuplicates(noTwin, func(h *hidingStore) {
		h.alsoWant(func(a, b prism.Live) bool { return a.ReservedAt.Equal(b.ReservedAt) })
	}),
	"knows no channel": onDuplicates("a live of another channel is no twin", func(h *hidingStore) {
		h.twins = func(a, b prism.Live) bool {
			return sameTexts(a, b) && created(a, b, 0, prism.DuplicateWindow) && reserved(a, b)
		}
	}),
	"knows no window": onDuplicates("a twin was created within DuplicateWindow", func(h *hidingStore) {
		h.twins = func(a, b prism.Live) bool {
			return sameTexts(a, b) && a.ChannelID == b.ChannelID && created(a, b, 0, time.Hour) && reserved(a, b)
		}
	}),
	"counts what is as old": onDuplicates("lives that were created at one time", func(h *hidingStore) {
		h.twins = func(a, b prism.Live) bool {
			return sameTexts(a, b) && a.ChannelID == b.ChannelID && created(a, b, -1, prism.DuplicateWindow) && reserved(a, b)
		}
	}),
	"knows a short window": onDuplicates("a twin was created within DuplicateWindow", func(h *hidingStore) {
		h.alsoWant(func(a, b prism.Live) bool { return created(a, b, 0, time.Minute) })
	}),
	"counts what others deleted": onDuplicates("parallel SweepLives delete every duplicate once", func(h *hidingStore) {
		h.think = 10 * time.Millisecond
	}),
	"lifts bans":              {sweptOver, func(f *prismtest.Fixture, s *memory.Store) { f.Sweep = liftsBans{s} }},
	"sweeps no bans":          {sweptOver, func(f *prismtest.Fixture, s *memory.Store) { f.Sweep = sweepsNoBans{s} }},
	"sweeps all bans at once": {sweptOver, func(f *prismtest.Fixture, s *memory.Store) { f.Sweep = sweepsAllBans{s} }},
}

// alsoWant makes the rule about twins narrower.
func (s *hidingStore) alsoWant(more func(a, b prism.Live) bool) {
	twins := s.twins
	s.twins = func(a, b prism.Live) bool { return twins(a, b) && more(a, b) }
}

// liftsBans takes the viewer's ban away, over or not, and does not say so.
type liftsBans struct{ *memory.Store }

func (s liftsBans) SweepBans(ctx context.Context, limit int) (int, error) {
	n, err := s.Store.SweepBans(ctx, limit)
	if err != nil {
		return 0, err
	}
	lives, err := s.LivesOnAir(ctx, 1)
	for _, l := range lives {
		err = cmp.Or(err, s.UnbanUser(ctx, "minji", l.ID, "haru"))
	}
	return n, err
}

type sweepsNoBans struct{ *memory.Store }

func (s sweepsNoBans) SweepBans(ctx context.Context, _ int) (int, error) { return 0, ctx.Err() }

type sweepsAllBans struct{ *memory.Store }

func (s sweepsAllBans) SweepBans(ctx context.Context, _ int) (int, error) {
	return s.Store.SweepBans(ctx, 1000)
}
