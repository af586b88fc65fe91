package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// signIn saves and redeems a code; the pair lives one and two hours.
func signIn(t *testing.T, s *sqlstore.Store, name string, now time.Time) {
	t.Helper()
	code := oauth.Code{
		Digest: oauth.DigestOf("code " + name), FamilyID: "family " + name, ClientID: "client", UserID: "owner",
		ExpiresAt: now.Add(time.Minute),
	}
	must(t, s.SaveCode(t.Context(), code))
	must(t, s.RedeemCode(t.Context(), oauth.Redemption{
		Code: code.Digest, ClientID: "client", Now: now,
		Family: oauth.Family{
			ID: code.FamilyID, ClientID: "client", UserID: "owner",
			CreatedAt: now, RotatedAt: now, ExpiresAt: now.Add(24 * time.Hour), Generation: 1, Pairs: 1,
		},
		Pair: oauth.Pair{
			Access: oauth.DigestOf("access " + name), AccessExpiresAt: now.Add(time.Hour),
			Refresh: oauth.DigestOf("refresh " + name), RefreshExpiresAt: now.Add(2 * time.Hour),
		},
	}))
}

// However small the steps, a sweep leaves nothing that cannot matter.
func TestSweepInSteps(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, limit := range []int{1, 2, 3, 5, 1000} {
		t.Run(fmt.Sprint("limit ", limit), func(t *testing.T) {
			t.Parallel()
			s := open(t, options(newClock()))
			for i := range 4 {
				signIn(t, s, fmt.Sprint("old ", i), now)
			}
			signIn(t, s, "new", now.Add(3*time.Hour))
			outcome, _, err := s.RotateRefresh(t.Context(), oauth.Rotation{
				Refresh: oauth.DigestOf("refresh old 0"), ClientID: "client", Now: now.Add(time.Minute),
				Pair: oauth.Pair{
					Access: oauth.DigestOf("access again"), AccessExpiresAt: now.Add(time.Hour),
					Refresh: oauth.DigestOf("refresh again"), RefreshExpiresAt: now.Add(2 * time.Hour),
				},
			})
			must(t, err)
			if outcome != oauth.OutcomeRotated {
				t.Fatalf("outcome %v, want rotated", outcome)
			}

			if n, err := s.Sweep(t.Context(), now.Add(2*time.Hour), 0); n != 0 || err != nil {
				t.Errorf("Sweep with limit 0: got %d, %v", n, err)
			}
			total := 0
			for {
				n, err := s.Sweep(t.Context(), now.Add(3*time.Hour), limit)
				must(t, err)
				if n > limit {
					t.Errorf("Sweep deleted %d, the limit is %d", n, limit)
				}
				if n == 0 {
					break
				}
				total += n
			}
			// 4 codes, 4+1 pairs, 4 families.
			if want := 4 + 10 + 4; total != want {
				t.Errorf("the sweeps deleted %d records, want %d", total, want)
			}
			if _, err := s.FindAccess(t.Context(), oauth.DigestOf("access old 1")); !errors.Is(err, prism.ErrNotFound) {
				t.Errorf("FindAccess of a swept token: got %v, want NOT_FOUND", err)
			}
			if _, err := s.FindRefresh(t.Context(), oauth.DigestOf("refresh new")); err != nil {
				t.Errorf("FindRefresh of a token that is alive: %v", err)
			}
			revoked, err := s.RevokeUser(t.Context(), "owner", now)
			must(t, err)
			if revoked != 1 {
				t.Errorf("%d families are left, want 1", revoked)
			}
		})
	}
}
