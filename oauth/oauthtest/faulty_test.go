package oauthtest_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/oauth/oauthtest"
	"github.com/b2bprism/b2bprism/prism"
)

func ExampleFaulty() {
	var store oauth.Store // the real one
	lost := oauthtest.Faulty(store, func(method string, at oauthtest.Point) error {
		if method == "RotateRefresh" && at == oauthtest.After {
			return fmt.Errorf("the answer is lost: %w", prism.ErrUnavailable)
		}
		return nil
	})
	_ = lost // give it to oauth.Config.Store
}

func TestFaultyKeepsTheContractWhenNothingFails(t *testing.T) {
	oauthtest.TestStore(t, func(t *testing.T) oauth.Store {
		return oauthtest.Faulty(open(t), func(string, oauthtest.Point) error { return nil })
	})
}

func TestFaultyFailsBeforeAndAfter(t *testing.T) {
	down := fmt.Errorf("down: %w", prism.ErrUnavailable)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	calls := map[string]func(s oauth.Store) error{
		"SaveCode":    func(s oauth.Store) error { return s.SaveCode(t.Context(), oauth.Code{Digest: oauth.DigestOf("new")}) },
		"FindCode":    func(s oauth.Store) error { _, err := s.FindCode(t.Context(), oauth.DigestOf("code")); return err },
		"RedeemCode":  func(s oauth.Store) error { return s.RedeemCode(t.Context(), redemption(now)) },
		"FindAccess":  func(s oauth.Store) error { _, err := s.FindAccess(t.Context(), oauth.DigestOf("access")); return err },
		"FindRefresh": func(s oauth.Store) error { _, err := s.FindRefresh(t.Context(), oauth.DigestOf("refresh")); return err },
		"MarkUsed":    func(s oauth.Store) error { return s.MarkUsed(t.Context(), "family", 1) },
		"RotateRefresh": func(s oauth.Store) error {
			_, _, err := s.RotateRefresh(t.Context(), oauth.Rotation{Refresh: oauth.DigestOf("refresh"), Now: now})
			return err
		},
		"RevokeFamily": func(s oauth.Store) error { return s.RevokeFamily(t.Context(), "family", now) },
		"RevokeUser":   func(s oauth.Store) error { _, err := s.RevokeUser(t.Context(), "user", now); return err },
		"Families":     func(s oauth.Store) error { _, err := s.Families(t.Context(), "user", now); return err },
		"Sweep":        func(s oauth.Store) error { _, err := s.Sweep(t.Context(), now, 1); return err },
	}
	// Without a sign-in these find nothing, and report that and not our error.
	needTokens := map[string]bool{"FindCode": true, "RedeemCode": true, "FindAccess": true, "FindRefresh": true, "RotateRefresh": true}
	for method, call := range calls {
		for _, at := range []oauthtest.Point{oauthtest.Before, oauthtest.After} {
			store := oauthtest.Faulty(open(t), func(m string, p oauthtest.Point) error {
				if m == method && p == at {
					return down
				}
				return nil
			})
			want := prism.ErrUnavailable
			if at == oauthtest.After && needTokens[method] {
				want = prism.ErrNotFound
			}
			if err := call(store); !errors.Is(err, want) {
				t.Errorf("%s failing %v the call: got error %v, want %v", method, at, err, want)
			}
		}
	}
}

func TestFaultyTellsWhatWasDone(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for at, stored := range map[oauthtest.Point]bool{oauthtest.Before: false, oauthtest.After: true} {
		inner := open(t)
		if err := inner.SaveCode(t.Context(), oauth.Code{Digest: oauth.DigestOf("code"), FamilyID: "family", ClientID: "client", UserID: "user", ExpiresAt: now.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		store := oauthtest.Faulty(inner, func(m string, p oauthtest.Point) error {
			if m == "RedeemCode" && p == at {
				return prism.ErrUnavailable
			}
			return nil
		})
		if err := store.RedeemCode(t.Context(), redemption(now)); !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("failing %v the call: got error %v", at, err)
		}
		if _, err := inner.FindAccess(t.Context(), oauth.DigestOf("access")); (err == nil) != stored {
			t.Errorf("failing %v the call: the pair is stored: %v, want %v", at, err == nil, stored)
		}
	}
}

func redemption(now time.Time) oauth.Redemption {
	return oauth.Redemption{
		Code: oauth.DigestOf("code"), ClientID: "client", Now: now,
		Family: oauth.Family{ID: "family", ClientID: "client", UserID: "user", CreatedAt: now, ExpiresAt: now.Add(time.Hour), Generation: 1, RotatedAt: now, Pairs: 1},
		Pair: oauth.Pair{
			Access: oauth.DigestOf("access"), AccessExpiresAt: now.Add(time.Hour),
			Refresh: oauth.DigestOf("refresh"), RefreshExpiresAt: now.Add(time.Hour),
		},
	}
}
