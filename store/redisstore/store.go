package redisstore

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/oauth"
)

const (
	// DefaultPrefix is the Prefix when the options have none.
	DefaultPrefix = "prism"
	// MinRetention is the least Options.Retention: what oauth.Server waits
	// before it sweeps a record that expired.
	MinRetention = 24 * time.Hour
	// DefaultRetention is the Options.Retention when it is 0.
	DefaultRetention = 48 * time.Hour
)

var _ oauth.Store = (*Store)(nil)

// Options is what a Store can be told. The zero value is fine.
type Options struct {
	// Prefix begins all keys, in braces, and so chooses the cluster slot:
	// DefaultPrefix by default. It holds no brace. Stores with the same
	// prefix on the same Redis share their data.
	Prefix string
	// Retention is how long Redis keeps codes and tokens after they expired,
	// unless Sweep deletes them: DefaultRetention by default, MinRetention at
	// least.
	Retention time.Duration
	// Now is the clock for the time to live of a new code, time.Now by
	// default. All else goes by the times that the caller gives.
	Now func() time.Time
}

// Store keeps OAuth codes and tokens in Redis. It is safe for concurrent use,
// also by several processes on one Redis. It has no Close: the client is the
// host's to close.
//
// When Redis cannot do what is asked, the error wraps prism.ErrUnavailable and
// the driver's error, which is for the log. When ctx ends first, the call
// returns at once with an error that wraps ctx.Err(), whatever the time-outs of
// the client. As with any database on a network, a write whose answer did not
// come may have been done, as a whole.
//
// Times are kept in microseconds and come back in UTC.
type Store struct {
	caller
	prefix    string
	retention time.Duration
	now       func() time.Time
}

// New makes a Store on a client that the host has made and will close. It does
// not connect. It returns an error for a nil client, for a Prefix with a brace
// and for a Retention of less than MinRetention.
func New(client redis.UniversalClient, opt Options) (*Store, error) {
	if client == nil {
		return nil, errors.New("redisstore: the client is nil")
	}
	prefix, err := checkPrefix(opt.Prefix)
	if err != nil {
		return nil, fmt.Errorf("redisstore: Options.Prefix %w", err)
	}
	s := &Store{caller: caller{client}, prefix: "{" + prefix + "}:", retention: opt.Retention, now: opt.Now}
	if s.retention == 0 {
		s.retention = DefaultRetention
	}
	if s.retention < MinRetention {
		return nil, fmt.Errorf("redisstore: Options.Retention is %v, want 0 for the default or at least %v", opt.Retention, MinRetention)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

func checkPrefix(prefix string) (string, error) {
	if prefix == "" {
		return DefaultPrefix, nil
	}
	if strings.ContainsAny(prefix, "{}") {
		return "", errors.New("has a brace; it stands in braces already")
	}
	return prefix, nil
}

// The kinds of keys. An index entry is the key of a record without the prefix.
const (
	kindCode    = "code:"
	kindAccess  = "access:"
	kindRefresh = "refresh:"
	kindFamily  = "family:"
	kindUser    = "user:"
	kindLease   = "lease:"
)

func (s *Store) key(kind, id string) string { return s.prefix + kind + id }

func (s *Store) expiryKey() string { return s.prefix + "expiry" }

// ttl is how long, in milliseconds, Redis keeps a record that expires then.
func (s *Store) ttl(expires, now time.Time) int64 {
	return max(expires.Sub(now), 0).Milliseconds() + s.retention.Milliseconds()
}
