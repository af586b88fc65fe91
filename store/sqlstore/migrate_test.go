package sqlstore_test

import (
	"database/sql"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// schema is all that the database file defines, and the recorded versions.
func schema(t *testing.T, db *sql.DB) (out []string) {
	t.Helper()
	for _, query := range []string{
		`SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master ORDER BY type, name`,
		`SELECT version_id || ' ' || is_applied FROM ` + sqlstore.VersionTable + ` ORDER BY id`,
	} {
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
	file := newFile(t)
	s := openFile(t, file, options(newClock()))
	must(t, s.Migrate(t.Context()))
	db := hostDB(t, file, "_query_only=on")
	first := schema(t, db)
	seed(t, s)
	must(t, s.Migrate(t.Context()))
	if diff := cmp.Diff(first, schema(t, db)); diff != "" {
		t.Errorf("the second Migrate changed the schema (-first +second):\n%s", diff)
	}
	if _, err := s.User(t.Context(), "owner"); err != nil {
		t.Errorf("User after the second Migrate: %v", err)
	}
}

// Several processes start at once on a file that does not exist yet.
func TestMigrateConcurrently(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			s, err := sqlstore.Open(t.Context(), "sqlite:"+file, options(newClock()))
			if err == nil {
				err = errors.Join(s.Migrate(t.Context()), s.Close())
			}
			errs[i] = err
		})
	}
	wg.Wait()
	must(t, errors.Join(errs...))

	alone := newFile(t)
	must(t, openFile(t, alone, options(newClock())).Migrate(t.Context()))
	want, got := schema(t, hostDB(t, alone, "_query_only=on")), schema(t, hostDB(t, file, "_query_only=on"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the schema of many and of one (-one +many):\n%s", diff)
	}
}
