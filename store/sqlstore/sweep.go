package sqlstore

import (
	"context"
	"database/sql"
	"time"
)

// What a sweep deletes, each found in an index.
const (
	emptyFamilies = `SELECT id FROM prism_oauth_family WHERE tokens = 0 ORDER BY id LIMIT ?`
	expiredCodes  = `SELECT digest FROM prism_oauth_code WHERE expires_at < ? ORDER BY expires_at LIMIT ?`
	//nolint:gosec // the names of columns
	expiredTokens = `SELECT digest, family_id FROM prism_oauth_token WHERE expires_at < ? ORDER BY expires_at LIMIT ?`
)

// Sweep implements oauth.Store. What expired first goes first. It is one
// transaction, so a large limit keeps other writers waiting.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	deleted := 0
	err := s.write(ctx, func(t transaction) error {
		for _, sweep := range []func(before int64, limit int) (int, error){
			t.sweepTokens, t.sweepCodes, t.sweepFamilies,
		} {
			n, err := sweep(micros(before), limit-deleted)
			if err != nil {
				return err
			}
			deleted += n
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return deleted, nil
}

func (t transaction) sweepTokens(before int64, limit int) (int, error) {
	type token struct {
		digest   []byte
		familyID string
	}
	var expired []token
	err := t.all(expiredTokens, []any{before, max(limit, 0)}, func(rows *sql.Rows) error {
		var e token
		err := rows.Scan(&e.digest, &e.familyID)
		expired = append(expired, e)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, e := range expired {
		if _, err := t.exec(`DELETE FROM prism_oauth_token WHERE digest = ?`, e.digest); err != nil {
			return 0, err
		}
		if _, err := t.exec(`UPDATE prism_oauth_family SET tokens = tokens - 1 WHERE id = ?`, e.familyID); err != nil {
			return 0, err
		}
	}
	return len(expired), nil
}

func (t transaction) sweepCodes(before int64, limit int) (int, error) {
	return deleteEach[[]byte](t, expiredCodes, []any{before, max(limit, 0)}, `DELETE FROM prism_oauth_code WHERE digest = ?`)
}

func (t transaction) sweepFamilies(_ int64, limit int) (int, error) {
	return deleteEach[string](t, emptyFamilies, []any{max(limit, 0)}, `DELETE FROM prism_oauth_family WHERE id = ?`)
}

// deleteEach deletes the rows whose keys the query finds, and counts them.
func deleteEach[Key any](t transaction, query string, args []any, statement string) (int, error) {
	var keys []Key
	err := t.all(query, args, func(rows *sql.Rows) error {
		var key Key
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, key := range keys {
		if _, err := t.exec(statement, key); err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}
