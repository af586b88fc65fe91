package sqlstore

import (
	"context"
	"database/sql"
	"maps"
	"slices"
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
// transaction, so a large limit keeps other writers waiting. Parallel sweeps
// share the work: each leaves out what another one is deleting.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	deleted := 0
	err := s.write(ctx, func(t transaction) error {
		deleted = 0
		for _, sweep := range []func(before int64, limit int) (int, error){
			t.sweepTokens, t.sweepCodes, t.sweepFamilies,
		} {
			n, err := sweep(micros(before), max(limit-deleted, 0))
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
	var digests [][]byte
	families := map[string]int{}
	err := t.all(expiredTokens+t.engine.forSweep, []any{before, limit}, func(rows *sql.Rows) error {
		var digest []byte
		var familyID string
		err := rows.Scan(&digest, &familyID)
		digests = append(digests, digest)
		families[familyID]++
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, digest := range digests {
		if _, err := t.exec(`DELETE FROM prism_oauth_token WHERE digest = ?`, digest); err != nil {
			return 0, err
		}
	}
	// In one order, so that sweeps with tokens of the same families never wait
	// for each other in a circle.
	for _, id := range slices.Sorted(maps.Keys(families)) {
		if _, err := t.exec(`UPDATE prism_oauth_family SET tokens = tokens - ? WHERE id = ?`, families[id], id); err != nil {
			return 0, err
		}
	}
	return len(digests), nil
}

func (t transaction) sweepCodes(before int64, limit int) (int, error) {
	return deleteEach[[]byte](t, expiredCodes, []any{before, limit}, `DELETE FROM prism_oauth_code WHERE digest = ?`)
}

func (t transaction) sweepFamilies(_ int64, limit int) (int, error) {
	return deleteEach[string](t, emptyFamilies, []any{limit}, `DELETE FROM prism_oauth_family WHERE id = ?`)
}

// deleteEach deletes the rows whose keys the query finds, and counts them.
func deleteEach[Key any](t transaction, query string, args []any, statement string) (int, error) {
	var keys []Key
	err := t.all(query+t.engine.forSweep, args, func(rows *sql.Rows) error {
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
