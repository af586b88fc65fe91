package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// holdRows keeps the rows of the sample calls locked until it is released.
func holdRows(t *testing.T, db *sql.DB) (release func()) {
	t.Helper()
	tx, err := db.BeginTx(context.WithoutCancel(t.Context()), nil)
	must(t, err)
	for _, table := range []string{"prism_channel", "prism_live_stat", "prism_oauth_token", "prism_oauth_code"} {
		_, err := tx.ExecContext(t.Context(), "SELECT 1 FROM "+table+" FOR UPDATE")
		must(t, err)
	}
	release = sync.OnceFunc(func() { must(t, tx.Rollback()) })
	t.Cleanup(release)
	return release
}

// heldCalls are calls that meet rows which holdRows keeps locked.
func heldCalls(t *testing.T, s *sqlstore.Store, now time.Time) map[string]func(context.Context) error {
	t.Helper()
	live := create(t, s, "A")
	signIn(t, s, "A", now)
	calls := sampleCalls(s, live.ID)
	// A new code and a lease meet nothing, the live is not on air, and sweeps
	// leave out what is locked.
	for _, name := range []string{"SaveCode", "Lease", "SaveViewers", "SweepLives", "SweepBans"} {
		delete(calls, name)
	}
	calls["RotateRefresh"] = func(ctx context.Context) error {
		_, _, err := s.RotateRefresh(ctx, oauth.Rotation{
			Refresh: oauth.DigestOf("refresh A"), ClientID: "client", Now: now, Pair: redemptionOf(oauth.Code{}, "B", now).Pair,
		})
		return err
	}
	return calls
}

// A row that another transaction keeps locked is a slow query: the call ends
// with its context, changes nothing, and leaves the store usable.
func TestSlowQueryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		dsn, c := e.migrated(t), newClock()
		s := openDSN(t, dsn, options(c))
		seed(t, s)
		calls := heldCalls(t, s, c.Now())
		release := holdRows(t, e.host(t, dsn))
		for name, call := range calls {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			began := time.Now()
			err := call(ctx)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v, want the context's error", name, err)
			}
			if d := time.Since(began); d > 3*time.Second {
				t.Errorf("%s took %v with a deadline of 50ms", name, d)
			}
		}
		lives, err := s.Lives(t.Context(), "owner", "enabled", prism.LiveFilter{})
		if err != nil || len(lives) != 1 || lives[0].Status != prism.StatusReserved {
			t.Errorf("readers must not wait for writers, and nothing is changed: got %+v, %v", lives, err)
		}
		release()
		for name, call := range calls {
			if err := call(t.Context()); err != nil {
				t.Errorf("%s after the slow time: %v", name, err)
			}
		}
	})
}

// Where the server gives up by itself, the answer is prism.ErrUnavailable.
func TestServerThatGivesUp(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		dsn, c := e.migrated(t), newClock()
		seeder := openDSN(t, dsn, options(c))
		seed(t, seeder)
		impatient := dsn + "&statement_timeout=100"
		if e.dialect == sqlstore.MySQL {
			impatient = dsn + "?innodb_lock_wait_timeout=1"
		}
		calls := heldCalls(t, openDSN(t, impatient, options(c)), c.Now())
		holdRows(t, e.host(t, dsn))
		for name, call := range calls {
			if err := call(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
				t.Errorf("%s: got %v, want UNAVAILABLE", name, err)
			}
		}
	})
}

// A call that finds all connections in use waits as long as its context lasts.
func TestExhaustedPool(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		c := newClock()
		db := e.host(t, e.migrated(t))
		db.SetMaxOpenConns(2)
		s := onPool(t, db, e.dialect, options(c))
		seed(t, s)
		live := create(t, s, "A")
		var held []*sql.Conn
		for range 2 {
			conn, err := db.Conn(t.Context())
			must(t, err)
			held = append(held, conn)
		}
		calls := sampleCalls(s, live.ID)
		calls["Live"] = func(ctx context.Context) error {
			_, err := s.Live(ctx, "owner", live.ID)
			return err
		}
		for name, call := range calls {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s without a connection: got %v, want the context's error", name, err)
			}
			cancel()
		}
		for _, conn := range held {
			must(t, conn.Close())
		}
		must(t, s.PostChat(t.Context(), live.ID, "viewer", "hello"))
	})
}

