package oauth

import (
	"container/heap"
	"container/list"
	"time"
)

// attemptRate allows attempts at once and one more per interval. Its only state is a
// time, paidAt: when all attempts so far are worked off (the generic cell
// rate algorithm).
type attemptRate struct {
	attempts int
	interval time.Duration
}

func (r attemptRate) charge(paidAt, now time.Time) time.Time {
	if paidAt.Before(now) {
		paidAt = now
	}
	return paidAt.Add(r.interval)
}

// wait returns how long until one more attempt is allowed, 0 for now.
func (r attemptRate) wait(paidAt, now time.Time) time.Duration {
	return max(0, r.charge(paidAt, now).Sub(now)-time.Duration(r.attempts)*r.interval)
}

// debtTable keeps paidAt of a bounded number of keys.
type debtTable struct {
	rate attemptRate
	max  int
	keys map[limiterKey]*debt
	heap debtHeap
	// floor is the latest paidAt that was forgotten. A key that is not in
	// the table may have had it.
	floor time.Time
}

type debt struct {
	key    limiterKey
	paidAt time.Time
	index  int
}

func newDebtTable(r attemptRate, maxKeys int) *debtTable {
	return &debtTable{rate: r, max: maxKeys, keys: make(map[limiterKey]*debt)}
}

func (t *debtTable) paidAt(key limiterKey) time.Time {
	if d := t.keys[key]; d != nil {
		return d.paidAt
	}
	return t.floor
}

func (t *debtTable) wait(key limiterKey, now time.Time) time.Duration {
	return t.rate.wait(t.paidAt(key), now)
}

func (t *debtTable) charge(key limiterKey, now time.Time) {
	paidAt := t.rate.charge(t.paidAt(key), now)
	if d := t.keys[key]; d != nil {
		d.paidAt = paidAt
		heap.Fix(&t.heap, d.index)
		return
	}
	if len(t.heap) >= t.max {
		least := heap.Pop(&t.heap).(*debt)
		delete(t.keys, least.key)
		if least.paidAt.After(t.floor) {
			t.floor = least.paidAt
		}
	}
	d := &debt{key: key, paidAt: paidAt}
	t.keys[key] = d
	heap.Push(&t.heap, d)
}

func (t *debtTable) refund(key limiterKey) {
	if d := t.keys[key]; d != nil {
		d.paidAt = d.paidAt.Add(-t.rate.interval)
		heap.Fix(&t.heap, d.index)
	}
}

// debtHeap orders debts by paidAt: the first counts least.
type debtHeap []*debt

func (h debtHeap) Len() int           { return len(h) }
func (h debtHeap) Less(i, j int) bool { return h[i].paidAt.Before(h[j].paidAt) }
func (h debtHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *debtHeap) Push(x any) {
	d := x.(*debt)
	d.index = len(*h)
	*h = append(*h, d)
}

func (h *debtHeap) Pop() any {
	old := *h
	d := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return d
}

// familiarTable keeps the pairs of account and network that signed in, the
// least recently used of which is forgotten first. A forgotten pair is counted
// as a stranger's.
type familiarTable struct {
	max   int
	pairs map[limiterKey]*list.Element
	order *list.List
}

type familiarPair struct {
	key    limiterKey
	paidAt time.Time
}

func newFamiliarTable(maxPairs int) *familiarTable {
	return &familiarTable{max: maxPairs, pairs: make(map[limiterKey]*list.Element), order: list.New()}
}

func (t *familiarTable) find(key limiterKey) *familiarPair {
	e := t.pairs[key]
	if e == nil {
		return nil
	}
	t.order.MoveToFront(e)
	return e.Value.(*familiarPair)
}

func (t *familiarTable) add(key limiterKey) {
	if t.pairs[key] != nil {
		return
	}
	if t.order.Len() >= t.max {
		oldest := t.order.Back()
		delete(t.pairs, t.order.Remove(oldest).(*familiarPair).key)
	}
	t.pairs[key] = t.order.PushFront(&familiarPair{key: key})
}
