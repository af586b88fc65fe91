package cluster

import (
	"context"
	"testing"
	"time"
)

// watch looks into the database, again and again, for a channel with two lives
// on air.
type watch struct {
	stop            context.CancelFunc
	done            chan struct{}
	looks, failures int
	problems        []string
}

func watchChannels(t *testing.T, dsn string) *watch {
	t.Helper()
	db := openDatabase(t, dsn)
	ctx, stop := context.WithCancel(t.Context())
	w := &watch{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			var double int
			err := db.QueryRowContext(ctx, `SELECT count(*) FROM (
				SELECT channel_id FROM prism_live WHERE status = 'ON_AIR' GROUP BY channel_id HAVING count(*) > 1) AS twice`).Scan(&double)
			switch {
			case err != nil:
				w.failures++ // PostgreSQL is down for a while
			case double > 0:
				w.problems = append(w.problems, time.Now().String())
				fallthrough
			default:
				w.looks++
			}
		}
	}()
	t.Cleanup(func() { stop(); <-w.done })
	return w
}

func (w *watch) end(t *testing.T) {
	t.Helper()
	w.stop()
	<-w.done
	if len(w.problems) > 0 {
		t.Errorf("a channel had two lives on air at %v", w.problems)
	}
	if w.looks < 100 {
		t.Errorf("the database was looked into %d times only", w.looks)
	}
	t.Logf("the database was looked into %d times, and did not answer %d times", w.looks, w.failures)
}
