package idp

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/b2bprism/b2bprism/prism"
)

// Verify returns whom the access token speaks for. It returns an error that
// wraps prism.ErrUnauthorized for a token that is not good or whose person the
// host does not know, prism.ErrTimeout when the upstream is slow, and
// prism.ErrUnavailable when it cannot tell for another reason: an upstream
// that is down never signs a streamer out.
//
// A good token is remembered for Config.VerifyTTL, and requests with the same
// token at the same time share one call.
func (b *Bridge) Verify(ctx context.Context, accessToken string) (prism.Principal, error) {
	if !wellFormedToken(accessToken) {
		return prism.Principal{}, refuseToken("is malformed")
	}
	key := sha256.Sum256([]byte(accessToken))
	if principal, ok := b.verified.get(key, b.cfg.Now()); ok {
		return principal, nil
	}
	return b.verifying.do(ctx, key, func(ctx context.Context) (prism.Principal, error) {
		// A call that ended in between has left its answer.
		if principal, ok := b.verified.get(key, b.cfg.Now()); ok {
			return principal, nil
		}
		claims, err := b.verifier.verify(ctx, accessToken)
		if err != nil {
			return prism.Principal{}, err
		}
		principal, err := b.principal(ctx, claims)
		if err != nil {
			return prism.Principal{}, err
		}
		now := b.cfg.Now()
		until := now.Add(b.cfg.VerifyTTL)
		if !claims.ExpiresAt.IsZero() && claims.ExpiresAt.Before(until) {
			until = claims.ExpiresAt
		}
		b.verified.put(key, principal, until, now)
		return principal, nil
	})
}

// principal asks the host whom the claims mean.
func (b *Bridge) principal(ctx context.Context, claims Claims) (prism.Principal, error) {
	p := prism.Principal{UserID: claims.Subject, ClientID: claims.ClientID, Scope: claims.Scope}
	if id, ok := b.clients.prismID[claims.ClientID]; ok {
		p.ClientID = id
	}
	if b.cfg.UserID == nil {
		return p, nil
	}
	userID, err := b.cfg.UserID(ctx, claims)
	switch {
	case errors.Is(err, prism.ErrNotFound):
		// Not wrapped: a 404 would tell of the live that was asked for.
		return prism.Principal{}, fmt.Errorf("idp: Config.UserID: %v: %w", err, prism.ErrUnauthorized) //nolint:errorlint // see above
	case err != nil:
		return prism.Principal{}, fmt.Errorf("idp: Config.UserID: %w", err)
	case userID == "":
		return prism.Principal{}, errors.New("idp: Config.UserID returned no user id")
	}
	p.UserID = userID
	return p, nil
}
