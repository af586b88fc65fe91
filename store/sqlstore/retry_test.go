package sqlstore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// Two transactions that lock the same rows in opposite order: the database
// undoes one, which is run again, and both succeed.
func TestDeadlockIsRunAgain(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]func(testing.TB) string{
		"PostgreSQL": sqlstoretest.PostgreSQL, "MySQL": sqlstoretest.MySQL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := filled(t, dsn(t), nil)
			ids := [2]string{"a", "b"}
			for _, id := range ids {
				if err := s.PutUser(t.Context(), prism.User{ID: id}); err != nil {
					t.Fatal(err)
				}
			}
			var runs atomic.Int64
			var locked, done sync.WaitGroup
			locked.Add(2)
			for i := range 2 {
				done.Go(func() {
					first := true
					err := s.write(t.Context(), func(t transaction) error {
						runs.Add(1)
						if _, err := t.exec(`UPDATE prism_user SET name = 'x' WHERE id = ?`, ids[i]); err != nil {
							return err
						}
						if first {
							first = false
							locked.Done()
							locked.Wait()
						}
						_, err := t.exec(`UPDATE prism_user SET name = 'y' WHERE id = ?`, ids[1-i])
						return err
					})
					if err != nil {
						t.Errorf("transaction %d: %v", i, err)
					}
				})
			}
			done.Wait()
			if runs.Load() < 3 {
				t.Errorf("the transactions ran %d times, want 3 or more: one of them twice", runs.Load())
			}
		})
	}
}

func TestRetriesAreBounded(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *Store) {
		clash := errors.New("clash")
		always := *s.engine
		always.again = func(err error) bool { return errors.Is(err, clash) }
		s.engine = &always
		runs := 0
		err := s.write(t.Context(), func(transaction) error { runs++; return clash })
		if runs != attempts || !errors.Is(err, prism.ErrUnavailable) || !errors.Is(err, clash) {
			t.Errorf("a transaction that always clashes ran %d times and returned %v, want %d times and UNAVAILABLE with the last error", runs, err, attempts)
		}
		ctx, cancel := context.WithCancel(t.Context())
		runs = 0
		err = s.write(ctx, func(transaction) error { runs++; cancel(); return clash })
		if runs != 1 || !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that ends in the first run: %d runs and %v, want 1 and the context's error", runs, err)
		}
		runs = 0
		err = s.write(t.Context(), func(transaction) error { runs++; return notFound("x") })
		if runs != 1 || !errors.Is(err, prism.ErrNotFound) {
			t.Errorf("a transaction that decides: %d runs and %v, want 1 and NOT_FOUND", runs, err)
		}
	})
}
