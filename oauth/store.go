package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"
)

// Digest is the SHA-256 of a code or token. Stores see digests only.
type Digest [sha256.Size]byte

// DigestOf returns the digest of a code or token.
func DigestOf(token string) Digest {
	// Our own codes and tokens fit, so that verifying one allocates nothing.
	var buf [2 * tokenLength]byte
	if len(token) > len(buf) {
		return sha256.Sum256([]byte(token))
	}
	return sha256.Sum256(buf[:copy(buf[:], token)])
}

// ErrCodeUsed is returned by Store.RedeemCode for a code that was redeemed
// before. The code's family is revoked by then.
var ErrCodeUsed = errors.New("oauth: the code was redeemed before")

// Code is an authorization code (RFC 6749 section 1.3.1).
type Code struct {
	Digest Digest
	// FamilyID is the id of the family that redeeming the code will found.
	FamilyID string
	// ClientID is "" for the ticket of an open consent page, which no client
	// can redeem.
	ClientID string
	UserID   string
	Scope    string
	// RedirectURI is what the authorization request named, or "" if it named
	// none.
	RedirectURI string
	// Challenge is the PKCE S256 challenge (RFC 7636), or "".
	Challenge string
	ExpiresAt time.Time
	// UsedAt is when the code was redeemed; zero before that.
	UsedAt time.Time
}

// Family is one sign-in: all tokens that descend from one code. Its tokens
// come in generations, each begun by a refresh.
type Family struct {
	ID       string
	ClientID string
	UserID   string
	Scope    string
	// CreatedAt is when the code was redeemed. No token of the family works
	// at or after ExpiresAt.
	CreatedAt, ExpiresAt time.Time
	// Generation is the current one; the first is 1. RotatedAt is when it
	// began, Pairs how many pairs it has so far.
	Generation int
	RotatedAt  time.Time
	Pairs      int
	// Used tells that a token of the current generation was used.
	Used bool
	// RevokedAt is when the family was revoked; zero while it is alive.
	RevokedAt time.Time
}

// Alive reports whether the family's tokens can work at the given time.
func (f Family) Alive(now time.Time) bool {
	return f.RevokedAt.IsZero() && now.Before(f.ExpiresAt)
}

// Pair is an access token and a refresh token that are issued together.
type Pair struct {
	Access           Digest
	AccessExpiresAt  time.Time
	Refresh          Digest
	RefreshExpiresAt time.Time
}

// Token is an access or refresh token as it is found in a Store, with the
// family as it was at that moment.
type Token struct {
	// Generation is the family's generation that the token belongs to.
	Generation int
	ExpiresAt  time.Time
	Family     Family
}

// Redemption is the use of a code for its first pair.
type Redemption struct {
	Code Digest
	// ClientID must be the code's.
	ClientID string
	// Family is stored as it is: generation 1, with one pair.
	Family Family
	Pair   Pair
	Now    time.Time
}

// Rotation is the use of a refresh token for a new pair.
type Rotation struct {
	Refresh Digest
	// ClientID must be the family's.
	ClientID string
	Pair     Pair
	Now      time.Time
	// Grace is how long the generation before the current one is accepted
	// after a rotation.
	Grace time.Duration
}

// Store keeps codes, families and tokens. It must be safe for concurrent use,
// also by several processes, and honour ctx. Every method is atomic: it takes
// effect as a whole or, when it returns an error other than ErrCodeUsed, not
// at all. When the store cannot tell or cannot save, it returns an error that
// wraps prism.ErrUnavailable or ctx.Err(); it never reports success for
// something it did not save.
//
// Ids of users, clients and families are compared byte for byte: case, accents
// and blanks at the end count, which default collations of databases ignore.
//
// Times are the caller's: a store compares with the Now it is given and never
// with its own clock. It keeps at least microseconds.
//
// Package oauthtest has the kit that proves an implementation.
type Store interface {
	// SaveCode stores a new code.
	SaveCode(ctx context.Context, code Code) error

	// FindCode returns a code, used and expired ones included, or
	// prism.ErrNotFound.
	FindCode(ctx context.Context, code Digest) (Code, error)

	// RedeemCode marks the code as used and stores the family and its first
	// pair. It returns prism.ErrNotFound, and changes nothing, when there is
	// no such code, when it belongs to another client, or when it has
	// expired (at or after ExpiresAt), used or not. For another code that was
	// used before it
	// revokes the code's family, also one whose redemption is being stored
	// just now, and returns ErrCodeUsed. Exactly one of any number of
	// parallel calls succeeds.
	RedeemCode(ctx context.Context, r Redemption) error

	// FindAccess and FindRefresh return the token with this digest, also
	// when it has expired or its family was revoked, or prism.ErrNotFound.
	// Neither finds the other kind.
	FindAccess(ctx context.Context, access Digest) (Token, error)
	FindRefresh(ctx context.Context, refresh Digest) (Token, error)

	// MarkUsed sets Family.Used if generation is still the family's current
	// one. Otherwise, and for an unknown family, it does nothing.
	MarkUsed(ctx context.Context, familyID string, generation int) error

	// RotateRefresh finds the refresh token and its family, asks
	// Family.Rotate, and stores what that decided:
	//   - OutcomeRotated: the family that Rotate returned, and the pair in
	//     its new current generation;
	//   - OutcomeSibling: the family that Rotate returned, and the pair in
	//     the same current generation;
	//   - OutcomeRefused: nothing;
	//   - OutcomeReused: the family with RevokedAt set, no pair.
	// It returns the outcome and the family as stored. It returns
	// prism.ErrNotFound, and changes nothing, when there is no such refresh
	// token, when its family is another client's, or when the token has
	// expired or its family is not alive at Now.
	RotateRefresh(ctx context.Context, r Rotation) (Outcome, Family, error)

	// RevokeFamily sets RevokedAt of a family that has none. An unknown
	// family is no error.
	RevokeFamily(ctx context.Context, familyID string, now time.Time) error

	// RevokeUser revokes all families of a user that are not revoked, deletes
	// the user's unused codes, and returns how many families it revoked.
	RevokeUser(ctx context.Context, userID string, now time.Time) (int, error)

	// Families returns the user's families that are alive, newest first.
	Families(ctx context.Context, userID string, now time.Time) ([]Family, error)

	// Sweep deletes up to limit records that cannot matter any more: codes
	// that expired before the given time, tokens likewise, and families that
	// have no token left. It returns how many it deleted.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
