package sqlstore_test

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// testEngine is one of the engines that every rule is held against.
type testEngine struct {
	name    string
	dialect sqlstore.Dialect
	// empty returns the DSN of a database of the test's own, without tables.
	empty func(t *testing.T) string
	// host opens the database of a DSN as a host might.
	host func(t *testing.T, dsn string) *sql.DB
}

var engines = []testEngine{
	{
		name:    "SQLite",
		dialect: sqlstore.SQLite,
		empty:   func(t *testing.T) string { t.Helper(); return "sqlite:" + newFile(t) },
		host: func(t *testing.T, dsn string) *sql.DB {
			t.Helper()
			return hostDB(t, strings.TrimPrefix(dsn, "sqlite:"), hostParameters)
		},
	},
	{
		name:    "PostgreSQL",
		dialect: sqlstore.PostgreSQL,
		empty:   func(t *testing.T) string { t.Helper(); return sqlstoretest.PostgreSQL(t) },
		host:    func(t *testing.T, dsn string) *sql.DB { t.Helper(); return hostPool(t, "pgx", dsn) },
	},
	{
		name:    "MySQL",
		dialect: sqlstore.MySQL,
		empty:   func(t *testing.T) string { t.Helper(); return sqlstoretest.MySQL(t) },
		host: func(t *testing.T, dsn string) *sql.DB {
			t.Helper()
			return hostPool(t, "mysql", mysqlDSN(t, dsn, "clientFoundRows=true"))
		},
	},
}

// servers are the engines that are reached over a network.
var servers = engines[1:]

// mysqlDSN writes a DSN of this package as the driver takes it.
func mysqlDSN(t *testing.T, dsn, parameters string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	must(t, err)
	return u.User.String() + "@tcp(" + u.Host + ")" + u.Path + "?" + parameters
}

func hostPool(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	must(t, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the host's pool: %v", err)
		}
	})
	return db
}

// migrated returns the DSN of a database that has its tables and no rows.
func (e testEngine) migrated(t *testing.T) string {
	t.Helper()
	if e.dialect == sqlstore.SQLite {
		return "sqlite:" + newMigratedFile(t)
	}
	dsn := e.empty(t)
	s, err := sqlstore.Open(t.Context(), dsn, options(newClock()))
	must(t, err)
	must(t, s.Migrate(t.Context()))
	must(t, s.Close())
	return dsn
}

// emptied returns a function that returns the DSN of a database that has its
// tables and no rows. On a server it is the same one each time, since making
// the tables takes longer than most tests do.
func (e testEngine) emptied(t *testing.T) func(t *testing.T) string {
	t.Helper()
	if e.dialect == sqlstore.SQLite {
		return e.migrated
	}
	dsn := e.migrated(t)
	return func(t *testing.T) string {
		t.Helper()
		db := e.host(t, dsn)
		for _, table := range []string{"prism_channel", "prism_user", "prism_oauth_family", "prism_oauth_code", "prism_lease"} {
			execute(t, db, "DELETE FROM "+table) // with all that belongs to it
		}
		return dsn
	}
}

// open makes a store on a database of its own.
func (e testEngine) open(t *testing.T, opt prism.StoreOptions) *sqlstore.Store {
	t.Helper()
	return openDSN(t, e.migrated(t), opt)
}

// onHost makes a store on a pool of a host.
func (e testEngine) onHost(t *testing.T, dsn string, opt prism.StoreOptions) *sqlstore.Store {
	t.Helper()
	return onPool(t, e.host(t, dsn), e.dialect, opt)
}

// seeded makes a store that has the users and channels of the tests.
func (e testEngine) seeded(t *testing.T) (*sqlstore.Store, *clock) {
	t.Helper()
	c := newClock()
	s := e.open(t, options(c))
	seed(t, s)
	return s, c
}

func openDSN(t *testing.T, dsn string, opt prism.StoreOptions) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), dsn, opt)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func onPool(t *testing.T, db *sql.DB, dialect sqlstore.Dialect, opt prism.StoreOptions) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.New(db, dialect, opt)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// onEach runs a test on every one of these engines.
func onEach(t *testing.T, engines []testEngine, test func(t *testing.T, e testEngine)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// execute runs a statement on a pool of the test.
func execute(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(context.WithoutCancel(t.Context()), statement, args...)
	must(t, err)
}
