package sqlstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// A duplicate that is used while it is swept is either gone for all, or there
// with what was done to it.
func TestSweepMeetsTheUseOfADuplicate(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		dsn, c := e.migrated(t), newClock()
		stores := [2]*sqlstore.Store{openDSN(t, dsn, options(c)), openDSN(t, dsn, options(c))}
		seed(t, stores[0])
		swept, used := 0, 0
		for round := range 12 {
			title := prism.NewStreamKey() // one that no earlier round had
			duplicate := create(t, stores[0], title)
			c.Advance(time.Second)
			create(t, stores[0], title)
			c.Advance(time.Hour)
			var started, said, deleted int
			parallel(t, 4, stores, func(s *sqlstore.Store, i int) (err error) {
				switch (i + round) % 4 {
				case 0:
					if err = s.SendMessage(t.Context(), "owner", duplicate.ID, "hello"); err == nil {
						said++
					}
				case 1:
					if _, err = s.StartLive(t.Context(), "owner", duplicate.ID); err == nil {
						started++
					}
				case 2:
					deleted, err = s.SweepLives(t.Context(), c.Now(), 10)
				default:
					_, err = s.UpdateLive(t.Context(), "owner", duplicate.ID, prism.LiveUpdate{})
				}
				if errors.Is(err, prism.ErrNotFound) {
					err = nil // it was swept
				}
				return err
			})
			got, err := stores[1].Live(t.Context(), "owner", duplicate.ID)
			switch {
			case deleted > 0:
				swept++
				if started > 0 || !errors.Is(err, prism.ErrNotFound) {
					t.Fatalf("round %d: the live was swept, and started %d times; Live returns %v", round, started, err)
				}
			case err != nil:
				t.Fatalf("round %d: the live was not swept, and Live returns %v", round, err)
			default:
				used++
				if started == 1 && got.Status != prism.StatusOnAir || got.Stats.Chats != int64(said) {
					t.Fatalf("round %d: the live is %s with %d messages, after %d starts and %d messages", round, got.Status, got.Stats.Chats, started, said)
				}
			}
		}
		t.Logf("%d duplicates were swept, %d were used first", swept, used)
	})
}
