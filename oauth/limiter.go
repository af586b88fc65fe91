package oauth

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// LoginLimiter slows down the guessing of passwords on the sign-in page. It
// must be safe for concurrent use. Several instances of a service that should
// count together need one on a shared store. One that is a LimiterRefunder as
// well does not count attempts that nobody could judge.
type LoginLimiter interface {
	// Attempt is called before a password is looked at. It counts the
	// attempt and returns 0 if it may go on; otherwise it returns how long
	// to wait, and has counted nothing. account is what was typed, trimmed, so
	// it may name nobody and must not be logged. addr is the zero Addr
	// when it is unknown. On an error nobody can sign in.
	Attempt(ctx context.Context, account string, addr netip.Addr) (retryAfter time.Duration, err error)
	// Succeeded is called after Attempt with the same values when the
	// password was right.
	Succeeded(ctx context.Context, account string, addr netip.Addr)
}

// LimiterRefunder is implemented by a LoginLimiter that can take an attempt
// back. The one of NewMemoryLimiter can.
type LimiterRefunder interface {
	// Refund is called after Attempt with the same values when the
	// PasswordChecker failed, so that nobody knows whether the password was
	// right.
	Refund(ctx context.Context, account string, addr netip.Addr)
}

// Defaults of LimiterOptions.
const (
	DefaultAccountAttempts = 10
	DefaultAccountInterval = 5 * time.Minute
	DefaultAddressAttempts = 50
	DefaultAddressInterval = 10 * time.Second
	DefaultLimiterEntries  = 10_000
)

// LimiterOptions are the options of NewMemoryLimiter. A value that is zero or
// negative means the default.
type LimiterOptions struct {
	// AccountAttempts is how many failures one account may have at once, one
	// more being allowed per AccountInterval.
	AccountAttempts int
	AccountInterval time.Duration
	// AddressAttempts and AddressInterval are the same for one client
	// address: an IPv4 address or an IPv6 /64 network.
	AddressAttempts int
	AddressInterval time.Duration
	// MaxEntries is how many accounts, and how many addresses, are
	// remembered.
	MaxEntries int
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// NewMemoryLimiter returns a LoginLimiter that counts in this process. It
// limits each account and each address; an attempt that succeeds is not
// counted. Accounts are kept as hashes.
//
// An address from which an account has signed in before is counted apart for
// that account, so that a stranger who fails on purpose does not lock the
// owner out.
//
// Memory is bounded, and filling it gives nobody an attempt: when an entry has
// to go, it is the one that counts least, and a key that is not remembered is
// taken to have failed as often as any that was forgotten.
func NewMemoryLimiter(opt LimiterOptions) LoginLimiter {
	accounts := attemptRate{orDefault(opt.AccountAttempts, DefaultAccountAttempts), orDefault(opt.AccountInterval, DefaultAccountInterval)}
	addresses := attemptRate{orDefault(opt.AddressAttempts, DefaultAddressAttempts), orDefault(opt.AddressInterval, DefaultAddressInterval)}
	entries := orDefault(opt.MaxEntries, DefaultLimiterEntries)
	now := opt.Now
	if now == nil {
		now = time.Now
	}
	return &memoryLimiter{
		now:       now,
		accounts:  newDebtTable(accounts, entries),
		addresses: newDebtTable(addresses, entries),
		familiar:  newFamiliarTable(entries),
	}
}

func orDefault[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

type memoryLimiter struct {
	now func() time.Time

	mu        sync.Mutex
	accounts  *debtTable
	addresses *debtTable
	familiar  *familiarTable
}

func (l *memoryLimiter) Attempt(_ context.Context, account string, addr netip.Addr) (time.Duration, error) {
	accountKey, pairKey, network := limiterKeys(account, addr)
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()

	pair := l.familiar.find(pairKey)
	var wait time.Duration
	if pair != nil {
		wait = l.accounts.rate.wait(pair.paidAt, now)
	} else {
		wait = l.accounts.wait(accountKey, now)
	}
	if network.IsValid() {
		wait = max(wait, l.addresses.wait(networkKey(network), now))
	}
	if wait > 0 {
		return wait, nil
	}
	if pair != nil {
		pair.paidAt = l.accounts.rate.charge(pair.paidAt, now)
	} else {
		l.accounts.charge(accountKey, now)
	}
	if network.IsValid() {
		l.addresses.charge(networkKey(network), now)
	}
	return 0, nil
}

// Succeeded takes back the one attempt that succeeded, and no more: otherwise
// somebody could clear an address by signing in to an account of their own.
func (l *memoryLimiter) Succeeded(_ context.Context, account string, addr netip.Addr) {
	accountKey, pairKey, network := limiterKeys(account, addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refund(accountKey, pairKey, network)
	if network.IsValid() {
		l.familiar.add(pairKey)
	}
}

// Refund takes back the one attempt, and makes nothing familiar.
func (l *memoryLimiter) Refund(_ context.Context, account string, addr netip.Addr) {
	accountKey, pairKey, network := limiterKeys(account, addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refund(accountKey, pairKey, network)
}

func (l *memoryLimiter) refund(accountKey, pairKey limiterKey, network netip.Prefix) {
	if pair := l.familiar.find(pairKey); pair != nil {
		pair.paidAt = pair.paidAt.Add(-l.accounts.rate.interval)
	} else {
		l.accounts.refund(accountKey)
	}
	if network.IsValid() {
		l.addresses.refund(networkKey(network))
	}
}

type limiterKey [sha256.Size]byte

func limiterKeys(account string, addr netip.Addr) (accountKey, pairKey limiterKey, network netip.Prefix) {
	accountKey = sha256.Sum256([]byte(foldAccount(account)))
	network = addressNetwork(addr)
	pairKey = sha256.Sum256(append(accountKey[:], network.String()...))
	return accountKey, pairKey, network
}

func networkKey(network netip.Prefix) limiterKey { return sha256.Sum256([]byte(network.String())) }

// addressNetwork is what one client has at its disposal: an IPv4 address or an
// IPv6 /64. It is the zero Prefix for the zero Addr.
func addressNetwork(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}

// foldAccount makes one of all spellings that a host's database may take for
// the same account: without regard to case, width, accents, spaces and
// invisible characters. Otherwise each spelling would bring fresh attempts.
func foldAccount(account string) string {
	folded := norm.NFKD.String(cases.Fold().String(norm.NFKD.String(account)))
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Mn, unicode.Cf, unicode.Cc) {
			return -1
		}
		return r
	}, folded)
}
