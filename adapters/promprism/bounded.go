package promprism

import "sync"

// boundedSet keeps the first values that it is asked for, up to max. It bounds
// labels whose values are few by contract, but not listed here.
type boundedSet[T comparable] struct {
	max  int
	mu   sync.RWMutex
	seen map[T]struct{}
}

// has reports whether v is one of the first values.
func (b *boundedSet[T]) has(v T) bool {
	b.mu.RLock()
	_, ok := b.seen[v]
	full := len(b.seen) >= b.max
	b.mu.RUnlock()
	if ok || full {
		return ok
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.seen[v]; ok {
		return true
	}
	if len(b.seen) >= b.max {
		return false
	}
	if b.seen == nil {
		b.seen = map[T]struct{}{}
	}
	b.seen[v] = struct{}{}
	return true
}
