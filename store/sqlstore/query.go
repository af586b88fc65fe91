package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// readOne runs a query of at most one row. what says what is looked for:
// without a row, the error is prism.ErrNotFound for it.
func (s *Store) readOne(ctx context.Context, what, query string, args []any, dest ...any) error {
	if !s.engine.holdsAll(args) {
		return fmt.Errorf("sqlstore: %w", notFound(what))
	}
	rows, err := s.read(ctx, query, args)
	if err == nil {
		err = firstRow(rows, what, dest)
	}
	if err != nil {
		return fmt.Errorf("sqlstore: %w", failure(ctx, err))
	}
	return nil
}

// firstRow does not ask for a second row: it costs about as much as the first.
func firstRow(rows *sql.Rows, what string, dest []any) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	switch {
	case rows.Next():
		return rows.Scan(dest...)
	case rows.Err() != nil:
		return rows.Err()
	default:
		return notFound(what)
	}
}

// readAll runs a query and calls scan on every row.
func (s *Store) readAll(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	if !s.engine.holdsAll(args) {
		return nil // what cannot be stored is not found
	}
	rows, err := s.read(ctx, query, args)
	if err == nil {
		err = eachRow(rows, scan)
	}
	if err != nil {
		return fmt.Errorf("sqlstore: %w", failure(ctx, err))
	}
	return nil
}

func (s *Store) read(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	if !s.engine.prepares {
		return s.reader.QueryContext(ctx, s.engine.statement(query), args...)
	}
	stmt, err := s.prepared(ctx, query) //nolint:sqlclosecheck // the store keeps it
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func eachRow(rows *sql.Rows, scan func(*sql.Rows) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// transaction is one writing transaction. It sees the store's options, but
// must not use the store's own pools.
type transaction struct {
	*Store
	ctx context.Context
	tx  *sql.Tx
}

// attempts bounds how often a transaction is run that others undo.
const attempts = 8

// write runs change in a transaction, which is committed unless change returns
// an error or panics. When another transaction undoes it, change is run again:
// it must begin by setting all that it leaves behind.
func (s *Store) write(ctx context.Context, change func(transaction) error) error {
	for attempt := 1; ; attempt++ {
		err := s.writeOnce(ctx, change)
		switch {
		case err == nil:
			return nil
		case s.engine.again(err) && attempt < attempts && pause(ctx, attempt):
			continue
		case s.engine.refused(err):
			return fmt.Errorf("sqlstore: %w: %w", prism.ErrInvalid, err)
		}
		return fmt.Errorf("sqlstore: %w", failure(ctx, err))
	}
}

// pause lets the transactions that met go apart, for 1 ms at first and at most
// 64 ms. It reports whether the context is still good.
func pause(ctx context.Context, attempt int) bool {
	longest := time.Millisecond << min(attempt, 6)
	timer := time.NewTimer(longest/2 + rand.N(longest/2)) //nolint:gosec // G404: a pause need not be unguessable
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (s *Store) writeOnce(ctx context.Context, change func(transaction) error) error {
	if s.turn != nil {
		select {
		case s.turn <- struct{}{}:
			defer func() { <-s.turn }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	tx, err := s.writer.BeginTx(ctx, &sql.TxOptions{Isolation: s.engine.isolation})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After a commit this does nothing. It fails only where the transaction is
	// gone already, by the end of the context or of the connection or, when the
	// disk is full, by the database.
	defer func() { _ = tx.Rollback() }()
	t := transaction{Store: s, ctx: ctx, tx: tx}
	if !s.owned {
		if s.engine.lockForWriting != "" {
			_, err = t.exec(s.engine.lockForWriting)
		}
		if err == nil {
			err = t.checkPool()
		}
	}
	if err == nil {
		err = change(t)
	}
	if err == nil {
		err = tx.Commit()
	}
	return err
}

// exec runs a statement and returns how many rows it changed. A text that the
// database cannot hold is in no row that is there, and in none that comes.
func (t transaction) exec(query string, args ...any) (int64, error) {
	if !t.engine.holdsAll(args) {
		if strings.HasPrefix(strings.TrimSpace(query), "INSERT") {
			return 0, fmt.Errorf("a text that the database cannot hold: %w", prism.ErrInvalid)
		}
		return 0, nil
	}
	result, err := t.tx.ExecContext(t.ctx, t.engine.statement(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// lock waits for the row that the query finds and keeps others from locking or
// changing it until the transaction is over. It is the first thing that a
// transaction does, as what was read before may have changed while it waited.
func (t transaction) lock(what, query string, args ...any) error {
	if t.engine.forUpdate == "" {
		return nil // the transaction is the only one
	}
	var found int
	return t.one(what, query+t.engine.forUpdate, args, &found)
}

// one is Store.readOne within the transaction.
func (t transaction) one(what, query string, args []any, dest ...any) error {
	if !t.engine.holdsAll(args) {
		return notFound(what)
	}
	err := t.tx.QueryRowContext(t.ctx, t.engine.statement(query), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound(what)
	}
	return err
}

// all is Store.readAll within the transaction.
func (t transaction) all(query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := t.tx.QueryContext(t.ctx, t.engine.statement(query), args...)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}
