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
	endedBans     = `SELECT channel_id, user_id FROM prism_ban WHERE until <= ? ORDER BY until LIMIT ?`
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
	var digests []any
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
	if _, err := t.deleteAll(`DELETE FROM prism_oauth_token WHERE digest IN `, digests); err != nil {
		return 0, err
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
	var digests []any
	err := t.all(expiredCodes+t.engine.forSweep, []any{before, limit}, func(rows *sql.Rows) error {
		var digest []byte
		err := rows.Scan(&digest)
		digests = append(digests, digest)
		return err
	})
	if err != nil {
		return 0, err
	}
	return t.deleteAll(`DELETE FROM prism_oauth_code WHERE digest IN `, digests)
}

func (t transaction) sweepFamilies(_ int64, limit int) (int, error) {
	ids, err := t.ids(emptyFamilies+t.engine.forSweep, limit)
	if err != nil {
		return 0, err
	}
	return t.deleteAll(`DELETE FROM prism_oauth_family WHERE id IN `, anyOf(ids))
}

// SweepBans implements prism.SweepStore. The ban that ended first goes first.
// Parallel sweeps share the work, as those of Sweep do.
func (s *Store) SweepBans(ctx context.Context, limit int) (int, error) {
	deleted := 0
	err := s.write(ctx, func(t transaction) error {
		deleted = 0
		var bans [][2]string
		err := t.all(endedBans+t.engine.forSweep, []any{micros(t.now()), max(limit, 0)}, func(rows *sql.Rows) error {
			var ban [2]string
			err := rows.Scan(&ban[0], &ban[1])
			bans = append(bans, ban)
			return err
		})
		if err != nil {
			return err
		}
		for batch := range batches(bans) {
			args := make([]any, 0, 2*len(batch))
			for _, ban := range batch {
				args = append(args, ban[0], ban[1])
			}
			n, err := t.exec(`DELETE FROM prism_ban WHERE `+repeated(`(channel_id = ? AND user_id = ?)`, ` OR `, len(batch)), args...)
			if err != nil {
				return err
			}
			deleted += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return deleted, nil
}

// deleteAll deletes the rows with these keys, and counts them. The statement
// ends with IN.
func (t transaction) deleteAll(statement string, keys []any) (int, error) {
	deleted := 0
	for batch := range batches(keys) {
		n, err := t.exec(statement+in(len(batch)), batch...)
		if err != nil {
			return 0, err
		}
		deleted += int(n)
	}
	return deleted, nil
}
