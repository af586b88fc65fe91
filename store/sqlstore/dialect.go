package sqlstore

import (
	"database/sql"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Dialect names a database engine.
type Dialect string

// The engines of this version.
const (
	// SQLite is SQLite 3.37 or later.
	SQLite Dialect = "sqlite"
	// PostgreSQL is PostgreSQL 13 or later.
	PostgreSQL Dialect = "postgres"
	// MySQL is MariaDB 10.8 or later, on which the tests run, or MySQL 8.0.16
	// or later.
	MySQL Dialect = "mysql"
)

// engine is what differs between database engines. All other statements are
// written so that every engine understands them, with ? for an argument.
type engine struct {
	// goose names the engine for the migrations, which stand in migrations.
	goose      goose.Dialect
	migrations fs.FS
	// migrationLock lets one process at a time migrate. It is nil where the
	// steps themselves do.
	migrationLock lock.SessionLocker

	// isolation is the level at which each transaction runs.
	isolation sql.IsolationLevel
	// tornReads tells that a SELECT may see what a transaction committed and
	// not what an earlier one did, for which the later one waited.
	tornReads bool
	// numbered tells that arguments are written $1, $2 and so on.
	numbered bool
	// prepares tells that a statement which is prepared once per connection
	// saves work. It does not where the driver does it by itself.
	prepares bool

	// lockForWriting is run first in every transaction on a database that the
	// host opened, or "". It makes the transaction a writing one, before it
	// has read anything.
	lockForWriting string
	// countsFound is a statement that changes nothing and finds a row, or "".
	// On a pool of the host it must count that row: see checkPool.
	countsFound string

	// What ends a SELECT in a transaction that may run beside others. All are
	// "" where a transaction that writes is the only one.
	//
	// forUpdate keeps others from changing, and from locking, the rows until
	// the transaction is over; forShare only from changing them. What the
	// SELECT returns is the latest that was committed.
	forUpdate, forShare string
	// forSweep is forUpdate that leaves out the rows that are locked.
	forSweep string

	// again reports whether the error is a clash with another transaction,
	// which undid this one: it can be run again from its beginning.
	again func(error) bool
	// refused reports whether the error is about a value that no column can
	// hold.
	refused func(error) bool
	// holds reports whether a column can hold a text; nil means any text.
	holds func(string) bool

	// putUser inserts or overwrites a user.
	// Arguments: id, name, thumbnail_url, disabled.
	putUser string
	// putChannel inserts or overwrites a channel. Arguments: id, owner_id,
	// name, enabled, link, description, tags, thumbnail_url, follower_count,
	// modified_at and created_at of a new channel, then those of an old one,
	// NULL to keep what is stored.
	putChannel string
	// putBan inserts or overwrites a ban. Arguments: channel_id, user_id,
	// until.
	putBan string
	// addManager inserts a manager who may be one already. Arguments:
	// channel_id, user_id.
	addManager string
	// takeLease inserts a lease, or overwrites one that is over or of the same
	// holder. Arguments: job, holder, taken_at, until.
	takeLease string
	// alike compares the texts of the lives t and d by their bytes.
	alike string

	// These are about n rows. putStats updates rows of prism_live_stat that
	// are there; arguments, for each: live_id, views, likes, chats, reported,
	// reported_in. putViewers inserts or overwrites, in the order of the
	// arguments: live_id, viewer_id, broadcast, seen_at. findViewers finds the
	// live_id and viewer_id of those of its arguments, which are live_id,
	// viewer_id and broadcast, that are there.
	putStats, putViewers, findViewers func(n int) string
}

func (d Dialect) engine() (*engine, error) {
	switch d {
	case SQLite:
		return &sqlite, nil
	case PostgreSQL:
		return &postgres, nil
	case MySQL:
		return &mysqlEngine, nil
	default:
		return nil, fmt.Errorf("sqlstore: there is no engine %q in this version: it has %q, %q and %q", d, SQLite, PostgreSQL, MySQL)
	}
}

// statement writes the arguments as the engine does. No statement of this
// package has a question mark for anything else.
func (e *engine) statement(query string) string {
	if !e.numbered {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 16)
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

// holdsText reports whether a column can hold a text.
func (e *engine) holdsText(text string) bool { return e.holds == nil || e.holds(text) }

// holdsAll reports whether columns can hold all texts among the arguments.
func (e *engine) holdsAll(args []any) bool {
	if e.holds == nil {
		return true
	}
	for _, arg := range args {
		switch text := arg.(type) {
		case string:
			if !e.holds(text) {
				return false
			}
		case *string:
			if text != nil && !e.holds(*text) {
				return false
			}
		}
	}
	return true
}

func subFS(files fs.FS, dir string) fs.FS {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // dir is a constant and a valid path
	}
	return sub
}
