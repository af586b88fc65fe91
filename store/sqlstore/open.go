package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/b2bprism/b2bprism/prism"
)

// Open opens the database that dsn names and makes a Store of it. It creates
// no tables; see Store.Migrate.
//
// "sqlite:FILE" is a file, which is created with mode 0600 if it does not
// exist; its folder must exist. FILE is a path as the operating system takes
// it, with no escapes and no parameters. Several processes on one machine may
// open the same file; it must not be on a network file system. A write that
// was acknowledged survives the end of the process at any point; a loss of
// power may undo the latest ones, and never damages the file.
//
// "postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS" (or postgresql://)
// is a PostgreSQL server, with the parameters of libpq, such as sslmode, and
// search_path for the schema of the tables. Behind a pooler that gives each
// transaction another connection, add default_query_exec_mode=exec, and run
// Migrate on a direct connection.
//
// "mysql://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS" (or mariadb://) is a
// MySQL or MariaDB server, with the parameters of github.com/go-sql-driver/mysql,
// such as tls. clientFoundRows, interpolateParams, multiStatements, collation
// and sql_mode are set by this package.
//
// In both URLs, special characters of the user and the password are written as
// %XX. The parameter pool_max_conns bounds the connections, which are
// DefaultConnections otherwise. They are opened as they are needed, kept for 5
// minutes when idle and for 30 minutes at most. The sum over all processes
// must stay below what the server takes (max_connections).
//
// Open returns an error that names the engines for another scheme, an error
// for options that New refuses, and one that wraps prism.ErrUnavailable, or
// ctx.Err(), when the database cannot be opened. No error has the password in
// it.
func Open(ctx context.Context, dsn string, opt prism.StoreOptions) (*Store, error) {
	scheme, rest, ok := strings.Cut(dsn, ":")
	if !ok {
		// The text may hold a password, so the error does not repeat it.
		return nil, errors.New("sqlstore: the DSN has no scheme: want " + wantDSN)
	}
	switch scheme {
	case string(SQLite):
		return openFile(ctx, rest, opt)
	case string(PostgreSQL), "postgresql":
		return openServer(ctx, PostgreSQL, dsn, openPostgres, opt)
	case string(MySQL), "mariadb":
		return openServer(ctx, MySQL, dsn, openMySQL, opt)
	default:
		return nil, fmt.Errorf("sqlstore: there is no engine %q in this version: want %s", scheme, wantDSN)
	}
}

const wantDSN = `"sqlite:FILE", "postgres://…" or "mysql://…"`

// openServer makes a Store with one pool of its own.
func openServer(ctx context.Context, dialect Dialect, dsn string, open func(context.Context, string) (*sql.DB, error), opt prism.StoreOptions) (*Store, error) {
	s, err := newStore(dialect, opt)
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	s.writer, s.reader, s.owned = db, db, true
	return s, nil
}

func openFile(ctx context.Context, path string, opt prism.StoreOptions) (*Store, error) {
	switch path {
	case "":
		return nil, errors.New(`sqlstore: the DSN names no file: want "sqlite:FILE"`)
	case ":memory:":
		return nil, errors.New("sqlstore: SQLite in memory cannot be shared by connections: use package store/memory")
	}
	s, err := newStore(SQLite, opt)
	if err != nil {
		return nil, err
	}
	// Connections are opened as they are needed, and must all find the file.
	file, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: open the database file: %w: %w", prism.ErrUnavailable, err)
	}
	if s.writer, s.reader, err = openSQLite(ctx, file); err != nil {
		return nil, err
	}
	s.owned = true
	return s, nil
}
