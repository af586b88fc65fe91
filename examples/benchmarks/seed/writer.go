package seed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// table is what is to be inserted into one table.
type table struct {
	name, columns string
	rows          int
	row           func(i int) []any
}

// batch is how many rows one statement inserts.
const batch = 250

// writer is one transaction on a database.
type writer struct {
	db     *sql.DB
	tx     *sql.Tx
	dollar bool // placeholders are $1, $2, …
}

func open(ctx context.Context, dsn string) (*writer, error) {
	w := &writer{}
	var err error
	switch scheme, rest, _ := strings.Cut(dsn, ":"); scheme {
	case "sqlite":
		path, pathErr := filepath.Abs(rest)
		if pathErr != nil {
			return nil, pathErr
		}
		file := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: "_journal_mode=WAL&_synchronous=OFF&_foreign_keys=off"}
		w.db, err = sql.Open("sqlite", file.String())
	case "postgres", "postgresql":
		w.dollar = true
		w.db, err = sql.Open("pgx", dsn)
	default:
		return nil, errors.New("want a DSN of SQLite or PostgreSQL")
	}
	if err != nil {
		return nil, err
	}
	if w.tx, err = w.db.BeginTx(ctx, nil); err != nil {
		return nil, errors.Join(err, w.db.Close())
	}
	return w, nil
}

// finish commits, or rolls back after an error, and closes the database.
func (w *writer) finish(ctx context.Context, err error) error {
	if err != nil {
		return errors.Join(err, w.tx.Rollback(), w.db.Close())
	}
	err = w.tx.Commit()
	if err == nil && w.dollar {
		// A PostgreSQL server that runs for long has done this by itself. SQLite
		// has not, and must not: with the statistics that it then has, it
		// prepares every statement anew for each value that is bound, which
		// costs more than the query.
		_, err = w.db.ExecContext(ctx, "ANALYZE")
	}
	return errors.Join(err, w.db.Close())
}

func (w *writer) insert(ctx context.Context, t table) error {
	whole := t.rows / batch * batch
	if err := w.insertRows(ctx, t, 0, whole, batch); err != nil {
		return err
	}
	return w.insertRows(ctx, t, whole, t.rows, t.rows-whole)
}

// insertRows inserts the rows from first to before last, n with each statement.
func (w *writer) insertRows(ctx context.Context, t table, first, last, n int) (err error) {
	if first == last {
		return nil
	}
	columns := strings.Count(t.columns, ",") + 1
	stmt, err := w.tx.PrepareContext(ctx, w.statement(t, columns, n))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	for ; first < last; first += n {
		args := make([]any, 0, columns*n)
		for i := range n {
			args = append(args, t.row(first+i)...)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) statement(t table, columns, rows int) string {
	var s strings.Builder
	fmt.Fprintf(&s, "INSERT INTO %s (%s) VALUES ", t.name, t.columns)
	for i := range columns * rows {
		switch {
		case i == 0:
			s.WriteString("(")
		case i%columns == 0:
			s.WriteString("), (")
		default:
			s.WriteString(", ")
		}
		if w.dollar {
			s.WriteString("$" + strconv.Itoa(i+1))
		} else {
			s.WriteString("?")
		}
	}
	s.WriteString(")")
	return s.String()
}
