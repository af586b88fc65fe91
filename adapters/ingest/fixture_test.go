package ingest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// station is a store with one channel and one live, and a switch that makes
// its ingest calls fail.
type station struct {
	*memory.Store
	t    *testing.T
	live prism.Live
	key  string

	mu   sync.Mutex
	fail error
}

func newStation(t *testing.T) *station {
	t.Helper()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://127.0.0.1/live"})
	if err != nil {
		t.Fatal(err)
	}
	s := &station{Store: store, t: t}
	s.must(store.PutUser(t.Context(), prism.User{ID: "u1", Name: "Streamer"}))
	s.must(store.PutChannel(t.Context(), "u1", prism.Channel{ID: "c1", Name: "Channel", Enabled: true}))
	s.live, s.key = s.create()
	return s
}

func (s *station) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *station) create() (live prism.Live, key string) {
	s.t.Helper()
	live, err := s.CreateLive(s.t.Context(), "u1", "c1", prism.NewLive{Title: "A live", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	s.must(err)
	_, key, err = prism.SplitRTMPPath(live.RTMPPath)
	s.must(err)
	return live, key
}

func (s *station) start() {
	s.t.Helper()
	_, err := s.StartLive(s.t.Context(), "u1", s.live.ID)
	s.must(err)
}

func (s *station) end() {
	s.t.Helper()
	_, err := s.EndLive(s.t.Context(), "u1", s.live.ID, prism.EndOptions{})
	s.must(err)
}

func (s *station) status() prism.Status {
	s.t.Helper()
	live, err := s.Live(s.t.Context(), "u1", s.live.ID)
	s.must(err)
	return live.Status
}

// outage makes the calls of IngestStore fail; nil ends it.
func (s *station) outage(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *station) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return fmt.Errorf("station: %w", s.fail)
	}
	return nil
}

func (s *station) LiveByStreamKey(ctx context.Context, digest [32]byte) (prism.Live, error) {
	if err := s.failure(); err != nil {
		return prism.Live{}, err
	}
	return s.Store.LiveByStreamKey(ctx, digest)
}

func (s *station) IdleLives(ctx context.Context, before time.Time, limit int) ([]prism.Live, error) {
	if err := s.failure(); err != nil {
		return nil, err
	}
	return s.Store.IdleLives(ctx, before, limit)
}

func (s *station) endBroadcast(ctx context.Context, liveID string, opt prism.EndOptions, _ prism.EndReason) (prism.EndResult, error) {
	opt.AsService = true
	return s.EndLive(ctx, "", liveID, opt)
}
