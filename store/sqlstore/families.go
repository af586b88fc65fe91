package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

const familyColumns = `
	f.id, f.client_id, f.user_id, f.scope, f.created_at, f.expires_at,
	f.generation, f.rotated_at, f.pairs, f.used, f.revoked_at`

const (
	revokeFamily = `UPDATE prism_oauth_family SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL`
	revokeUser   = `UPDATE prism_oauth_family SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL`
	markUsed     = `UPDATE prism_oauth_family SET used = 1 WHERE id = ? AND generation = ? AND used = 0`
	listFamilies = `SELECT` + familyColumns + `
		FROM prism_oauth_family f
		WHERE f.user_id = ? AND f.revoked_at IS NULL AND f.expires_at > ?
		ORDER BY f.created_at DESC, f.id`
)

// familyRow is a row of familyColumns.
type familyRow struct {
	family                          oauth.Family
	createdAt, expiresAt, rotatedAt int64
	revokedAt                       sql.Null[int64]
}

func (r *familyRow) dest() []any {
	f := &r.family
	return []any{
		&f.ID, &f.ClientID, &f.UserID, &f.Scope, &r.createdAt, &r.expiresAt,
		&f.Generation, &r.rotatedAt, &f.Pairs, &f.Used, &r.revokedAt,
	}
}

func (r *familyRow) view() oauth.Family {
	f := r.family
	f.CreatedAt, f.ExpiresAt = fromMicros(r.createdAt), fromMicros(r.expiresAt)
	f.RotatedAt, f.RevokedAt = fromMicros(r.rotatedAt), fromMicrosOrNull(r.revokedAt)
	return f
}

// insertFamily writes a family that has no token yet.
func (t transaction) insertFamily(f oauth.Family) error {
	_, err := t.exec(`
		INSERT INTO prism_oauth_family (id, client_id, user_id, scope, created_at, expires_at,
			generation, rotated_at, pairs, used, revoked_at, tokens)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		f.ID, f.ClientID, f.UserID, f.Scope, micros(f.CreatedAt), micros(f.ExpiresAt),
		f.Generation, micros(f.RotatedAt), f.Pairs, bit(f.Used), microsOrNull(f.RevokedAt))
	return err
}

// updateFamily writes what a rotation changes.
func (t transaction) updateFamily(f oauth.Family) error {
	_, err := t.exec(`
		UPDATE prism_oauth_family
		SET generation = ?, rotated_at = ?, pairs = ?, used = ?, revoked_at = ?
		WHERE id = ?`,
		f.Generation, micros(f.RotatedAt), f.Pairs, bit(f.Used), microsOrNull(f.RevokedAt), f.ID)
	return err
}

// MarkUsed implements oauth.Store.
func (s *Store) MarkUsed(ctx context.Context, familyID string, generation int) error {
	return s.write(ctx, func(t transaction) error {
		_, err := t.exec(markUsed, familyID, generation)
		return err
	})
}

// RevokeFamily implements oauth.Store.
func (s *Store) RevokeFamily(ctx context.Context, familyID string, now time.Time) error {
	return s.write(ctx, func(t transaction) error {
		_, err := t.exec(revokeFamily, micros(now), familyID)
		return err
	})
}

// RevokeUser implements oauth.Store. Families that have expired and were never
// revoked are revoked and counted as well.
func (s *Store) RevokeUser(ctx context.Context, userID string, now time.Time) (int, error) {
	var revoked int64
	err := s.write(ctx, func(t transaction) (err error) {
		// The codes first: this waits for a redemption that is under way, and
		// the second statement then sees its family.
		_, err = t.exec(`DELETE FROM prism_oauth_code WHERE user_id = ? AND used_at IS NULL`, userID)
		if err == nil {
			revoked, err = t.exec(revokeUser, micros(now), userID)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(revoked), nil
}

// Families implements oauth.Store.
func (s *Store) Families(ctx context.Context, userID string, now time.Time) ([]oauth.Family, error) {
	alive := []oauth.Family{}
	err := s.readAll(ctx, listFamilies, []any{userID, micros(now)}, func(rows *sql.Rows) error {
		var r familyRow
		if err := rows.Scan(r.dest()...); err != nil {
			return err
		}
		alive = append(alive, r.view())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return alive, nil
}
