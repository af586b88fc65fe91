package console

import (
	"maps"
	"sync"
	"sync/atomic"
)

// tally counts one kind of event over the last hour. A slot has the number of
// its minute in the upper half and the count in the lower, so that it starts
// anew in one step.
type tally struct {
	slots [minutesKept]atomic.Uint64
}

func (t *tally) add(number int64) {
	slot := &t.slots[uint64(number)%minutesKept]
	for {
		old := slot.Load()
		next := uint64(uint32(number))<<32 | 1
		if old>>32 == uint64(uint32(number)) {
			next = old + 1
		}
		if slot.CompareAndSwap(old, next) {
			return
		}
	}
}

// sum is the count of the hour that ends with the minute now.
func (t *tally) sum(now int64) uint64 {
	var n uint64
	for i := range int64(minutesKept) {
		number := now - i
		if slot := t.slots[uint64(number)%minutesKept].Load(); slot>>32 == uint64(uint32(number)) {
			n += slot & 0xffff_ffff
		}
	}
	return n
}

// bounded keeps a value for each of the first keys that it is asked for, up to
// limit; all others share one. A look-up takes no lock.
type bounded[K comparable, V any] struct {
	limit int
	mu    sync.Mutex // of writers
	all   atomic.Pointer[map[K]*V]
	rest  V
}

func (b *bounded[K, V]) of(key K) *V {
	known := b.known()
	if v, ok := known[key]; ok {
		return v
	}
	if len(known) >= b.limit {
		return &b.rest
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	known = b.known()
	if v, ok := known[key]; ok {
		return v
	}
	if len(known) >= b.limit {
		return &b.rest
	}
	next := make(map[K]*V, len(known)+1)
	maps.Copy(next, known)
	v := new(V)
	next[key] = v
	b.all.Store(&next)
	return v
}

// known is not to be changed.
func (b *bounded[K, V]) known() map[K]*V {
	if all := b.all.Load(); all != nil {
		return *all
	}
	return nil
}
