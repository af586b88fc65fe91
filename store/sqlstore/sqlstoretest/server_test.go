package sqlstoretest_test

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a DSN as sqlstore.Open takes it.
func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	u, err := url.Parse(dsn)
	must(t, err)
	driver := "pgx"
	if u.Scheme == "mysql" {
		driver, dsn = "mysql", u.User.String()+"@tcp("+u.Host+")"+u.Path
	}
	db, err := sql.Open(driver, dsn)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSchemasAreSeparate(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]func(testing.TB) string{
		"PostgreSQL": sqlstoretest.PostgreSQL, "MySQL": sqlstoretest.MySQL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				db := open(t, schema(t))
				_, err := db.ExecContext(t.Context(), "CREATE TABLE mine (id INTEGER)")
				must(t, err)
			}
		})
	}
}

func TestServerKeepsItsDataWhenKilled(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *sqlstoretest.Server{
		"PostgreSQL": sqlstoretest.NewPostgreSQL, "MySQL": sqlstoretest.NewMySQL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			dsn := s.Schema(t)
			db := open(t, dsn)
			for _, statement := range []string{"CREATE TABLE mine (id INTEGER)", "INSERT INTO mine (id) VALUES (7)"} {
				_, err := db.ExecContext(t.Context(), statement)
				must(t, err)
			}
			for what, end := range map[string]func(testing.TB){"Kill": s.Kill, "Stop": s.Stop} {
				end(t)
				if s.Up() {
					t.Errorf("Up after %s", what)
				}
				if err := open(t, dsn).PingContext(t.Context()); err == nil {
					t.Errorf("the server answers after %s", what)
				}
				s.Start(t)
				var id int
				must(t, open(t, dsn).QueryRowContext(t.Context(), "SELECT id FROM mine").Scan(&id))
				if id != 7 {
					t.Errorf("id after %s: %d, want 7", what, id)
				}
			}
		})
	}
}

// Only who has the password gets in.
func TestServerWantsThePassword(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]func(testing.TB) string{
		"PostgreSQL": sqlstoretest.PostgreSQL, "MySQL": sqlstoretest.MySQL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(schema(t))
			must(t, err)
			u.User = url.UserPassword(u.User.Username(), "wrong")
			err = open(t, u.String()).PingContext(context.Background())
			if err == nil || strings.Contains(err.Error(), "refused") {
				t.Errorf("with a wrong password: %v, want it refused by the server", err)
			}
		})
	}
}

// A MariaDB server that starts deletes the temporary tables that it finds in
// its temporary folder, also those that another server is using.
func TestServersShareNoTemporaryFolder(t *testing.T) {
	t.Parallel()
	var folders [2]string
	for i := range folders {
		db := open(t, sqlstoretest.NewMySQL(t).Schema(t))
		must(t, db.QueryRowContext(t.Context(), "SELECT @@tmpdir").Scan(&folders[i]))
	}
	if folders[0] == folders[1] {
		t.Errorf("both servers keep their temporary tables in %s", folders[0])
	}
}
