package oauth

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	limiterHome  = netip.MustParseAddr("203.0.113.7")
	limiterOther = netip.MustParseAddr("198.51.100.9")
)

func newTestLimiter(now *time.Time, opt LimiterOptions) *memoryLimiter {
	opt.Now = func() time.Time { return *now }
	return NewMemoryLimiter(opt).(*memoryLimiter)
}

// attempts counts the attempts that are let through at once, up to limit.
func attempts(t *testing.T, l LoginLimiter, account string, addr netip.Addr, limit int) int {
	t.Helper()
	for n := range limit {
		wait, err := l.Attempt(t.Context(), account, addr)
		if err != nil {
			t.Fatal(err)
		}
		if wait > 0 {
			return n
		}
	}
	return limit
}

func TestLimiterAccount(t *testing.T) {
	t.Parallel()
	now := loginStart
	l := newTestLimiter(&now, LimiterOptions{AccountAttempts: 3, AccountInterval: time.Minute})
	if n := attempts(t, l, "alice", limiterHome, 10); n != 3 {
		t.Fatalf("%d attempts at once, want 3", n)
	}
	if n := attempts(t, l, "alice", limiterOther, 10); n != 0 {
		t.Errorf("%d attempts from another address, want 0", n)
	}
	if n := attempts(t, l, "bob", limiterHome, 1); n != 1 {
		t.Error("another account is limited")
	}
	wait, _ := l.Attempt(t.Context(), "alice", limiterHome)
	if wait != time.Minute {
		t.Errorf("wait = %v, want 1m: a refused attempt must count nothing", wait)
	}
	now = now.Add(wait - time.Nanosecond)
	if n := attempts(t, l, "alice", limiterHome, 10); n != 0 {
		t.Errorf("%d attempts before the time", n)
	}
	now = now.Add(time.Nanosecond)
	if n := attempts(t, l, "alice", limiterHome, 10); n != 1 {
		t.Errorf("%d attempts after the time that was told, want 1", n)
	}
	now = now.Add(time.Hour)
	if n := attempts(t, l, "alice", limiterHome, 10); n != 3 {
		t.Errorf("%d attempts after an hour, want 3", n)
	}
}

func TestLimiterSpellings(t *testing.T) {
	t.Parallel()
	now := loginStart
	l := newTestLimiter(&now, LimiterOptions{AccountAttempts: 6})
	spellings := []string{"alice", "ALICE", "Alicé", "ali ce", "ａｌｉｃｅ", "ali\u200bce"}
	for _, s := range spellings {
		if n := attempts(t, l, s, netip.Addr{}, 1); n != 1 {
			t.Fatalf("%q refused early", s)
		}
	}
	for _, s := range spellings {
		if n := attempts(t, l, s, netip.Addr{}, 1); n != 0 {
			t.Errorf("%q has attempts of its own", s)
		}
	}
}

func TestLimiterAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, first, second string
		shared              bool
	}{
		{"same IPv4", "203.0.113.7", "203.0.113.7", true},
		{"other IPv4", "203.0.113.7", "203.0.113.8", false},
		{"IPv4 in IPv6", "203.0.113.7", "::ffff:203.0.113.7", true},
		{"same IPv6 /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"other IPv6 /64", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"IPv6 zone", "fe80::1%eth0", "fe80::1%eth1", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := loginStart
			l := newTestLimiter(&now, LimiterOptions{AddressAttempts: 2})
			for i := range 2 {
				if n := attempts(t, l, fmt.Sprint("a", i), netip.MustParseAddr(tt.first), 1); n != 1 {
					t.Fatal("refused early")
				}
			}
			free := attempts(t, l, "fresh", netip.MustParseAddr(tt.second), 1) == 1
			if free == tt.shared {
				t.Errorf("shared = %v, want %v", !free, tt.shared)
			}
		})
	}
}

func TestLimiterUnknownAddress(t *testing.T) {
	t.Parallel()
	now := loginStart
	l := newTestLimiter(&now, LimiterOptions{AddressAttempts: 1, AccountAttempts: 2})
	for i := range 20 {
		if n := attempts(t, l, fmt.Sprint("a", i), netip.Addr{}, 5); n != 2 {
			t.Fatalf("account %d: %d attempts, want 2", i, n)
		}
	}
}

func TestLimiterSuccess(t *testing.T) {
	t.Parallel()
	now := loginStart
	l := newTestLimiter(&now, LimiterOptions{AccountAttempts: 3, AddressAttempts: 5})
	for range 100 {
		if n := attempts(t, l, "alice", limiterHome, 1); n != 1 {
			t.Fatal("sign-ins that succeed are counted")
		}
		l.Succeeded(t.Context(), "alice", limiterHome)
	}
	// Somebody's own account does not clear the address.
	for i := range 5 {
		if n := attempts(t, l, fmt.Sprint("victim", i), limiterHome, 1); n != 1 {
			t.Fatalf("attempt %d refused", i)
		}
		if i < 4 {
			if n := attempts(t, l, "alice", limiterHome, 1); n != 1 {
				t.Fatal("own account refused")
			}
			l.Succeeded(t.Context(), "alice", limiterHome)
		}
	}
	if n := attempts(t, l, "victim9", limiterHome, 1); n != 0 {
		t.Error("successes cleared the address")
	}
}

