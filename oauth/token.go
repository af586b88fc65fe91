package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// Grant types.
const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
)

// codeGrant is a request to redeem a code, whatever dialect it came in.
type codeGrant struct {
	code string
	// redirectURI is compared with that of the authorization request. "" means
	// that the token request named none, which RFC 6749 section 4.1.3 forbids
	// when the authorization request did, and which strictURI refuses then.
	redirectURI string
	strictURI   bool
	verifier    string
}

// refreshGrant is a request to refresh, whatever dialect it came in.
type refreshGrant struct {
	token string
	// scope is what the client wants to keep; "" is all. The new pair always
	// has the scope that was granted.
	scope string
}

// issued is a pair that was saved, in clear, and what it is for.
type issued struct {
	access, refresh string
	pair            Pair
	family          Family
	at              time.Time
}

// expiresIn is the life of the access token in whole seconds.
func (i issued) expiresIn() int64 { return int64(i.pair.AccessExpiresAt.Sub(i.at) / time.Second) }

// mint makes a pair that does not outlive the family.
func (s *Server) mint(family Family, now time.Time) issued {
	i := issued{family: family, at: now}
	i.access, i.refresh = newTokens()
	i.pair = Pair{
		Access:           DigestOf(i.access),
		AccessExpiresAt:  earlier(now.Add(s.cfg.AccessTTL), family.ExpiresAt),
		Refresh:          DigestOf(i.refresh),
		RefreshExpiresAt: earlier(now.Add(s.cfg.RefreshIdleTTL), family.ExpiresAt),
	}
	return i
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// redeem answers an authorized client's code with its first pair. Everything is
// checked before the code is consumed, so that a call that must fail burns
// nothing, and the store checks once more in the operation that consumes it.
func (s *Server) redeem(ctx context.Context, client Client, g codeGrant) (issued, error) {
	if !wellFormedToken(g.code) {
		return issued{}, errCodeUnknown
	}
	digest := DigestOf(g.code)
	code, err := s.cfg.Store.FindCode(ctx, digest)
	if errors.Is(err, prism.ErrNotFound) {
		return issued{}, errCodeUnknown
	}
	if err != nil {
		return issued{}, fmt.Errorf("oauth: find the code: %w", err)
	}
	now := s.now()
	if err := s.checkCode(ctx, client, code, g, now); err != nil {
		return issued{}, err
	}
	pair := s.mint(Family{
		ID:         code.FamilyID,
		ClientID:   client.ID,
		UserID:     code.UserID,
		Scope:      code.Scope,
		CreatedAt:  now,
		ExpiresAt:  now.Add(s.cfg.RefreshTotalTTL),
		Generation: 1,
		RotatedAt:  now,
		Pairs:      1,
	}, now)
	err = s.cfg.Store.RedeemCode(ctx, Redemption{
		Code: digest, ClientID: client.ID, Family: pair.family, Pair: pair.pair, Now: now,
	})
	if err != nil {
		// The store may have revoked the family.
		s.verified.revoked(code.FamilyID)
	}
	switch {
	case errors.Is(err, ErrCodeUsed):
		s.reuseDetected(ctx, ReuseEvent{client.ID, code.UserID, code.FamilyID, "code"})
		return issued{}, errCodeReused
	case errors.Is(err, prism.ErrNotFound):
		return issued{}, errCodeUnknown
	case err != nil:
		return issued{}, fmt.Errorf("oauth: redeem the code: %w", err)
	}
	s.tokenIssued(ctx, pair.family, grantCode, false)
	return pair, nil
}

// checkCode checks a code that was found. A code that was used is a replay
// even when it has expired since: its family is revoked (RFC 6749 section
// 4.1.2).
func (s *Server) checkCode(ctx context.Context, client Client, code Code, g codeGrant, now time.Time) error {
	if code.ClientID != client.ID {
		return errForeign
	}
	if !code.UsedAt.IsZero() {
		if err := s.RevokeFamily(ctx, code.FamilyID); err != nil {
			return fmt.Errorf("oauth: replayed code: %w", err)
		}
		s.reuseDetected(ctx, ReuseEvent{client.ID, code.UserID, code.FamilyID, "code"})
		return errCodeReused
	}
	if !now.Before(code.ExpiresAt) {
		return errCodeExpired
	}
	if err := s.checkUser(ctx, code.UserID); err != nil {
		return err
	}
	if err := checkRedirect(client, code, g); err != nil {
		return err
	}
	return checkVerifier(client, code.Challenge, g.verifier)
}

// checkRedirect compares the redirect URI of a token request with that of the
// authorization request. If that named none, its answer went to the client's
// only one.
func checkRedirect(client Client, code Code, g codeGrant) error {
	switch {
	case g.redirectURI == "" && g.strictURI && code.RedirectURI != "":
		return errRedirectMissing
	case g.redirectURI == "", g.redirectURI == code.RedirectURI:
		return nil
	case code.RedirectURI == "" && len(client.RedirectURIs) == 1 && g.redirectURI == client.RedirectURIs[0]:
		return nil
	}
	return errRedirect
}

// refresh answers an authorized client's refresh token with a new pair, as
// Family.Rotate decides.
func (s *Server) refresh(ctx context.Context, client Client, g refreshGrant) (issued, error) {
	if !wellFormedToken(g.token) {
		return issued{}, errRefreshUnknown
	}
	digest := DigestOf(g.token)
	token, err := s.cfg.Store.FindRefresh(ctx, digest)
	if errors.Is(err, prism.ErrNotFound) {
		return issued{}, errRefreshUnknown
	}
	if err != nil {
		return issued{}, fmt.Errorf("oauth: find the refresh token: %w", err)
	}
	now := s.now()
	if err := s.checkRefresh(ctx, client, token, g, now); err != nil {
		return issued{}, err
	}
	pair := s.mint(token.Family, now)
	outcome, family, err := s.cfg.Store.RotateRefresh(ctx, Rotation{
		Refresh: digest, ClientID: client.ID, Pair: pair.pair, Now: now, Grace: s.cfg.RefreshGrace,
	})
	if err != nil || outcome == OutcomeReused {
		// Also when the store failed: it may have revoked the family.
		s.verified.revoked(token.Family.ID)
	}
	if errors.Is(err, prism.ErrNotFound) {
		return issued{}, errRefreshUnknown
	}
	if err != nil {
		return issued{}, fmt.Errorf("oauth: rotate the refresh token: %w", err)
	}
	switch outcome {
	case OutcomeRotated, OutcomeSibling:
		pair.family = family
		s.tokenIssued(ctx, family, grantRefresh, outcome == OutcomeSibling)
		return pair, nil
	case OutcomeReused:
		s.reuseDetected(ctx, ReuseEvent{client.ID, family.UserID, family.ID, "refresh_token"})
		return issued{}, errRefreshReused
	case OutcomeRefused:
		return issued{}, errRefreshOld
	}
	return issued{}, fmt.Errorf("oauth: rotate the refresh token: the store returned the outcome %d", outcome)
}

func (s *Server) checkRefresh(ctx context.Context, client Client, token Token, g refreshGrant, now time.Time) error {
	switch {
	case token.Family.ClientID != client.ID:
		return errForeign
	case !token.Family.Alive(now):
		return errRefreshRevoked
	case !now.Before(token.ExpiresAt):
		return errRefreshExpired
	}
	if err := s.checkUser(ctx, token.Family.UserID); err != nil {
		return err
	}
	if !withinScope(g.scope, token.Family.Scope) {
		return errScopeWider
	}
	return nil
}

func (s *Server) checkUser(ctx context.Context, userID string) error {
	ok, err := s.userMayHaveTokens(ctx, userID)
	if err != nil {
		return err
	}
	if !ok {
		return errUserGone
	}
	return nil
}
