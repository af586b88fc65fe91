package memory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func TestSaveCodeRefusesADigestTwice(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	code := oauth.Code{Digest: oauth.DigestOf("code"), ClientID: "client", UserID: "minji"}
	if err := s.SaveCode(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveCode(t.Context(), code); !errors.Is(err, prism.ErrConflict) {
		t.Errorf("got error %v, want ErrConflict", err)
	}
}

func TestRedeemCodeRefusesAnotherFamily(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	ctx, now := t.Context(), time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	code := oauth.Code{Digest: oauth.DigestOf("code"), FamilyID: "family", ClientID: "client", UserID: "minji", ExpiresAt: now.Add(time.Minute)}
	if err := s.SaveCode(ctx, code); err != nil {
		t.Fatal(err)
	}
	err := s.RedeemCode(ctx, oauth.Redemption{Code: code.Digest, ClientID: "client", Family: oauth.Family{ID: "another"}, Now: now})
	if !errors.Is(err, prism.ErrInvalid) {
		t.Errorf("got error %v, want ErrInvalid", err)
	}
	if got, err := s.FindCode(ctx, code.Digest); err != nil || !got.UsedAt.IsZero() {
		t.Errorf("the refused redemption used the code: %+v, %v", got, err)
	}
}

func TestSweepDoesNotCountCodesThatAreGone(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	ctx, now := t.Context(), time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, user := range []string{"minji", "juno"} {
		if err := s.SaveCode(ctx, oauth.Code{Digest: oauth.DigestOf(user), UserID: user, ExpiresAt: now}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.RevokeUser(ctx, "minji", now); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Sweep(ctx, now.Add(time.Second), 10); err != nil || n != 1 {
		t.Errorf("Sweep deleted %d (%v), want 1: RevokeUser deleted the other code", n, err)
	}
}
