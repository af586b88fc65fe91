package idp

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The cache never has more than its limit, never gives what has ended or was
// replaced, and forgets early only when it is full.
func TestExpiring(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			value int
			until time.Time
		}
		limit := rapid.IntRange(1, 4).Draw(t, "limit")
		cache := newExpiring[int, int](limit)
		model := map[int]entry{}
		now := time.Unix(0, 0)
		dropped := false
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			key := rapid.IntRange(0, 6).Draw(t, "key")
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				value, until := rapid.Int().Draw(t, "value"), now.Add(time.Duration(rapid.IntRange(-1, 5).Draw(t, "life")))
				if _, there := cache.entries[key]; !there && cache.len() == limit {
					dropped = true
				}
				cache.put(key, value, until, now)
				if now.Before(until) {
					model[key] = entry{value, until}
					if got, ok := cache.get(key, now); !ok || got != value {
						t.Fatalf("got %d, %v right after put", got, ok)
					}
				}
			case 1:
				got, ok := cache.get(key, now)
				want, there := model[key]
				there = there && now.Before(want.until)
				if ok && (!there || got != want.value) {
					t.Fatalf("got %d, which is not there", got)
				}
				if !ok && there && !dropped {
					t.Fatal("forgotten while there was room")
				}
			case 2:
				now = now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "step")))
			}
			if cache.len() > limit || cache.age.Len() != len(cache.entries) {
				t.Fatalf("%d entries, %d in the list, limit %d", cache.len(), cache.age.Len(), limit)
			}
		}
	})
}
