package sqlstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// MariaDB once showed a poller a message and not the one before it. The rows
// that a snapshot leaves out are hidden here under a number below 0 until the
// first query was answered.
func TestTornSnapshotLosesNoMessage(t *testing.T) {
	t.Parallel()
	at := func(n int64) *int64 { return &n }
	for name, tc := range map[string]struct {
		query  prism.ChatQuery
		hidden []int // until the first query was answered
		torn   []int // until both were
		want   []string
		next   int64
		after  []string // what a reader who goes on gets then
	}{
		"nothing missing":      {prism.ChatQuery{After: at(4), Limit: 50}, nil, nil, []string{"5", "6", "7", "8"}, 8, []string{}},
		"after a cursor":       {prism.ChatQuery{After: at(4), Limit: 50}, []int{6}, nil, []string{"5", "6", "7", "8"}, 8, []string{}},
		"first after a cursor": {prism.ChatQuery{After: at(4), Limit: 50}, []int{5}, nil, []string{"5", "6", "7", "8"}, 8, []string{}},
		"from the beginning":   {prism.ChatQuery{After: at(0), Limit: 50}, []int{1, 2}, nil, []string{"1", "2", "3", "4", "5", "6", "7", "8"}, 8, []string{}},
		"more than a page":     {prism.ChatQuery{After: at(0), Limit: 3}, []int{2}, nil, []string{"1", "2", "3"}, 3, []string{"4", "5", "6"}},
		"all that there is":    {prism.ChatQuery{Limit: 50}, []int{1, 7}, nil, []string{"1", "2", "3", "4", "5", "6", "7", "8"}, 8, []string{}},
		"the latest":           {prism.ChatQuery{Limit: 3}, []int{7}, nil, []string{"5", "6", "7"}, 7, []string{"8"}},
		"torn again above":     {prism.ChatQuery{After: at(4), Limit: 50}, []int{5, 7, 8}, []int{7}, []string{"5", "6"}, 6, []string{"7", "8"}},
		"deleted":              {prism.ChatQuery{After: at(4), Limit: 50}, nil, []int{6}, []string{"5", "7", "8"}, 8, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, engines, func(t *testing.T, e testEngine) {
				dsn := e.migrated(t)
				s, log := e.loggedOn(t, dsn, options(newClock()))
				seed(t, s)
				live := create(t, s, "A")
				for i := range 8 {
					must(t, s.PostChat(t.Context(), live.ID, "viewer", fmt.Sprint(i+1)))
				}
				host := e.host(t, dsn)
				turn := func(numbers ...int) {
					for _, n := range numbers {
						execute(t, host, fmt.Sprintf(`UPDATE prism_chat SET seq = -seq WHERE ABS(seq) = %d`, n))
					}
				}
				read := func(query prism.ChatQuery) (prism.ChatPage, int) {
					t.Helper()
					log.take()
					page, err := s.LiveChat(t.Context(), live.ID, query)
					must(t, err)
					return page, len(log.take())
				}
				shown := slices.DeleteFunc(slices.Clone(tc.hidden), func(n int) bool { return slices.Contains(tc.torn, n) })
				turn(append(shown, tc.torn...)...)
				log.answered = func(query string) {
					if strings.Contains(query, "prism_chat") {
						log.answered = nil
						turn(shown...)
					}
				}
				page, queries := read(tc.query)

				if e.dialect != sqlstore.MySQL {
					if queries != 1 {
						t.Errorf("%d queries, want 1 where a snapshot is whole", queries)
					}
					return
				}
				if diff := cmp.Diff(tc.want, texts(page)); diff != "" || page.Next != tc.next {
					t.Errorf("the page goes to %d, want %d (-want +got):\n%s", page.Next, tc.next, diff)
				}
				if want := 1 + min(1, len(tc.hidden)+len(tc.torn)); queries != want {
					t.Errorf("%d queries, want %d", queries, want)
				}
				if name == "deleted" {
					return
				}
				turn(tc.torn...)
				next, _ := read(prism.ChatQuery{After: &page.Next, Limit: tc.query.Limit})
				if diff := cmp.Diff(tc.after, texts(next)); diff != "" {
					t.Errorf("the page after it (-want +got):\n%s", diff)
				}
			})
		})
	}
}
