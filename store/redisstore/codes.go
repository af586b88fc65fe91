package redisstore

import (
	"context"
	"fmt"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// SaveCode implements oauth.Store. It returns prism.ErrConflict for a digest
// that is there already.
func (s *Store) SaveCode(ctx context.Context, code oauth.Code) error {
	entry := kindCode + digestText(code.Digest)
	args := append([]any{
		s.prefix, newAttempt(), s.ttl(code.ExpiresAt, s.now()), entry, timeText(code.ExpiresAt),
	}, codeFields(code)...)
	if !code.UsedAt.IsZero() {
		args = append(args, "used", timeText(code.UsedAt))
	}
	reply, err := s.run(ctx, saveCodeScript, []string{s.prefix + entry, s.key(kindUser, code.UserID), s.expiryKey()}, args...)
	if err != nil {
		return err
	}
	if reply != "saved" {
		return fmt.Errorf("redisstore: the code exists: %w", prism.ErrConflict)
	}
	return nil
}

// FindCode implements oauth.Store.
func (s *Store) FindCode(ctx context.Context, digest oauth.Digest) (oauth.Code, error) {
	values, err := call(ctx, func(ctx context.Context) (map[string]string, error) {
		return s.client.HGetAll(ctx, s.key(kindCode, digestText(digest))).Result()
	})
	if err != nil {
		return oauth.Code{}, err
	}
	if len(values) == 0 {
		return oauth.Code{}, notFound("code")
	}
	return readCode(digest, fields{values: values})
}

// RedeemCode implements oauth.Store. It returns prism.ErrInvalid, and changes
// nothing, when the family is not the one that the code names.
func (s *Store) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	pair := s.pairOf(r.Pair, r.Now)
	family := kindFamily + r.Family.ID
	args := append([]any{s.prefix, newAttempt(), timeText(r.Now), r.ClientID, r.Family.ID}, pair.args()...)
	args = append(args, pair.ttl(), timeText(r.Family.ExpiresAt), family)
	reply, err := s.run(ctx, redeemScript, []string{
		s.key(kindCode, digestText(r.Code)), s.prefix + family, s.key(kindUser, r.Family.UserID),
		s.prefix + pair.access.entry, s.prefix + pair.refresh.entry, s.expiryKey(),
	}, append(args, familyFields(r.Family)...)...)
	if err != nil {
		return err
	}
	switch reply {
	case "redeemed":
		return nil
	case "used":
		return errCodeUsed
	case "mismatch":
		return prism.InvalidField("Redemption.Family.ID", "is not the code's FamilyID")
	default:
		return notFound("code")
	}
}
