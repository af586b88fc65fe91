package sqlstore

import (
	"context"
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
// Open returns an error that names the engines for another scheme, an error
// for options that New refuses, and one that wraps prism.ErrUnavailable when
// the database cannot be opened.
func Open(ctx context.Context, dsn string, opt prism.StoreOptions) (*Store, error) {
	scheme, rest, ok := strings.Cut(dsn, ":")
	if !ok {
		// The text may hold a password, so the error does not repeat it.
		return nil, errors.New(`sqlstore: the DSN has no scheme: want "sqlite:FILE"`)
	}
	if scheme != string(SQLite) {
		return nil, fmt.Errorf(`sqlstore: there is no engine %q in this version: want "sqlite:FILE"`, scheme)
	}
	switch rest {
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
	file, err := filepath.Abs(rest)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: open the database file: %w: %w", prism.ErrUnavailable, err)
	}
	if s.writer, s.reader, err = openSQLite(ctx, file); err != nil {
		return nil, err
	}
	s.owned = true
	return s, nil
}
