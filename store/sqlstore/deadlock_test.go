package sqlstore

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// Starts that lock two lives, and heartbeats, reports and messages of them, take
// their locks in one order: the database has no deadlock to undo.
func TestBatchesAndStartsKeepOneOrder(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]func(testing.TB) string{
		"PostgreSQL": sqlstoretest.PostgreSQL, "MySQL": sqlstoretest.MySQL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			s := filled(t, dsn(t), nil)
			var deadlocks atomic.Int64
			engine := s.engine
			counting := *engine
			counting.again = func(err error) bool {
				if postgresCode(err) == "40P01" || mysqlNumber(err) == 1213 {
					deadlocks.Add(1)
				}
				return engine.again(err)
			}
			s.engine = &counting
			if err := s.PutUser(ctx, prism.User{ID: "u"}); err != nil {
				t.Fatal(err)
			}
			if err := s.PutChannel(ctx, "u", prism.Channel{ID: "c", Enabled: true}); err != nil {
				t.Fatal(err)
			}
			ids := []string{"a", "b", "c", "d"}
			var beats []prism.ViewerHeartbeat
			var reports []prism.StatsReport
			for _, id := range ids {
				if err := s.PutLive(ctx, prism.Live{ID: id, ChannelID: "c"}); err != nil {
					t.Fatal(err)
				}
				for v := range 10 {
					beats = append(beats, prism.ViewerHeartbeat{LiveID: id, ViewerID: fmt.Sprint(v)})
				}
				reports = append(reports, prism.StatsReport{LiveID: id, Add: prism.LiveStats{Likes: 1}})
			}
			backwards := slices.Clone(reports)
			slices.Reverse(backwards)
			var calls sync.WaitGroup
			for worker := range 10 {
				calls.Go(func() {
					for i := range 25 {
						var err error
						switch worker % 5 {
						case 0:
							_, err = s.StartLive(ctx, "u", ids[(worker+i)%len(ids)])
						case 1:
							err = s.SaveViewers(ctx, beats)
						case 2:
							err = s.SaveStats(ctx, reports)
						case 3:
							err = s.PostChat(ctx, ids[(worker+i)%len(ids)], "u", "hello")
						default:
							err = s.SaveStats(ctx, backwards)
						}
						if err != nil {
							t.Errorf("call %d of worker %d: %v", i, worker, err)
						}
					}
				})
			}
			calls.Wait()
			if n := deadlocks.Load(); n > 0 {
				t.Errorf("the database undid %d transactions for a deadlock, want none", n)
			}
		})
	}
}
