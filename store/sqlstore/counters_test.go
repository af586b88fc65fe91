package sqlstore_test

import (
	"context"
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

// parallel runs n calls at once, on the stores in turn.
func parallel(t *testing.T, n int, stores [2]*sqlstore.Store, call func(s *sqlstore.Store, i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := call(stores[i%2], i); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// No count is lost, and none is made twice, while two processes write, start
// and end.
func TestCountersAreExactAcrossProcesses(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		stores := two(t, e)
		live := start(t, stores[0], create(t, stores[0], "A").ID).Live
		const viewers = 8
		parallel(t, 48, stores, func(s *sqlstore.Store, i int) error {
			return errors.Join(
				s.ViewerSeen(t.Context(), live.ID, fmt.Sprint("viewer ", i%viewers)),
				s.AddLikes(t.Context(), live.ID, i),
				s.PostChat(t.Context(), live.ID, "viewer", fmt.Sprint(i)))
		})
		got, err := stores[1].Live(t.Context(), "owner", live.ID)
		must(t, err)
		want := prism.LiveStats{Views: viewers, Viewers: viewers, Likes: 48 * 47 / 2, Chats: 48}
		if got.Stats != want {
			t.Errorf("statistics %+v, want %+v", got.Stats, want)
		}
	})
}

// A heartbeat that meets the end of the broadcast leaves no viewer behind.
func TestHeartbeatsMeetTheEnd(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		stores := two(t, e)
		live := create(t, stores[0], "A")
		for round := 1; round <= 5; round++ {
			start(t, stores[0], live.ID)
			parallel(t, 12, stores, func(s *sqlstore.Store, i int) error {
				if i == 6 {
					_, err := s.EndLive(t.Context(), "owner", live.ID, prism.EndOptions{})
					return err
				}
				err := s.ViewerSeen(t.Context(), live.ID, fmt.Sprint(round, " ", i))
				if errors.Is(err, prism.ErrConflict) {
					err = nil // it came too late
				}
				return err
			})
			got, err := stores[0].Live(t.Context(), "owner", live.ID)
			must(t, err)
			if got.Status != prism.StatusEnd || got.Stats.Viewers != 0 {
				t.Fatalf("round %d: status %s with %d viewers, want END with none", round, got.Status, got.Stats.Viewers)
			}
		}
	})
}

// A channel that is disabled while its lives are started has none on air.
func TestDisablingMeetsStarts(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		stores := two(t, e)
		lives := []prism.Live{create(t, stores[0], "A"), create(t, stores[0], "B")}
		for range 5 {
			_, err := stores[0].SetChannelEnabled(t.Context(), "enabled", true)
			must(t, err)
			parallel(t, 9, stores, func(s *sqlstore.Store, i int) error {
				if i == 4 {
					_, err := s.SetChannelEnabled(t.Context(), "enabled", false)
					return err
				}
				_, err := s.StartLive(t.Context(), "owner", lives[i%2].ID)
				if errors.Is(err, prism.ErrChannelDisabled) {
					err = nil
				}
				return err
			})
			onAir, err := stores[1].Lives(t.Context(), "owner", "enabled", prism.LiveFilter{Status: prism.StatusOnAir})
			must(t, err)
			if len(onAir) != 0 {
				t.Fatalf("%d lives are on air on a disabled channel", len(onAir))
			}
		}
	})
}

// One refresh token is spent once, and a revocation of the user that meets a
// redemption revokes its family, or the code is gone.
func TestRevocationMeetsRedemption(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		stores := two(t, e)
		now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		for round := range 8 {
			user, family := fmt.Sprint("user ", round), fmt.Sprint("family ", round)
			code := oauth.Code{
				Digest: oauth.DigestOf("code " + user), FamilyID: family, ClientID: "client", UserID: user,
				ExpiresAt: now.Add(time.Minute),
			}
			must(t, stores[0].SaveCode(t.Context(), code))
			parallel(t, 2, stores, func(s *sqlstore.Store, i int) error {
				if i == 0 {
					_, err := s.RevokeUser(t.Context(), user, now)
					return err
				}
				err := s.RedeemCode(t.Context(), redemptionOf(code, "of "+user, now))
				if errors.Is(err, prism.ErrNotFound) {
					err = nil // the revocation came first
				}
				return err
			})
			alive, err := stores[0].Families(t.Context(), user, now)
			must(t, err)
			if len(alive) != 0 {
				t.Fatalf("round %d: %d families are alive after the user was revoked", round, len(alive))
			}
		}
	})
}

func redemptionOf(code oauth.Code, name string, now time.Time) oauth.Redemption {
	return oauth.Redemption{
		Code: code.Digest, ClientID: code.ClientID, Now: now,
		Family: oauth.Family{
			ID: code.FamilyID, ClientID: code.ClientID, UserID: code.UserID,
			CreatedAt: now, RotatedAt: now, ExpiresAt: now.Add(24 * time.Hour), Generation: 1, Pairs: 1,
		},
		Pair: oauth.Pair{
			Access: oauth.DigestOf("access " + name), AccessExpiresAt: now.Add(time.Hour),
			Refresh: oauth.DigestOf("refresh " + name), RefreshExpiresAt: now.Add(2 * time.Hour),
		},
	}
}

func TestOneRotationAcrossProcesses(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		stores := two(t, e)
		now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		signIn(t, stores[0], "A", now)
		var outcomes [4]atomic.Int64
		parallel(t, 12, stores, func(s *sqlstore.Store, i int) error {
			outcome, _, err := s.RotateRefresh(t.Context(), oauth.Rotation{
				Refresh: oauth.DigestOf("refresh A"), ClientID: "client", Now: now.Add(time.Minute), Grace: time.Minute,
				Pair: oauth.Pair{
					Access: oauth.DigestOf(fmt.Sprint("access ", i)), AccessExpiresAt: now.Add(time.Hour),
					Refresh: oauth.DigestOf(fmt.Sprint("refresh ", i)), RefreshExpiresAt: now.Add(time.Hour),
				},
			})
			outcomes[outcome].Add(1)
			return err
		})
		if n := outcomes[oauth.OutcomeRotated].Load(); n != 1 {
			t.Errorf("%d of the parallel refreshes rotated, want 1", n)
		}
		token, err := stores[1].FindRefresh(t.Context(), oauth.DigestOf("refresh A"))
		must(t, err)
		issued := 1 + outcomes[oauth.OutcomeSibling].Load()
		if token.Family.Generation != 2 || int64(token.Family.Pairs) != issued {
			t.Errorf("generation %d with %d pairs, want 2 with %d", token.Family.Generation, token.Family.Pairs, issued)
		}
	})
}

// Sweeps of many processes delete each record once, and count it once.
func TestSweepsShareTheWork(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		stores := two(t, e)
		now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		for i := range 10 {
			signIn(t, stores[0], fmt.Sprint(i), now)
		}
		var total atomic.Int64
		sweepAll := func(ctx context.Context, s *sqlstore.Store) error {
			for {
				n, err := s.Sweep(ctx, now.Add(3*time.Hour), 3)
				total.Add(int64(n))
				if n == 0 || err != nil {
					return err
				}
			}
		}
		parallel(t, 6, stores, func(s *sqlstore.Store, _ int) error { return sweepAll(t.Context(), s) })
		// What one left out since another was at it is there for the next run.
		must(t, sweepAll(t.Context(), stores[0]))
		if want := int64(10 + 20 + 10); total.Load() != want {
			t.Errorf("the sweeps deleted %d records, want %d", total.Load(), want)
		}
	})
}
