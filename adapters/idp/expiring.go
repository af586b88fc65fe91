package idp

import (
	"container/list"
	"sync"
	"time"
)

// expiring is a bounded map whose entries end at a time of their own. When it
// is full the oldest entry makes room. It is safe for concurrent use.
type expiring[K comparable, V any] struct {
	limit int

	mu      sync.Mutex
	entries map[K]*list.Element
	// age has the entries, oldest first.
	age list.List
}

type expiringEntry[K comparable, V any] struct {
	key   K
	value V
	until time.Time
}

func newExpiring[K comparable, V any](limit int) *expiring[K, V] {
	return &expiring[K, V]{limit: limit, entries: map[K]*list.Element{}}
}

// get returns the value of key, if it has one that has not ended at now.
func (e *expiring[K, V]) get(key K, now time.Time) (V, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	element, ok := e.entries[key]
	if !ok {
		var zero V
		return zero, false
	}
	entry := element.Value.(*expiringEntry[K, V])
	if !now.Before(entry.until) {
		e.remove(element)
		var zero V
		return zero, false
	}
	return entry.value, true
}

// put keeps value until the given time. It drops the oldest entries that have
// ended, and one more if there is no room.
func (e *expiring[K, V]) put(key K, value V, until, now time.Time) {
	if !now.Before(until) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if old, ok := e.entries[key]; ok {
		e.remove(old)
	}
	for front := e.age.Front(); front != nil; front = e.age.Front() {
		if len(e.entries) < e.limit && now.Before(front.Value.(*expiringEntry[K, V]).until) {
			break
		}
		e.remove(front)
	}
	e.entries[key] = e.age.PushBack(&expiringEntry[K, V]{key, value, until})
}

func (e *expiring[K, V]) remove(element *list.Element) {
	entry := e.age.Remove(element).(*expiringEntry[K, V])
	delete(e.entries, entry.key)
}

func (e *expiring[K, V]) len() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.entries)
}