func TestLimiterOwnerIsNotLockedOut(t *testing.T) {
	t.Parallel()
	now := loginStart
	l := newTestLimiter(&now, LimiterOptions{AccountAttempts: 3, AddressAttempts: 100})
	attempts(t, l, "alice", limiterHome, 1)
	l.Succeeded(t.Context(), "alice", limiterHome)
	attempts(t, l, "alice", limiterOther, 50)
	if n := attempts(t, l, "alice", limiterOther, 1); n != 0 {
		t.Fatal("the stranger is not limited")
	}
	if n := attempts(t, l, "alice", limiterHome, 10); n != 3 {
		t.Errorf("the owner has %d attempts, want 3", n)
	}
	if n := attempts(t, l, "bob", limiterOther, 10); n != 3 {
		t.Errorf("another account has %d attempts, want 3", n)
	}
}

// The bounded limiter never lets through what one with unbounded memory would
// refuse, whatever is evicted, and its memory is bounded.
func TestLimiterEvictionGivesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := loginStart
		opt := LimiterOptions{
			AccountAttempts: rapid.IntRange(1, 4).Draw(t, "attempts"),
			AccountInterval: time.Minute,
			AddressAttempts: 1 << 20,
			MaxEntries:      rapid.IntRange(1, 5).Draw(t, "entries"),
		}
		bounded := newTestLimiter(&now, opt)
		exact := make(map[string]time.Time)
		r := attemptRate{opt.AccountAttempts, opt.AccountInterval}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "seconds")) * time.Second)
			account := fmt.Sprint("account", rapid.IntRange(0, 12).Draw(t, "account"))
			want := r.wait(exact[account], now)
			got, err := bounded.Attempt(context.Background(), account, netip.Addr{})
			if err != nil {
				t.Fatal(err)
			}
			if got < want {
				t.Fatalf("%s waits %v, without bound on memory %v", account, got, want)
			}
			if got == 0 {
				exact[account] = r.charge(exact[account], now)
			}
			if n := len(bounded.accounts.keys); n > opt.MaxEntries || n != len(bounded.accounts.heap) {
				t.Fatalf("%d entries, %d in the heap, want at most %d", n, len(bounded.accounts.heap), opt.MaxEntries)
			}
		}
	})
}

// Without eviction the limiter is exact: n attempts in a window of any length
// are at most the burst and what the interval yields.
func TestLimiterRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := loginStart
		burst := rapid.IntRange(1, 10).Draw(t, "burst")
		interval := time.Duration(rapid.IntRange(1, 300).Draw(t, "interval")) * time.Second
		l := newTestLimiter(&now, LimiterOptions{AccountAttempts: burst, AccountInterval: interval})
		passed := 0
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds")) * time.Second)
			wait, err := l.Attempt(context.Background(), "alice", netip.Addr{})
			if err != nil {
				t.Fatal(err)
			}
			if wait == 0 {
				passed++
			} else if wait > interval {
				t.Fatalf("wait %v is over the interval %v", wait, interval)
			}
			if most := burst + int(now.Sub(loginStart)/interval); passed > most {
				t.Fatalf("%d attempts in %v, want at most %d", passed, now.Sub(loginStart), most)
			}
		}
	})
}

func TestLimiterForgetsFamiliarAddresses(t *testing.T) {
	t.Parallel()
	now := loginStart
	l := newTestLimiter(&now, LimiterOptions{MaxEntries: 4})
	for i := range 50 {
		l.Succeeded(t.Context(), fmt.Sprint("a", i), limiterHome)
	}
	if n, m := len(l.familiar.pairs), l.familiar.order.Len(); n != 4 || m != 4 {
		t.Errorf("%d pairs, %d in order, want 4", n, m)
	}
}

func TestLimiterConcurrent(t *testing.T) {
	t.Parallel()
	l := NewMemoryLimiter(LimiterOptions{AccountAttempts: 25, AccountInterval: time.Hour, AddressAttempts: 1000})
	var wg sync.WaitGroup
	var mu sync.Mutex
	passed := 0
	for range 8 {
		wg.Go(func() {
			n := attempts(t, l, "alice", limiterHome, 50)
			mu.Lock()
			defer mu.Unlock()
			passed += n
		})
	}
	wg.Wait()
	if passed != 25 {
		t.Errorf("%d parallel attempts passed, want 25", passed)
	}
}

// A flood of accounts pushes out the ones that failed least, so that what
// strangers inherit from them is as little as can be.
func TestLimiterEvictsWhatCountsLeast(t *testing.T) {
	t.Parallel()
	now := loginStart
	l := newTestLimiter(&now, LimiterOptions{AccountAttempts: 5, MaxEntries: 2})
	for _, step := range []struct {
		account string
		times   int
	}{{"a", 1}, {"b", 1}, {"a", 3}, {"c", 1}} {
		if n := attempts(t, l, step.account, netip.Addr{}, step.times); n != step.times {
			t.Fatalf("%s: %d attempts, want %d", step.account, n, step.times)
		}
	}
	if n := attempts(t, l, "a", netip.Addr{}, 10); n != 1 {
		t.Errorf("a has %d attempts left, want 1", n)
	}
	if n := attempts(t, l, "d", netip.Addr{}, 10); n != 4 {
		t.Errorf("a newcomer has %d attempts, want 4", n)
	}
}
