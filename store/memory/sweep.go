package memory

import (
	"container/heap"
	"context"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// recordKind tells which map an expiry is of.
type recordKind uint8

const (
	kindCode recordKind = iota
	kindAccess
	kindRefresh
)

// expiryQueue is a heap of all codes and tokens, the next to expire first, so
// that a sweep looks only at what it deletes.
type expiryQueue []expiry

type expiry struct {
	at     time.Time
	kind   recordKind
	digest oauth.Digest
}

func (q *expiryQueue) add(at time.Time, kind recordKind, digest oauth.Digest) {
	heap.Push(q, expiry{at, kind, digest})
}

func (q expiryQueue) Len() int           { return len(q) }
func (q expiryQueue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q expiryQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *expiryQueue) Push(x any)        { *q = append(*q, x.(expiry)) }
func (q *expiryQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}

// Sweep implements oauth.Store. What expired first goes first.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	t := &s.tokens
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return 0, err
	}
	defer t.mu.Unlock()
	deleted := t.sweepFamilies(limit)
	for deleted < limit && len(t.expiries) > 0 && t.expiries[0].at.Before(before) {
		e := heap.Pop(&t.expiries).(expiry)
		if t.deleteExpired(e) {
			deleted++
		}
	}
	return deleted + t.sweepFamilies(limit-deleted), nil
}

// deleteExpired reports whether the record was still there: RevokeUser deletes
// codes before their time.
func (t *tokenTable) deleteExpired(e expiry) bool {
	var in map[oauth.Digest]tokenRecord
	switch e.kind {
	case kindCode:
		_, ok := t.codes[e.digest]
		t.deleteCode(e.digest)
		return ok
	case kindAccess:
		in = t.access
	case kindRefresh:
		in = t.refresh
	}
	token, ok := in[e.digest]
	if !ok {
		return false
	}
	delete(in, e.digest)
	token.family.tokens--
	if token.family.tokens == 0 {
		t.withoutToken = append(t.withoutToken, token.family.family.ID)
	}
	return true
}

// sweepFamilies deletes up to limit families that have no token left.
func (t *tokenTable) sweepFamilies(limit int) int {
	n := min(len(t.withoutToken), max(limit, 0))
	for _, id := range t.withoutToken[:n] {
		userID := t.families[id].family.UserID
		delete(t.families, id)
		delete(t.familiesOf[userID], id)
		if len(t.familiesOf[userID]) == 0 {
			delete(t.familiesOf, userID)
		}
	}
	t.withoutToken = t.withoutToken[n:]
	return n
}
