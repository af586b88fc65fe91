package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// schema is all that the database defines, and the recorded versions.
func schema(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) (out []string) {
	t.Helper()
	for _, query := range append(map[sqlstore.Dialect][]string{
		sqlstore.SQLite: {
			`SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master ORDER BY type, name`,
		},
		sqlstore.PostgreSQL: {
			`SELECT table_name || ' ' || column_name || ' ' || data_type FROM information_schema.columns
				WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`,
			`SELECT replace(indexdef, current_schema(), '') FROM pg_indexes WHERE schemaname = current_schema() ORDER BY indexname`,
			`SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
				WHERE connamespace = current_schema()::regnamespace ORDER BY conrelid::regclass::text, conname`,
		},
		sqlstore.MySQL: {
			`SELECT CONCAT_WS(' ', table_name, column_name, column_type, collation_name) FROM information_schema.columns
				WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`,
			`SELECT CONCAT_WS(' ', table_name, index_name, seq_in_index, column_name) FROM information_schema.statistics
				WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index`,
			`SELECT CONCAT_WS(' ', table_name, constraint_name) FROM information_schema.table_constraints
				WHERE table_schema = DATABASE() ORDER BY table_name, constraint_name`,
		},
	}[dialect], `SELECT version_id FROM `+sqlstore.VersionTable+` ORDER BY id`) {
		out = append(out, column(t, db, query)...)
	}
	return out
}

func column(t *testing.T, db *sql.DB, query string) (out []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var line string
		must(t, rows.Scan(&line))
		out = append(out, line)
	}
	must(t, rows.Err())
	return out
}

func TestMigrateTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		dsn := e.empty(t)
		s := openDSN(t, dsn, options(newClock()))
		must(t, s.Migrate(t.Context()))
		db := e.host(t, dsn)
		first := schema(t, db, e.dialect)
		seed(t, s)
		must(t, s.Migrate(t.Context()))
		if diff := cmp.Diff(first, schema(t, db, e.dialect)); diff != "" {
			t.Errorf("the second Migrate changed the schema (-first +second):\n%s", diff)
		}
		if _, err := s.User(t.Context(), "owner"); err != nil {
			t.Errorf("User after the second Migrate: %v", err)
		}
	})
}

// Ten processes start at once on a database that has no tables yet.
func TestMigrateConcurrently(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		dsn := e.empty(t)
		var wg sync.WaitGroup
		errs := make([]error, 10)
		for i := range errs {
			wg.Go(func() {
				s, err := sqlstore.Open(t.Context(), dsn, options(newClock()))
				if err == nil {
					err = errors.Join(s.Migrate(t.Context()), s.Close())
				}
				errs[i] = err
			})
		}
		wg.Wait()
		must(t, errors.Join(errs...))
		want := schema(t, e.host(t, e.migrated(t)), e.dialect)
		if diff := cmp.Diff(want, schema(t, e.host(t, dsn), e.dialect)); diff != "" {
			t.Errorf("the schema of many and of one (-one +many):\n%s", diff)
		}
	})
}

// Of ten processes two once wrote the first row of the version table, since
// goose makes the table before it takes the lock.
func TestVersionTableIsMadeUnderTheLock(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		s, log := e.loggedOn(t, e.empty(t), options(newClock()))
		must(t, s.Migrate(t.Context()))
		locked, made := 0, 0
		for _, query := range log.take() {
			switch {
			case strings.Contains(query, "pg_advisory_lock"), strings.Contains(query, "GET_LOCK"):
				locked++
			case strings.Contains(query, "pg_advisory_unlock"), strings.Contains(query, "RELEASE_LOCK"):
				locked--
			case strings.Contains(query, "CREATE TABLE "+sqlstore.VersionTable):
				made++
				if locked == 0 {
					t.Error("the version table was made before the lock was taken")
				}
			}
		}
		if made != 1 {
			t.Errorf("the version table was made %d times, want once", made)
		}
		must(t, s.Migrate(t.Context()))
		for _, query := range log.take() {
			if strings.Contains(query, "LOCK") || strings.Contains(query, "advisory_") {
				t.Errorf("there was nothing to do and a lock was taken: %s", query)
			}
		}
	})
}

// Waiting for another process to migrate ends with the context.
func TestMigrateWaitsAsLongAsItsContext(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		dsn := e.empty(t)
		s := openDSN(t, dsn, options(newClock()))
		conn, err := e.host(t, dsn).Conn(t.Context())
		must(t, err)
		lock := `SELECT pg_advisory_lock(hashtextextended('prism_schema_version ' || current_schema(), 0))`
		if e.dialect == sqlstore.MySQL {
			lock = `SELECT GET_LOCK(CONCAT('prism_', SHA1(DATABASE())), 10)`
		}
		_, err = conn.ExecContext(t.Context(), lock)
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := s.Migrate(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Migrate while another process does: got %v, want the context's error", err)
		}
		// The lock goes with the session that has it.
		if err := conn.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) {
			t.Fatal(err)
		}
		must(t, s.Migrate(t.Context()))
	})
}

// A host's pool of one connection is enough.
func TestPoolOfOne(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		db := e.host(t, e.empty(t))
		db.SetMaxOpenConns(1)
		s := onPool(t, db, e.dialect, options(newClock()))
		must(t, s.Migrate(t.Context()))
		seed(t, s)
		live := start(t, s, create(t, s, "A").ID)
		must(t, s.PostChat(t.Context(), live.Live.ID, "viewer", "hello"))
	})
}
