package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// leasedStore is a Store with leases whose sweeps take their time.
type leasedStore struct {
	*memory.Store
	takes    time.Duration
	results  []int // of Sweep, one after the other; the last goes on
	leaseErr error

	mu       sync.Mutex
	sweeps   int
	running  int
	together int // the most Sweeps at one moment
}

func newLeasedStore(t *testing.T) *leasedStore {
	t.Helper()
	mem, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		t.Fatal(err)
	}
	return &leasedStore{Store: mem, results: []int{0}}
}

func (s *leasedStore) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	if s.leaseErr != nil {
		return false, s.leaseErr
	}
	return s.Store.Lease(ctx, job, holder, d)
}

func (s *leasedStore) Sweep(ctx context.Context, _ time.Time, _ int) (int, error) {
	s.mu.Lock()
	n := s.results[min(s.sweeps, len(s.results)-1)]
	s.sweeps++
	s.running++
	s.together = max(s.together, s.running)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
	}()
	select {
	case <-time.After(s.takes):
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *leasedStore) atOnce() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.together
}

func (s *leasedStore) swept() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sweeps
}

// sweepingServer sweeps every ten minutes.
func sweepingServer(t *testing.T, store oauth.Store, logger *zap.Logger) *oauth.Server {
	t.Helper()
	server, err := oauth.New(oauth.Config{
		Clients:   oauth.StaticClients(testClients()...),
		Store:     store,
		Users:     &testUsers{},
		Secrets:   [][]byte{[]byte(strings.Repeat("k", oauth.MinSecret))},
		PublicURL: publicURL,
		Login:     oauth.SessionLogin(func(*http.Request, string) (string, string, error) { return "u1", "", nil }),
		Logger:    logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestOneInstanceAtATimeSweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLeasedStore(t)
		store.takes = 20 * time.Second
		first := sweepingServer(t, store, nil)
		sweepingServer(t, store, nil)
		pass(oauth.DefaultSweepInterval + time.Minute)
		if got := store.swept(); got != 1 {
			t.Errorf("two Servers swept %d times in one interval, want once", got)
		}
		pass(5 * oauth.DefaultSweepInterval)
		if got, together := store.swept(), store.atOnce(); got != 6 || together != 1 {
			t.Errorf("%d sweeps in six intervals, %d at one moment; want 6, one at a time", got, together)
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		pass(4 * oauth.DefaultSweepInterval)
		if got := store.swept(); got != 10 {
			t.Errorf("%d sweeps after one Server went away, want 10", got)
		}
	})
}

// The lease is prolonged for every step of a run that is longer than it.
func TestALongSweepKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLeasedStore(t)
		store.takes = 25 * time.Second
		for range 20 {
			store.results = append([]int{1000}, store.results...)
		}
		sweepingServer(t, store, nil)
		pass(5 * time.Minute)
		sweepingServer(t, store, nil) // its ticks fall into the runs of the first
		pass(oauth.DefaultSweepInterval + time.Minute)
		if got := store.atOnce(); got != 1 {
			t.Errorf("%d sweeps at one moment, want 1", got)
		}
		if got := store.swept(); got < 15 {
			t.Errorf("%d sweeps: the long run was not gone on with", got)
		}
	})
}

func TestCloseGivesTheSweepBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLeasedStore(t)
		store.takes = 25 * time.Second
		server := sweepingServer(t, store, nil)
		pass(oauth.DefaultSweepInterval + time.Second)
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		held, err := store.Lease(t.Context(), "oauth sweep", "the next", time.Minute)
		if !held || err != nil {
			t.Errorf("the job was not given back at Close: %v, %v", held, err)
		}
	})
}

func TestADeadInstanceKeepsTheSweepForAMinuteOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLeasedStore(t)
		sweepingServer(t, store, nil)
		pass(oauth.DefaultSweepInterval - time.Second)
		if held, err := store.Lease(t.Context(), "oauth sweep", "the dead", time.Minute); !held || err != nil {
			t.Fatal(held, err)
		}
		pass(time.Minute)
		if got := store.swept(); got != 0 {
			t.Errorf("%d sweeps under another's lease", got)
		}
		pass(oauth.DefaultSweepInterval)
		if got := store.swept(); got != 1 {
			t.Errorf("%d sweeps after the lease was over, want 1", got)
		}
	})
}

func TestASweepWithoutItsLeaseIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLeasedStore(t)
		store.leaseErr = errors.New("no connection")
		core, logs := observer.New(zapcore.WarnLevel)
		sweepingServer(t, store, zap.New(core))
		pass(oauth.DefaultSweepInterval)
		if store.swept() != 0 {
			t.Error("swept without a lease")
		}
		if got := logs.FilterLevelExact(zap.ErrorLevel).Len(); got != 1 {
			t.Errorf("%d errors in the log, want 1: %v", got, logs.All())
		}
	})
}
