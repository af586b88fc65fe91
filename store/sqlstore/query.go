package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// readOne runs a query of at most one row with a prepared statement. what says
// what is looked for: without a row, the error is prism.ErrNotFound for it.
func (s *Store) readOne(ctx context.Context, what, query string, args []any, dest ...any) error {
	stmt, err := s.prepared(ctx, query) //nolint:sqlclosecheck // the store keeps it
	if err == nil {
		err = stmt.QueryRowContext(ctx, args...).Scan(dest...)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound(what)
	}
	if err != nil {
		return fmt.Errorf("sqlstore: %w", failure(ctx, err))
	}
	return nil
}

// readAll runs a query with a prepared statement and calls scan on every row.
func (s *Store) readAll(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	stmt, err := s.prepared(ctx, query) //nolint:sqlclosecheck // the store keeps it
	if err != nil {
		return fmt.Errorf("sqlstore: %w", failure(ctx, err))
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err == nil {
		err = eachRow(rows, scan)
	}
	if err != nil {
		return fmt.Errorf("sqlstore: %w", failure(ctx, err))
	}
	return nil
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

// write runs change in a transaction, which is committed unless change returns
// an error or panics.
func (s *Store) write(ctx context.Context, change func(transaction) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqlstore: begin: %w", failure(ctx, err))
	}
	// After a commit this does nothing. It fails only where the transaction is
	// gone already, by the end of the context or, when the disk is full, by the
	// database.
	defer func() { _ = tx.Rollback() }()
	t := transaction{Store: s, ctx: ctx, tx: tx}
	if !s.owned && s.engine.lockForWriting != "" {
		_, err = t.exec(s.engine.lockForWriting)
	}
	if err == nil {
		err = change(t)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("sqlstore: %w", failure(ctx, err))
	}
	return nil
}

// exec runs a statement and returns how many rows it changed.
func (t transaction) exec(query string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one is Store.readOne within the transaction.
func (t transaction) one(what, query string, args []any, dest ...any) error {
	err := t.tx.QueryRowContext(t.ctx, query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound(what)
	}
	return err
}

// all is Store.readAll within the transaction.
func (t transaction) all(query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := t.tx.QueryContext(t.ctx, query, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}
