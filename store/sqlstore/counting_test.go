package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"testing"
)

// queryLog records the statements that a driver is asked to run.
type queryLog struct {
	mu       sync.Mutex
	queries  []string
	prepared int
	// answered, if there is one, is called once a prepared query was run and
	// before its rows are read. It may be set while no statement runs.
	answered func(query string)
}

func (l *queryLog) add(query string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queries = append(l.queries, query)
}

// take returns what was run since the last call.
func (l *queryLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.queries
	l.queries, l.prepared = nil, 0
	return taken
}

// preparations is how many statements were prepared since the last take.
func (l *queryLog) preparations() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.prepared
}

// logged opens the database of a pool again, with a log.
func logged(t *testing.T, db *sql.DB, dsn string) (*sql.DB, *queryLog) {
	t.Helper()
	log := &queryLog{}
	d, ok := db.Driver().(driver.DriverContext)
	var inner driver.Connector = plainConnector{db.Driver(), dsn}
	if ok {
		var err error
		inner, err = d.OpenConnector(dsn)
		must(t, err)
	}
	out := sql.OpenDB(loggingConnector{inner, log})
	t.Cleanup(func() { must(t, out.Close()) })
	return out, log
}

// plainConnector is for a driver that has none of its own.
type plainConnector struct {
	driver driver.Driver
	dsn    string
}

func (c plainConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c plainConnector) Driver() driver.Driver                        { return c.driver }

type loggingConnector struct {
	driver.Connector
	log *queryLog
}

func (c loggingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &loggingConn{conn, c.log}, nil
}

// loggingConn has what the drivers of all three engines have.
type loggingConn struct {
	driver.Conn
	log *queryLog
}

var errNotOfDriver = errors.New("the driver does not have this")

func (c *loggingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	begin, ok := c.Conn.(driver.ConnBeginTx)
	if !ok {
		return nil, errNotOfDriver
	}
	c.log.add("BEGIN")
	return begin.BeginTx(ctx, opts)
}

func (c *loggingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepare, ok := c.Conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, errNotOfDriver
	}
	stmt, err := prepare.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	c.log.prepared++
	return &loggingStmt{stmt, query, c.log}, nil
}

func (c *loggingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	run, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	rows, err := run.QueryContext(ctx, query, args)
	if !errors.Is(err, driver.ErrSkip) {
		c.log.add(query)
	}
	return rows, err
}

func (c *loggingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	run, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	result, err := run.ExecContext(ctx, query, args)
	if !errors.Is(err, driver.ErrSkip) {
		c.log.add(query)
	}
	return result, err
}

func (c *loggingConn) CheckNamedValue(v *driver.NamedValue) error {
	if check, ok := c.Conn.(driver.NamedValueChecker); ok {
		return check.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *loggingConn) ResetSession(ctx context.Context) error {
	if reset, ok := c.Conn.(driver.SessionResetter); ok {
		return reset.ResetSession(ctx)
	}
	return nil
}

// loggingStmt is a prepared statement.
type loggingStmt struct {
	driver.Stmt
	query string
	log   *queryLog
}

func (s *loggingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	run, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, errNotOfDriver
	}
	s.log.add(s.query)
	rows, err := run.QueryContext(ctx, args)
	if err == nil && s.log.answered != nil {
		s.log.answered(s.query)
	}
	return rows, err
}

func (s *loggingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	run, ok := s.Stmt.(driver.StmtExecContext)
	if !ok {
		return nil, errNotOfDriver
	}
	s.log.add(s.query)
	return run.ExecContext(ctx, args)
}

func (s *loggingStmt) CheckNamedValue(v *driver.NamedValue) error {
	if check, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return check.CheckNamedValue(v)
	}
	return driver.ErrSkip
}
