package demo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// LimitedError is returned by Members.SignIn while guessing is slowed down.
type LimitedError struct {
	// Wait is how long to wait before the next attempt.
	Wait time.Duration
}

func (e *LimitedError) Error() string { return "too many sign-in attempts: wait " + e.Wait.String() }

// RetryAfter sets the Retry-After header, in seconds, if problem is a
// LimitedError. It goes with SignInPage.
func RetryAfter(h http.Header, problem error) {
	if limited, ok := errors.AsType[*LimitedError](problem); ok {
		h.Set("Retry-After", strconv.FormatInt(int64(math.Ceil(limited.Wait.Seconds())), 10))
	}
}

// Members are the people of the app. They are safe for concurrent use.
type Members struct {
	ids     map[string]string // by login
	hash    []byte
	limiter oauth.LoginLimiter
}

// NewMembers makes the members minji and juno, who have the same password, with
// a bcrypt hash of this cost.
func NewMembers(password string, cost int) (*Members, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return &Members{
		ids:     map[string]string{"minji": "u-minji", "juno": "u-juno"},
		hash:    hash,
		limiter: oauth.NewMemoryLimiter(oauth.LimiterOptions{}),
	}, nil
}

// SignIn checks the fields login and password of a posted form and returns the
// member's id. It returns oauth.ErrBadCredentials for a wrong pair, in the same
// time whether or not the login exists, a *LimitedError while guessing is slowed
// down, and other errors if nobody can tell; these use up no attempt.
func (m *Members) SignIn(r *http.Request) (userID string, err error) {
	login, password := strings.TrimSpace(r.PostFormValue("login")), r.PostFormValue("password")
	var from netip.Addr
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		from, _ = netip.ParseAddr(host) // the zero Addr is "unknown"
	}
	wait, err := m.limiter.Attempt(r.Context(), login, from)
	if err != nil {
		return "", err
	}
	if wait > 0 {
		return "", &LimitedError{wait}
	}
	err = bcrypt.CompareHashAndPassword(m.hash, []byte(password))
	userID, known := m.ids[login]
	switch {
	case err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		m.refund(r.Context(), login, from)
		return "", fmt.Errorf("demo: check password: %w", err)
	case err != nil || !known:
		return "", oauth.ErrBadCredentials
	}
	m.limiter.Succeeded(r.Context(), login, from)
	return userID, nil
}

// refund takes back an attempt that nobody could judge, so that an outage locks
// nobody out. One whose browser went away meanwhile stays counted: otherwise
// hanging up would buy any number of attempts.
func (m *Members) refund(ctx context.Context, login string, from netip.Addr) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if limiter, ok := m.limiter.(oauth.LimiterRefunder); ok {
		limiter.Refund(ctx, login, from)
	}
}

// Open makes the app's people and data, in memory: each member has a channel.
// Lives are watched at Origin + "/watch/{id}".
func Open(ctx context.Context, s Setup) (*Members, *memory.Store, error) {
	members, err := NewMembers(s.Password, s.HashCost)
	if err != nil {
		return nil, nil, err
	}
	store, err := memory.New(prism.StoreOptions{
		RTMPBase: "rtmp://127.0.0.1:1935/live",
		LiveLink: func(liveID string) string { return s.Origin + "/watch/" + liveID },
	})
	if err != nil {
		return nil, nil, err
	}
	err = errors.Join(
		store.PutUser(ctx, prism.User{ID: "u-minji", Name: "Min-ji"}),
		store.PutUser(ctx, prism.User{ID: "u-juno", Name: "Juno"}),
		store.PutChannel(ctx, "u-minji", prism.Channel{ID: "morning", Name: "Morning talk", Enabled: true, Link: s.Origin + "/"}),
		store.PutChannel(ctx, "u-juno", prism.Channel{ID: "games", Name: "Juno plays", Enabled: true, Link: s.Origin + "/"}),
	)
	return members, store, err
}
