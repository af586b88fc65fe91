package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// leaseStore is a main store whose leases are in Redis.
type leaseStore struct {
	*memory.Store
	leases prism.Leaser
}

func (s leaseStore) Lease(ctx context.Context, job, holder string, d time.Duration) (bool, error) {
	return s.leases.Lease(ctx, job, holder, d)
}

func (s leaseStore) Release(ctx context.Context, job, holder string) error {
	return s.leases.Release(ctx, job, holder)
}

// The clock of Redis moves with that of the main store.
func TestLeasesKeepTheContract(t *testing.T) {
	m, client := mini(t)
	prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
		clock := newClock()
		s := openMain(t, clock.Now)
		first, second := open(t, client, redisstore.Options{}), open(t, client, redisstore.Options{})
		return prismtest.Fixture{
			Users: s, Channels: s, Lives: s,
			Sweep: leaseStore{s, first}, SecondSweep: leaseStore{s, second},
			Owner: owner, Stranger: "juno", EnabledChannel: "games", DisabledChannel: "old",
			Advance: func(d time.Duration) {
				clock.Advance(d)
				m.FastForward(d)
			},
		}
	})
}

func TestLeaseOnAServer(t *testing.T) {
	client := startServer(t).client(t)
	first, second := open(t, client, redisstore.Options{}), open(t, client, redisstore.Options{})
	lease := func(s *redisstore.Store, holder string, d time.Duration) bool {
		t.Helper()
		held, err := s.Lease(t.Context(), "sweep", holder, d)
		must(t, err)
		return held
	}
	if !lease(first, "a", time.Hour) || lease(second, "b", time.Hour) || !lease(first, "a", time.Hour) {
		t.Fatal("a lease is not one holder's")
	}
	must(t, second.Release(t.Context(), "sweep", "b"))
	if lease(second, "b", time.Hour) {
		t.Fatal("who does not have the lease gave it back")
	}
	if !lease(open(t, client, redisstore.Options{Prefix: "other"}), "b", time.Hour) {
		t.Error("stores of different prefixes share their leases")
	}
	// The shortest lease is over by itself.
	if !lease(first, "a", 1) {
		t.Fatal("the holder cannot cut its lease short")
	}
	waitFor(t, "a lease of a nanosecond is over", func() bool { return lease(second, "b", time.Hour) })
	must(t, second.Release(t.Context(), "sweep", "b"))
	if !lease(first, "a", 1<<63-1) {
		t.Error("a lease that was given back is not free")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if held, err := second.Lease(ctx, "sweep", "b", time.Hour); held || !errors.Is(err, context.Canceled) {
		t.Errorf("Lease with a context that is over: got %v, %v", held, err)
	}
}

// A driver that sends Lease and Release twice does no harm.
func TestLeasesThatTheDriverRepeats(t *testing.T) {
	client := startServer(t).client(t)
	client.AddHook(repeatHook{})
	s := open(t, client, redisstore.Options{})
	for i := range 3 {
		holder := fmt.Sprint("holder ", i)
		if held, err := s.Lease(t.Context(), "sweep", holder, time.Hour); !held || err != nil {
			t.Fatalf("Lease %d: got %v, %v", i, held, err)
		}
		if held, err := s.Lease(t.Context(), "sweep", "other", time.Hour); held || err != nil {
			t.Errorf("Lease %d by another: got %v, %v", i, held, err)
		}
		must(t, s.Release(t.Context(), "sweep", holder))
	}
}
