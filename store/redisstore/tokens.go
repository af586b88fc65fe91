package redisstore

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/oauth"
)

// newToken is a token to store, as the scripts want it.
type newToken struct {
	entry   string
	expires time.Time
	ttl     int64
}

type newPair struct{ access, refresh newToken }

func (s *Store) pairOf(p oauth.Pair, now time.Time) newPair {
	return newPair{
		newToken{kindAccess + digestText(p.Access), p.AccessExpiresAt, s.ttl(p.AccessExpiresAt, now)},
		newToken{kindRefresh + digestText(p.Refresh), p.RefreshExpiresAt, s.ttl(p.RefreshExpiresAt, now)},
	}
}

func (p newPair) args() []any {
	return []any{
		timeText(p.access.expires), p.access.ttl, p.access.entry,
		timeText(p.refresh.expires), p.refresh.ttl, p.refresh.entry,
	}
}

// ttl is that of the pair's family: it matters as long as a token of it is
// there.
func (p newPair) ttl() int64 { return max(p.access.ttl, p.refresh.ttl) }

// FindAccess implements oauth.Store.
func (s *Store) FindAccess(ctx context.Context, access oauth.Digest) (oauth.Token, error) {
	return s.find(ctx, s.key(kindAccess, digestText(access)))
}

// FindRefresh implements oauth.Store.
func (s *Store) FindRefresh(ctx context.Context, refresh oauth.Digest) (oauth.Token, error) {
	return s.find(ctx, s.key(kindRefresh, digestText(refresh)))
}

func (s *Store) find(ctx context.Context, key string) (oauth.Token, error) {
	reply, err := s.run(ctx, findScript, []string{key}, s.prefix)
	if errors.Is(err, redis.Nil) {
		return oauth.Token{}, notFound("token")
	}
	if err != nil {
		return oauth.Token{}, err
	}
	parts, ok := reply.([]any)
	if !ok || len(parts) != 4 {
		return oauth.Token{}, unreadable("token")
	}
	token := fieldsOf([]any{"generation", parts[1], "expires", parts[2]})
	found := oauth.Token{Generation: int(token.number("generation")), ExpiresAt: token.time("expires")}
	id, ok := parts[0].(string)
	if token.bad || !ok {
		return oauth.Token{}, unreadable("token")
	}
	found.Family, err = readFamily(id, fieldsOf(parts[3]))
	return found, err
}

// MarkUsed implements oauth.Store.
func (s *Store) MarkUsed(ctx context.Context, familyID string, generation int) error {
	_, err := s.run(ctx, markUsedScript, []string{s.key(kindFamily, familyID)}, s.prefix, strconv.Itoa(generation))
	return err
}

// RotateRefresh implements oauth.Store. Family.Rotate stands in
// scripts/rotate.lua once more, as the decision must be made where the family
// is; a test holds the two together.
func (s *Store) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	pair := s.pairOf(r.Pair, r.Now)
	args := append([]any{
		s.prefix, newAttempt(), timeText(r.Now), r.ClientID, r.Grace.Microseconds(), oauth.MaxPairs,
	}, pair.args()...)
	reply, err := s.run(ctx, rotateScript, []string{
		s.key(kindRefresh, digestText(r.Refresh)), s.prefix + pair.access.entry, s.prefix + pair.refresh.entry, s.expiryKey(),
	}, append(args, pair.ttl())...)
	if errors.Is(err, redis.Nil) {
		return oauth.OutcomeRefused, oauth.Family{}, notFound("refresh token")
	}
	if err != nil {
		return oauth.OutcomeRefused, oauth.Family{}, err
	}
	parts, ok := reply.([]any)
	if !ok || len(parts) != 3 {
		return oauth.OutcomeRefused, oauth.Family{}, unreadable("outcome")
	}
	id, isText := parts[0].(string)
	name, _ := parts[1].(string)
	outcome, known := outcomes[name]
	if !isText || !known {
		return oauth.OutcomeRefused, oauth.Family{}, unreadable("outcome")
	}
	family, err := readFamily(id, fieldsOf(parts[2]))
	if err != nil {
		return oauth.OutcomeRefused, oauth.Family{}, err
	}
	return outcome, family, nil
}

var outcomes = map[string]oauth.Outcome{
	"refused": oauth.OutcomeRefused,
	"rotated": oauth.OutcomeRotated,
	"sibling": oauth.OutcomeSibling,
	"reused":  oauth.OutcomeReused,
}
