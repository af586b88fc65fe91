package sqlstoretest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql" // the driver "mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// PostgreSQL returns the DSN of an empty schema on the PostgreSQL server that
// the tests of this process share, as sqlstore.Open takes it. The schema is
// dropped when the test ends.
func PostgreSQL(t testing.TB) string {
	t.Helper()
	return sharedPostgreSQL.get(t).Schema(t)
}

// MySQL returns the DSN of an empty database on the MariaDB server that the
// tests of this process share, as sqlstore.Open takes it. The database is
// dropped when the test ends.
func MySQL(t testing.TB) string {
	t.Helper()
	return sharedMySQL.get(t).Schema(t)
}

// Schema makes an empty schema and returns its DSN, as sqlstore.Open takes it.
// It is dropped when the test ends, if the server is up then.
func (s *Server) Schema(t testing.TB) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	if err := s.exec(t.Context(), s.kind.createSchema+name); err != nil {
		t.Fatalf("sqlstoretest: make a schema: %v", err)
	}
	t.Cleanup(func() {
		if !s.Up() {
			return
		}
		if err := s.exec(context.Background(), s.kind.dropSchema(name)); err != nil {
			t.Errorf("sqlstoretest: drop a schema: %v", err)
		}
	})
	return s.kind.schemaDSN(s.dsn(), name)
}

// exec runs a statement on a connection of its own, so that no pool outlives
// the test.
func (s *Server) exec(ctx context.Context, statement string) error {
	db, err := s.kind.open(s.dsn())
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // what counts is the statement
	_, err = db.ExecContext(ctx, statement)
	return err
}

// dsn is the URL of the server's own database.
func (s *Server) dsn() url.URL {
	return url.URL{
		Scheme: s.kind.scheme, User: url.UserPassword(superuser, s.password), Host: s.addr, Path: s.kind.database,
	}
}

func openPostgreSQL(dsn url.URL) (*sql.DB, error) { return sql.Open("pgx", dsn.String()) }

func openMySQL(dsn url.URL) (*sql.DB, error) {
	return sql.Open("mysql", dsn.User.String()+"@tcp("+dsn.Host+")/"+strings.TrimPrefix(dsn.Path, "/"))
}
