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
// The first use of a generation's token is recorded, which ends the acceptance
// of the refresh token before it; see Family.Rotate.
func (s *Server) Verify(ctx context.Context, accessToken string) (prism.Principal, error) {
	token, err := s.findAccess(ctx, accessToken)
	if err != nil {
		return prism.Principal{}, err
	}
	return prism.Principal{
		UserID:   token.Family.UserID,
		ClientID: token.Family.ClientID,
		Scope:    token.Family.Scope,
	}, nil
}

// findAccess returns an access token that is good now.
func (s *Server) findAccess(ctx context.Context, accessToken string) (Token, error) {
	if !wellFormedToken(accessToken) {
		return Token{}, errAccessUnknown
	}
	token, err := s.cfg.Store.FindAccess(ctx, DigestOf(accessToken))
	if errors.Is(err, prism.ErrNotFound) {
		return Token{}, errAccessUnknown
	}
	if err != nil {
		return Token{}, fmt.Errorf("oauth: find the access token: %w", err)
	}
	if err := s.useAccess(ctx, token); err != nil {
		return Token{}, err
	}
	return token, nil
}

// useAccess records the use of an access token that was found, unless it is
// not good now.
func (s *Server) useAccess(ctx context.Context, token Token) error {
	now := s.cfg.Now()
	if !token.Family.Alive(now) {
		return errAccessRevoked
	}
	if !now.Before(token.ExpiresAt) {
		return errAccessExpired
	}
	if token.Generation == token.Family.Generation && !token.Family.Used {
		s.markUsed(ctx, token)
	}
	return nil
}

// markUsed records the use of a token of the current generation. The token is
// good even if that fails; the next use tries again.
func (s *Server) markUsed(ctx context.Context, token Token) {
	if err := s.cfg.Store.MarkUsed(ctx, token.Family.ID, token.Generation); err != nil {
		s.log.Warn("recording the first use of an access token failed",
			zap.String("request_id", prism.RequestID(ctx)),
			zap.String("family_id", token.Family.ID),
			zap.Error(err))
	}
}
