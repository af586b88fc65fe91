package sqlstore

import (
	"context"

	"github.com/b2bprism/b2bprism/oauth"
)

// The kinds of prism_oauth_token.
const (
	kindAccess  = "access"
	kindRefresh = "refresh"
)

// findToken finds a token of one kind together with its family.
const findToken = `
	SELECT t.generation, t.expires_at,` + familyColumns + `
	FROM prism_oauth_token t
	JOIN prism_oauth_family f ON f.id = t.family_id
	WHERE t.digest = ? AND t.kind = ?`

// tokenRow is a row of findToken.
type tokenRow struct {
	generation int
	expiresAt  int64
	family     familyRow
}

func (r *tokenRow) dest() []any {
	return append([]any{&r.generation, &r.expiresAt}, r.family.dest()...)
}

func (r *tokenRow) view() oauth.Token {
	return oauth.Token{Generation: r.generation, ExpiresAt: fromMicros(r.expiresAt), Family: r.family.view()}
}

// FindAccess implements oauth.Store.
func (s *Store) FindAccess(ctx context.Context, access oauth.Digest) (oauth.Token, error) {
	return s.readToken(ctx, access, kindAccess)
}

// FindRefresh implements oauth.Store.
func (s *Store) FindRefresh(ctx context.Context, refresh oauth.Digest) (oauth.Token, error) {
	return s.readToken(ctx, refresh, kindRefresh)
}

func (s *Store) readToken(ctx context.Context, digest oauth.Digest, kind string) (oauth.Token, error) {
	var r tokenRow
	if err := s.readOne(ctx, "token", findToken, []any{digest[:], kind}, r.dest()...); err != nil {
		return oauth.Token{}, err
	}
	return r.view(), nil
}

// insertPair writes a pair in the family's current generation.
func (t transaction) insertPair(f oauth.Family, p oauth.Pair) error {
	const insert = `
		INSERT INTO prism_oauth_token (digest, kind, family_id, generation, expires_at) VALUES (?, ?, ?, ?, ?)`
	_, err := t.exec(insert, p.Access[:], kindAccess, f.ID, f.Generation, micros(p.AccessExpiresAt))
	if err == nil {
		_, err = t.exec(insert, p.Refresh[:], kindRefresh, f.ID, f.Generation, micros(p.RefreshExpiresAt))
	}
	if err == nil {
		_, err = t.exec(`UPDATE prism_oauth_family SET tokens = tokens + 2 WHERE id = ?`, f.ID)
	}
	return err
}

// RotateRefresh implements oauth.Store.
func (s *Store) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	outcome, family := oauth.OutcomeRefused, oauth.Family{}
	now := fromMicros(micros(r.Now)) // what comes back is what is stored
	err := s.write(ctx, func(t transaction) error {
		outcome, family = oauth.OutcomeRefused, oauth.Family{}
		var row tokenRow
		err := t.one("refresh token", findToken+t.engine.forUpdate, []any{r.Refresh[:], kindRefresh}, row.dest()...)
		if err != nil {
			return err
		}
		token := row.view()
		family = token.Family
		if family.ClientID != r.ClientID || !now.Before(token.ExpiresAt) || !family.Alive(now) {
			return notFound("refresh token")
		}
		var next oauth.Family
		outcome, next = family.Rotate(token.Generation, now, r.Grace)
		if outcome == oauth.OutcomeRefused {
			return nil
		}
		if err := t.updateFamily(next); err != nil {
			return err
		}
		family = next
		if outcome == oauth.OutcomeReused {
			return nil
		}
		return t.insertPair(family, r.Pair)
	})
	if err != nil {
		return oauth.OutcomeRefused, oauth.Family{}, err
	}
	return outcome, family, nil
}
