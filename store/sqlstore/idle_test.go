package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// A packet that is being noted when a live is to end for want of packets keeps
// it on air.
func TestIdleEndWaitsForThePacketThatIsBeingNoted(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		dsn, c := e.migrated(t), newClock()
		s := openDSN(t, dsn, options(c))
		seed(t, s)
		live := start(t, s, create(t, s, "A").ID).Live
		c.Advance(time.Hour)
		tx, err := e.host(t, dsn).BeginTx(t.Context(), nil)
		must(t, err)
		_, err = tx.ExecContext(t.Context(), "UPDATE prism_ingest SET seen_at = seen_at + 3600000000")
		must(t, err)

		end := func() (prism.EndResult, error) {
			return s.EndLive(context.WithoutCancel(t.Context()), "", live.ID, prism.EndOptions{AsService: true, IdleBefore: c.Now().Add(-time.Minute)})
		}
		var r prism.EndResult
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r, err = end()
		}()
		select {
		case <-ended:
			t.Errorf("EndLive did not wait for the packet: changed %v, error %v", r.Changed, err)
		case <-time.After(100 * time.Millisecond): // by now it waits
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		<-ended
		if err != nil || r.Changed || r.Live.Status != prism.StatusOnAir {
			t.Errorf("EndLive after the packet: changed %v, status %s, error %v; want the live on air", r.Changed, r.Live.Status, err)
		}
		c.Advance(2 * time.Minute)
		if r, err := end(); err != nil || !r.Changed {
			t.Errorf("EndLive of an idle live: changed %v, error %v", r.Changed, err)
		}
	})
}
