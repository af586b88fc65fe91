//go:build !unix

package sqlstoretest

import "testing"

// Server is a database server that runs as a child of the test process. On
// this system there is none, and what would start one skips the test.
type Server struct {
	kind           *kind
	password, addr string
}

type shared struct{ kind *kind }

var sharedPostgreSQL, sharedMySQL = shared{kind: &postgreSQL}, shared{kind: &mariaDB}

func (sh *shared) get(t testing.TB) *Server {
	t.Helper()
	return skip(t, sh.kind)
}

// NewPostgreSQL skips the test.
func NewPostgreSQL(t testing.TB) *Server {
	t.Helper()
	return skip(t, &postgreSQL)
}

// NewMySQL skips the test.
func NewMySQL(t testing.TB) *Server {
	t.Helper()
	return skip(t, &mariaDB)
}

// NewPostgreSQLOn skips the test.
func NewPostgreSQLOn(t testing.TB, _ string) *Server {
	t.Helper()
	return skip(t, &postgreSQL)
}

// NewMySQLOn skips the test.
func NewMySQLOn(t testing.TB, _ string) *Server {
	t.Helper()
	return skip(t, &mariaDB)
}

func skip(t testing.TB, k *kind) *Server {
	t.Helper()
	t.Skipf("sqlstoretest: %s is started on Unix systems only", k.name)
	return nil
}

// Up reports false.
func (s *Server) Up() bool { return false }

// Stop does nothing.
func (s *Server) Stop(testing.TB) {}

// Kill does nothing.
func (s *Server) Kill(testing.TB) {}

// Start does nothing.
func (s *Server) Start(testing.TB) {}
