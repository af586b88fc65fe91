package sqlstore_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// two opens one database twice, as two processes would.
func two(t *testing.T, e testEngine) [2]*sqlstore.Store {
	t.Helper()
	dsn, c := e.migrated(t), newClock()
	a := openDSN(t, dsn, options(c))
	seed(t, a)
	return [2]*sqlstore.Store{a, openDSN(t, dsn, options(c))}
}

// twoHosts is two for a host's own pools, where every transaction on SQLite
// begins as a reading one.
func twoHosts(t *testing.T, e testEngine) [2]*sqlstore.Store {
	t.Helper()
	dsn, c := e.migrated(t), newClock()
	a := e.onHost(t, dsn, options(c))
	seed(t, a)
	return [2]*sqlstore.Store{a, e.onHost(t, dsn, options(c))}
}

func TestNewestWinsAcrossProcesses(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		t.Run("own pools", func(t *testing.T) {
			t.Parallel()
			newestWins(t, two(t, e))
		})
		t.Run("pools of a host", func(t *testing.T) {
			t.Parallel()
			newestWins(t, twoHosts(t, e))
		})
	})
}

func newestWins(t *testing.T, stores [2]*sqlstore.Store) {
	t.Helper()
	var ids []string
	for i := range 4 {
		ids = append(ids, create(t, stores[0], fmt.Sprint("live ", i)).ID)
	}
	const rounds = 10
	var starts, ends atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range rounds {
				r, err := stores[i%2].StartLive(t.Context(), "owner", ids[(i+n)%len(ids)])
				if err != nil {
					t.Errorf("StartLive: %v", err)
					return
				}
				if r.Changed {
					starts.Add(1)
				}
				if r.Ended != nil {
					ends.Add(1)
				}
				onAir, err := stores[(i+1)%2].Lives(t.Context(), "owner", "enabled", prism.LiveFilter{Status: prism.StatusOnAir})
				if err != nil || len(onAir) != 1 {
					t.Errorf("%d lives are on air, want 1 (error %v)", len(onAir), err)
				}
			}
		})
	}
	wg.Wait()
	if starts.Load() != ends.Load()+1 {
		t.Errorf("%d starts ended %d lives, want one less than started", starts.Load(), ends.Load())
	}
	broadcasts := 0
	for _, id := range ids {
		l, err := stores[1].Live(t.Context(), "owner", id)
		must(t, err)
		broadcasts += l.Broadcast
	}
	if int64(broadcasts) != starts.Load() {
		t.Errorf("the lives count %d broadcasts, %d were started", broadcasts, starts.Load())
	}
}

func TestOneRedemptionAcrossProcesses(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) { oneRedemption(t, two(t, e)) })
}

func oneRedemption(t *testing.T, stores [2]*sqlstore.Store) {
	t.Helper()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	code := oauth.Code{
		Digest: oauth.DigestOf("code"), FamilyID: "family", ClientID: "client", UserID: "owner",
		ExpiresAt: now.Add(time.Minute),
	}
	must(t, stores[0].SaveCode(t.Context(), code))
	var redeemed, replayed atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := stores[i%2].RedeemCode(t.Context(), oauth.Redemption{
				Code: code.Digest, ClientID: "client", Now: now,
				Family: oauth.Family{
					ID: "family", ClientID: "client", UserID: "owner",
					CreatedAt: now, RotatedAt: now, ExpiresAt: now.Add(time.Hour), Generation: 1, Pairs: 1,
				},
				Pair: oauth.Pair{
					Access: oauth.DigestOf(fmt.Sprint("access ", i)), AccessExpiresAt: now.Add(time.Minute),
					Refresh: oauth.DigestOf(fmt.Sprint("refresh ", i)), RefreshExpiresAt: now.Add(time.Minute),
				},
			})
			switch {
			case err == nil:
				redeemed.Add(1)
			case errors.Is(err, oauth.ErrCodeUsed):
				replayed.Add(1)
			default:
				t.Errorf("RedeemCode: %v", err)
			}
		})
	}
	wg.Wait()
	if redeemed.Load() != 1 || replayed.Load() != 7 {
		t.Errorf("%d calls redeemed the code and %d found it used, want 1 and 7", redeemed.Load(), replayed.Load())
	}
	tokens := 0
	for i := range 8 {
		token, err := stores[0].FindAccess(t.Context(), oauth.DigestOf(fmt.Sprint("access ", i)))
		if errors.Is(err, prism.ErrNotFound) {
			continue
		}
		must(t, err)
		tokens++
		if token.Family.RevokedAt.IsZero() {
			t.Error("the family of a replayed code is alive")
		}
	}
	if tokens != 1 {
		t.Errorf("%d access tokens were stored, want 1", tokens)
	}
}

// A reader that goes on from its cursor sees every message once, in order,
// while two processes write.
func TestReaderMissesNoMessageAcrossProcesses(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) { readerMissesNothing(t, two(t, e)) })
}

func readerMissesNothing(t *testing.T, stores [2]*sqlstore.Store) {
	t.Helper()
	live := create(t, stores[0], "A")
	const writers, each = 4, 25
	done := make(chan struct{})
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := stores[w%2].PostChat(t.Context(), live.ID, "viewer", fmt.Sprintf("%d/%d", w, i)); err != nil {
					t.Errorf("PostChat: %v", err)
				}
			}
		})
	}
	go func() { wg.Wait(); close(done) }()

	seen := map[string]int{}
	cursor, last := int64(0), false
	for {
		select {
		case <-done:
			last = true
		default:
		}
		page, err := stores[0].LiveChat(t.Context(), live.ID, prism.ChatQuery{After: &cursor, Limit: 7})
		must(t, err)
		for _, m := range page.Messages {
			seen[m.Text]++
		}
		cursor = page.Next
		if last && len(page.Messages) == 0 {
			break
		}
	}
	if len(seen) != writers*each {
		t.Errorf("the reader saw %d messages, want %d", len(seen), writers*each)
	}
	for text, n := range seen {
		if n != 1 {
			t.Errorf("the reader saw %q %d times", text, n)
		}
	}
}
