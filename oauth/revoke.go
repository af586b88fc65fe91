package oauth

import (
	"context"
	"fmt"

	"github.com/b2bprism/b2bprism/prism"
)

// RevokeUser ends all sign-ins of a user at once, with all their tokens, with
// codes that were not redeemed yet and with open consent pages, and returns how
// many sign-ins it ended. Call it when the user changes the password, is blocked or is deleted;
// when blocking, after the user became Disabled, so that no new one begins.
// Their access tokens end with this call at this Server, and at another one on
// the same Store within its Config.VerifyCacheTTL.
func (s *Server) RevokeUser(ctx context.Context, userID string) (int, error) {
	if userID == "" {
		return 0, fmt.Errorf("oauth: revoke the user's sign-ins: %w", prism.InvalidField("userID", "is empty"))
	}
	// Also when the store failed: it may have revoked some.
	defer s.verified.revoked(userID)
	n, err := s.cfg.Store.RevokeUser(ctx, userID, s.now())
	if err != nil {
		return 0, fmt.Errorf("oauth: revoke the user's sign-ins: %w", err)
	}
	return n, nil
}

// RevokeFamily ends one sign-in and all its tokens. Ending one that is over,
// or that there never was, is no error. Its access tokens end as at RevokeUser.
func (s *Server) RevokeFamily(ctx context.Context, familyID string) error {
	defer s.verified.revoked(familyID)
	if err := s.cfg.Store.RevokeFamily(ctx, familyID, s.now()); err != nil {
		return fmt.Errorf("oauth: revoke the sign-in: %w", err)
	}
	return nil
}

// Families returns the user's sign-ins that are alive, newest first, for a page
// that lists them.
func (s *Server) Families(ctx context.Context, userID string) ([]Family, error) {
	families, err := s.cfg.Store.Families(ctx, userID, s.now())
	if err != nil {
		return nil, fmt.Errorf("oauth: list the user's sign-ins: %w", err)
	}
	return families, nil
}
