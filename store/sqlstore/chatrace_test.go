package sqlstore_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// follower reads a chat from its beginning as a poller does that follows
// nextPageToken.
type follower struct {
	store  *sqlstore.Store
	liveID string
	cursor int64
	texts  []string
	ids    map[string]int
}

// poll reads one page and returns how many messages it had.
func (f *follower) poll(t *testing.T) int {
	t.Helper()
	page, err := f.store.LiveChat(t.Context(), f.liveID, prism.ChatQuery{After: &f.cursor, Limit: 7})
	must(t, err)
	if page.Next < f.cursor {
		t.Errorf("the cursor went back from %d to %d", f.cursor, page.Next)
	}
	f.cursor = page.Next
	for _, m := range page.Messages {
		f.texts = append(f.texts, m.Text)
		f.ids[m.ID]++
	}
	return len(page.Messages)
}

// While two processes write and two delete, a poller sees every message once,
// in the order in which each author wrote, unless it was deleted first.
func TestFollowerUnderWritesAndDeletes(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		stores := two(t, e)
		live := create(t, stores[0], "A")
		const writers, each = 4, 30
		var writing, deleting sync.WaitGroup
		written := make(chan struct{})
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					if err := stores[w%2].PostChat(t.Context(), live.ID, "viewer", fmt.Sprintf("%d/%d", w, i)); err != nil {
						t.Errorf("PostChat: %v", err)
					}
				}
			})
		}
		var mu sync.Mutex
		deleted := map[string]string{} // text by id
		for d := range 2 {
			deleting.Go(func() {
				for {
					page, err := stores[d].LiveChat(t.Context(), live.ID, prism.ChatQuery{Limit: 5})
					if err != nil {
						t.Errorf("LiveChat: %v", err)
						return
					}
					// The newest one, which the poller may not have seen, and
					// an older one, which it may be about to read.
					for _, at := range []int{len(page.Messages) - 1, 0} {
						if at < 0 || len(page.Messages) < 3 {
							continue
						}
						m := page.Messages[at]
						if err := stores[d].DeleteMessage(t.Context(), "owner", live.ID, m.ID); err != nil {
							t.Errorf("DeleteMessage: %v", err)
							return
						}
						mu.Lock()
						deleted[m.ID] = m.Text
						mu.Unlock()
					}
					select {
					case <-written:
						return
					default:
					}
				}
			})
		}
		go func() { writing.Wait(); close(written) }()

		f := &follower{store: stores[1], liveID: live.ID, ids: map[string]int{}}
		for last := false; ; {
			select {
			case <-written:
				deleting.Wait()
				last = true
			default:
			}
			if f.poll(t) == 0 && last {
				break
			}
		}
		seen, latest := map[string]bool{}, map[string]int{}
		for _, text := range f.texts {
			seen[text] = true
			author, number, _ := strings.Cut(text, "/")
			n, err := strconv.Atoi(number)
			must(t, err)
			if before, ok := latest[author]; ok && n <= before {
				t.Errorf("author %s: message %d came after %d", author, n, before)
			}
			latest[author] = n
		}
		for id, n := range f.ids {
			if n != 1 {
				t.Errorf("message %s was shown %d times", id, n)
			}
		}
		for _, text := range deleted {
			seen[text] = true
		}
		if len(seen) != writers*each {
			t.Errorf("%d messages were seen or deleted, %d were written", len(seen), writers*each)
		}
		t.Logf("%d messages written, %d seen, %d deleted", writers*each, len(f.texts), len(deleted))
	})
}