// A connection that is lost in the middle of a transaction undoes it.
func TestLostConnectionInATransaction(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		dsn, c := e.migrated(t), newClock()
		s := openDSN(t, dsn, options(c))
		seed(t, s)
		live := create(t, s, "A")
		db := e.host(t, dsn)
		release := holdRows(t, db)

		failed := make(chan error, 1)
		go func() {
			_, err := s.StartLive(context.WithoutCancel(t.Context()), "owner", live.ID)
			failed <- err
		}()
		killWaiting(t, db, e.dialect)
		if err := <-failed; !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("StartLive on a connection that was lost: got %v, want UNAVAILABLE", err)
		}
		release()
		got, err := s.Live(t.Context(), "owner", live.ID)
		if err != nil || got.Status != prism.StatusReserved {
			t.Errorf("after that: status %s, error %v; want RESERVED", got.Status, err)
		}
		start(t, s, live.ID)
	})
}

// killWaiting ends the connection of this schema that waits for a lock.
func killWaiting(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
	t.Helper()
	find, kill := `SELECT pid FROM pg_stat_activity
		WHERE wait_event_type = 'Lock' AND query LIKE '%prism_channel%' AND pid <> pg_backend_pid()
		AND pid IN (SELECT l.pid FROM pg_locks l WHERE l.relation = 'prism_channel'::regclass)`, `SELECT pg_terminate_backend($1)`
	if dialect == sqlstore.MySQL {
		find, kill = `SELECT id FROM information_schema.processlist
			WHERE db = DATABASE() AND info LIKE '%prism_channel%' AND id <> CONNECTION_ID()`, `KILL ?`
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		var id int64
		err := db.QueryRowContext(t.Context(), find).Scan(&id)
		if err == nil {
			execute(t, db, kill, id)
			return
		}
		if !errors.Is(err, sql.ErrNoRows) || time.Now().After(deadline) {
			t.Fatalf("find the connection that waits: %v", err)
		}
	}
}

// A server that crashes in the middle of writing and comes back: each error is
// a defined one, what was acknowledged is there, and the store goes on without
// being opened again.
func TestServerCrashes(t *testing.T) {
	t.Parallel()
	for name, newServer := range map[string]func(testing.TB) *sqlstoretest.Server{
		"PostgreSQL": sqlstoretest.NewPostgreSQL, "MySQL": sqlstoretest.NewMySQL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t)
			s := openDSN(t, server.Schema(t), options(newClock()))
			must(t, s.Migrate(t.Context()))
			seed(t, s)
			live := create(t, s, "A")

			ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
			defer stop()
			const writers = 4
			var acknowledged [writers]atomic.Int64
			var failures atomic.Int64
			var writing sync.WaitGroup
			for w := range writers {
				writing.Go(func() {
					for n := 1; ctx.Err() == nil; n++ {
						call, cancel := context.WithTimeout(ctx, 2*time.Second)
						began := time.Now()
						err := s.PostChat(call, live.ID, "viewer", fmt.Sprintf("%d/%d", w, n))
						cancel()
						switch {
						case err == nil:
							acknowledged[w].Add(1)
						case ctx.Err() != nil:
						case errors.Is(err, prism.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
							failures.Add(1)
						default:
							t.Errorf("an error during the outage: %v", err)
						}
						if d := time.Since(began); d > 5*time.Second {
							t.Errorf("a call took %v with a deadline of 2s", d)
						}
					}
				})
			}
			total := func() (sum int64) {
				for w := range acknowledged {
					sum += acknowledged[w].Load()
				}
				return sum
			}
			await := func(what string, reached func() bool) {
				t.Helper()
				for deadline := time.Now().Add(time.Minute); !reached(); time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatalf("waited in vain for %s", what)
					}
				}
			}
			for range 2 {
				before := total()
				await("writes", func() bool { return total() >= before+50 })
				failed := failures.Load()
				server.Kill(t)
				await("an error", func() bool { return failures.Load() > failed })
				server.Start(t)
			}
			before := total()
			await("writes after the last crash", func() bool { return total() >= before+50 })
			stop()
			writing.Wait()

			found := map[string]int{}
			for cursor := int64(0); ; {
				page, err := s.LiveChat(t.Context(), live.ID, prism.ChatQuery{After: &cursor, Limit: prism.MaxChatPage})
				must(t, err)
				if len(page.Messages) == 0 {
					break
				}
				cursor = page.Next
				for _, m := range page.Messages {
					writer, _, _ := strings.Cut(m.Text, "/")
					found[writer]++
				}
			}
			for w := range acknowledged {
				if got, want := found[fmt.Sprint(w)], acknowledged[w].Load(); int64(got) < want {
					t.Errorf("writer %d: %d messages are there, %d were acknowledged", w, got, want)
				}
			}
			t.Logf("%d messages acknowledged, %d calls failed during two crashes", total(), failures.Load())
		})
	}
}
