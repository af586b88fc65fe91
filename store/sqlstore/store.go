package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// DefaultChatLimit is how many messages of a live are kept when
// prism.StoreOptions.ChatLimit is 0.
const DefaultChatLimit = 10_000

var (
	_ prism.UserSource   = (*Store)(nil)
	_ prism.ChannelStore = (*Store)(nil)
	_ prism.LiveStore    = (*Store)(nil)
	_ prism.LiveUpdater  = (*Store)(nil)
	_ prism.ChatReader   = (*Store)(nil)
	_ prism.ChatSender   = (*Store)(nil)
	_ prism.ChatDeleter  = (*Store)(nil)
	_ prism.Banner       = (*Store)(nil)
	_ prism.ManagerStore = (*Store)(nil)
	_ prism.IngestStore  = (*Store)(nil)
	_ prism.Directory    = (*Store)(nil)
	_ prism.Audience     = (*Store)(nil)
	_ oauth.Store        = (*Store)(nil)

	_ prism.StatsStore     = (*Store)(nil)
	_ prism.SweepStore     = (*Store)(nil)
	_ prism.StandingSource = (*Store)(nil)
)

// Store keeps everything in an SQL database. It is safe for concurrent use,
// also by several processes on one database, and starts no goroutine of its
// own.
//
// When the database cannot do what is asked (it is locked, full, read-only,
// closed, damaged, not to be reached or without its tables), the error wraps
// prism.ErrUnavailable and the driver's error, which is for the log. When the
// context ended first, it wraps ctx.Err(). In both cases nothing was changed,
// with one exception that no program can rule out: when the connection to a
// server is lost, or the context ends, while a commit is under way, it may or
// may not have been done. The next call finds out, on a new connection.
//
// Changes that meet in the database wait for each other. One that the database
// undid for the sake of another (a deadlock, a serialization failure) is run
// again, up to a bound and while its context lasts, and is then
// prism.ErrUnavailable.
//
// A text that the database cannot hold (on PostgreSQL one with a NUL, on
// PostgreSQL and MySQL one that is not UTF-8, and an id longer than its column)
// is prism.ErrInvalid where it would be stored, and finds nothing where it is
// looked up. Times are kept in microseconds and come back in UTC.
type Store struct {
	engine *engine
	writer *sql.DB
	reader *sql.DB
	// owned tells that Close closes the pools. When it is false the host made
	// them, and its transactions need engine.lockForWriting.
	owned bool

	// turn lets one transaction at a time write, or is nil. SQLite takes one
	// writer at a time anyway, and who finds it taken polls, without a queue:
	// among many, one could poll in vain until it gives up.
	turn chan struct{}

	base      string
	liveLink  func(liveID string) string
	chatLimit int
	clock     func() time.Time

	poolChecked atomic.Bool // see checkPool

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt // by query, on reader
}

// New makes a Store on a database that the host has opened and will close. It
// does not connect. Like Open it creates no tables; the names of all of them
// begin with "prism_".
//
// The dialect must be the one that db speaks. For SQLite, modernc.org/sqlite and
// github.com/mattn/go-sqlite3 both do, with the same parameters in the DSN:
//
//	file:host.db?_journal_mode=WAL&_busy_timeout=5000&_foreign_keys=on
//
// Use one of the two for all that a process does with a file: POSIX locks do
// not keep two SQLite libraries in one process apart.
//
// For PostgreSQL, any driver for database/sql whose errors have a method
// SQLState; the tables are those of the first schema in the search_path. With
// a pooler between, take one that keeps a transaction on one connection.
//
// For MySQL and MariaDB, github.com/go-sql-driver/mysql with
// clientFoundRows=true, which the first change checks; interpolateParams=true
// saves round trips. sql_mode must be strict, as it is by default, else a text
// that is too long is cut off. The other parameters are the host's.
//
// The bounds of the pool are the host's. No method needs more than one
// connection at a time, so a pool of one works. A call that finds all
// connections in use waits for one as long as its context lasts.
//
// It returns an error for an unknown dialect, for an opt.RTMPBase that
// prism.CheckRTMPBase refuses, and for a negative opt.ChatLimit.
func New(db *sql.DB, dialect Dialect, opt prism.StoreOptions) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: the database is nil")
	}
	s, err := newStore(dialect, opt)
	if err != nil {
		return nil, err
	}
	s.writer, s.reader = db, db
	if dialect == SQLite {
		s.turn = make(chan struct{}, 1)
	}
	return s, nil
}

func newStore(dialect Dialect, opt prism.StoreOptions) (*Store, error) {
	engine, err := dialect.engine()
	if err != nil {
		return nil, err
	}
	if err := prism.CheckRTMPBase(opt.RTMPBase); err != nil {
		return nil, fmt.Errorf("sqlstore: StoreOptions.RTMPBase: %w", err)
	}
	if opt.ChatLimit < 0 {
		return nil, fmt.Errorf("sqlstore: StoreOptions.ChatLimit is %d, want 0 for the default or a positive number", opt.ChatLimit)
	}
	s := &Store{
		engine:    engine,
		base:      opt.RTMPBase,
		liveLink:  opt.LiveLink,
		chatLimit: opt.ChatLimit,
		clock:     opt.Now,
		stmts:     make(map[string]*sql.Stmt),
	}
	if s.chatLimit == 0 {
		s.chatLimit = DefaultChatLimit
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	return s, nil
}

// Close ends the use of the database. A database that was given to New stays
// open. Calls after it fail with prism.ErrUnavailable, except that a Store of
// New goes on as long as its database does. Close may be called more than
// once.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for query, stmt := range s.stmts {
		errs = append(errs, stmt.Close())
		delete(s.stmts, query)
	}
	if s.owned {
		// The writer last: the last connection to an SQLite file folds the
		// write-ahead log into it, which a reader may not do. Elsewhere the two
		// are one, and closing it again does nothing.
		errs = append(errs, s.reader.Close(), s.writer.Close())
	}
	return errors.Join(errs...)
}

// prepared returns a statement on the readers' pool. Each is prepared when it
// is first needed, since the tables may come after Open.
func (s *Store) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.RLock()
	stmt := s.stmts[query]
	s.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := s.reader.PrepareContext(ctx, s.engine.statement(query))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.stmts[query]; first != nil {
		return first, stmt.Close() //nolint:sqlclosecheck // the other one is kept
	}
	s.stmts[query] = stmt
	return stmt, nil
}

func (s *Store) now() time.Time { return s.clock() }
