package redisstore

import (
	"context"
	"time"
)

// sweepStep is the most entries that one script looks at: Redis does nothing
// else meanwhile.
const sweepStep = 100

// Sweep implements oauth.Store. What expired first goes first. It also drops
// index entries of records that Redis itself has expired; they do not count,
// and a call looks at no more than four entries for each record that it may
// delete.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	deleted := 0
	for looks := 4 * limit; deleted < limit && looks > 0; {
		reply, err := s.run(ctx, sweepScript, []string{s.expiryKey()},
			s.prefix, timeText(before), min(sweepStep, limit-deleted, looks), s.retention.Milliseconds())
		if err != nil {
			return deleted, err
		}
		counts, ok := reply.([]any)
		if !ok || len(counts) != 2 {
			return deleted, unreadable("number of swept records")
		}
		n, nOK := counts[0].(int64)
		looked, lookedOK := counts[1].(int64)
		if !nOK || !lookedOK {
			return deleted, unreadable("number of swept records")
		}
		deleted += int(n)
		looks -= int(looked)
		if looked == 0 {
			break
		}
	}
	return deleted, nil
}
