package oauth

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// Errors of Verify. They are made once: refusing a token costs no allocation.
var (
	errAccessUnknown = fmt.Errorf("oauth: the access token is unknown: %w", prism.ErrUnauthorized)
	errAccessExpired = fmt.Errorf("oauth: the access token has expired: %w", prism.ErrUnauthorized)
	errAccessRevoked = fmt.Errorf("oauth: the access token's sign-in is over or was revoked: %w", prism.ErrUnauthorized)
)

// Verify returns whom the access token speaks for. It returns an error that
// wraps prism.ErrUnauthorized for a token that is unknown, has expired, or
// whose sign-in is over or was revoked, and the Store's error when that could
// not tell. It does not ask for the user: Server.RevokeUser ends the tokens of
// one who is blocked or deleted.
//
// A token that was found good is not looked up again for Config.VerifyCacheTTL,
// unless this Server revoked its sign-in meanwhile.
//
// The scope is the caller's to look at, and package prism does not: to it a
// token of any client is good for the whole resource API.
//
// The first use of a generation's token is recorded, which ends the acceptance
// of the refresh token before it; see Family.Rotate.
func (s *Server) Verify(ctx context.Context, accessToken string) (prism.Principal, error) {
	good, err := s.findAccess(ctx, accessToken)
	if err != nil {
		return prism.Principal{}, err
	}
	return good.principal, nil
}

// findAccess returns an access token that is good now. What it remembers of it
// are only answers that ask for nothing more: the use is recorded.
func (s *Server) findAccess(ctx context.Context, accessToken string) (goodAccess, error) {
	if !wellFormedToken(accessToken) {
		return goodAccess{}, errAccessUnknown
	}
	digest := DigestOf(accessToken)
	now := s.cfg.Now()
	if good, ok := s.verified.find(&digest, now); ok {
		return good, nil
	}
	before := s.verified.reading(now)
	token, err := s.cfg.Store.FindAccess(ctx, digest)
	if errors.Is(err, prism.ErrNotFound) {
		return goodAccess{}, errAccessUnknown
	}
	if err != nil {
		return goodAccess{}, fmt.Errorf("oauth: find the access token: %w", err)
	}
	recorded, err := s.useAccess(ctx, token)
	if err != nil {
		return goodAccess{}, err
	}
	good := goodAccess{
		principal: prism.Principal{
			UserID:   token.Family.UserID,
			ClientID: token.Family.ClientID,
			Scope:    token.Family.Scope,
		},
		expiresAt: earlier(token.ExpiresAt, token.Family.ExpiresAt),
	}
	if recorded {
		s.verified.keep(&digest, good, token.Family.ID, before)
	}
	return good, nil
}

// useAccess records the use of an access token that was found, unless it is
// not good now. recorded is false when the next use must try again.
func (s *Server) useAccess(ctx context.Context, token Token) (recorded bool, err error) {
	now := s.cfg.Now()
	if !token.Family.Alive(now) {
		return false, errAccessRevoked
	}
	if !now.Before(token.ExpiresAt) {
		return false, errAccessExpired
	}
	if token.Generation == token.Family.Generation && !token.Family.Used {
		return s.markUsed(ctx, token), nil
	}
	return token.Generation <= token.Family.Generation, nil
}

// markUsed records the use of a token of the current generation. The token is
// good even if that fails; the next use tries again.
func (s *Server) markUsed(ctx context.Context, token Token) bool {
	err := s.cfg.Store.MarkUsed(ctx, token.Family.ID, token.Generation)
	if err != nil {
		s.log.Warn("recording the first use of an access token failed",
			zap.String("request_id", prism.RequestID(ctx)),
			zap.String("family_id", token.Family.ID),
			zap.Error(err))
	}
	return err == nil
}
