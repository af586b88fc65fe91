package redisstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// RevokeFamily implements oauth.Store.
func (s *Store) RevokeFamily(ctx context.Context, familyID string, now time.Time) error {
	_, err := s.run(ctx, revokeFamilyScript, []string{s.key(kindFamily, familyID)}, s.prefix, newAttempt(), timeText(now), familyID)
	return err
}

// RevokeUser implements oauth.Store. Families that have expired and were never
// revoked are revoked and counted as well.
func (s *Store) RevokeUser(ctx context.Context, userID string, now time.Time) (int, error) {
	reply, err := s.run(ctx, revokeUserScript, []string{s.key(kindUser, userID), s.expiryKey()}, s.prefix, newAttempt(), timeText(now))
	if err != nil {
		return 0, err
	}
	n, ok := reply.(int64)
	if !ok {
		return 0, unreadable("number of families")
	}
	return int(n), nil
}

// Families implements oauth.Store.
func (s *Store) Families(ctx context.Context, userID string, now time.Time) ([]oauth.Family, error) {
	reply, err := s.run(ctx, familiesScript, []string{s.key(kindUser, userID)}, s.prefix)
	if err != nil {
		return nil, err
	}
	list, ok := reply.([]any)
	if !ok {
		return nil, unreadable("list of families")
	}
	families := make([]oauth.Family, 0, len(list))
	for _, item := range list {
		parts, ok := item.([]any)
		if !ok || len(parts) != 2 {
			return nil, unreadable("list of families")
		}
		id, ok := parts[0].(string)
		if !ok {
			return nil, unreadable("list of families")
		}
		family, err := readFamily(id, fieldsOf(parts[1]))
		if err != nil {
			return nil, err
		}
		if family.Alive(now) {
			families = append(families, family)
		}
	}
	slices.SortFunc(families, func(a, b oauth.Family) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return families, nil
}
