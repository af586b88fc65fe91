package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/b2bprism/b2bprism/prism"
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

var sqlite = engine{
	goose:      goose.DialectSQLite3,
	migrations: subFS(sqliteMigrations, "migrations/sqlite"),
	prepares:   true,

	// A transaction that begins by reading and writes later can fail at once
	// when another process wrote in between (SQLITE_BUSY_SNAPSHOT), whatever
	// busy_timeout says. This statement changes nothing, and takes the write
	// lock.
	lockForWriting: `DELETE FROM prism_ban WHERE channel_id = '' AND user_id = ''`,
	// A transaction that writes is the only one, so none has to be run again.
	again:   func(error) bool { return false },
	refused: func(error) bool { return false },

	putUser:    upsertUser,
	putChannel: upsertChannel,
	putBan:     upsertBan,
	addManager: insertManagerOnce,

	takeLease:   upsertLease,
	alike:       sameTexts,
	putStats:    updateStats,
	putViewers:  upsertViewers,
	findViewers: selectViewers,
}

// sqliteBusyTimeout is how long a transaction waits for one of another process
// when its context would let it wait longer.
const sqliteBusyTimeout = 5 * time.Second

// openSQLite opens two pools on one file. SQLite takes one writer at a time, so
// the writing pool has one connection: in this process writers queue in Go,
// fairly and with their contexts, not in SQLite's busy loop. Readers see the
// last committed state, and neither wait for the writer nor hold it up (WAL).
func openSQLite(ctx context.Context, path string) (writer, reader *sql.DB, err error) {
	if err := createSQLiteFile(path); err != nil {
		return nil, nil, err
	}
	writer, err = sql.Open("sqlite", sqliteDSN(path, url.Values{
		"_journal_mode": {"WAL"},
		// A commit in WAL mode survives the end of the process at any point,
		// kill -9 included. NORMAL leaves out the wait for the disk: a loss of
		// power can undo the latest commits, but never damages the file.
		"_synchronous":  {"NORMAL"},
		"_foreign_keys": {"on"},
		"_txlock":       {"immediate"},
	}))
	if err != nil {
		return nil, nil, fmt.Errorf("sqlstore: open %q: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	reader, err = sql.Open("sqlite", sqliteDSN(path, url.Values{"_query_only": {"on"}}))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("sqlstore: open %q: %w", path, err), writer.Close())
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)

	// The writer first: it switches the file to WAL.
	if err := errors.Join(switchToWAL(ctx, writer), reader.PingContext(ctx)); err != nil {
		err = fmt.Errorf("sqlstore: open %q: %w", path, failure(ctx, err))
		return nil, nil, errors.Join(err, writer.Close(), reader.Close())
	}
	return writer, reader, nil
}

// switchToWAL opens the first connection. SQLite does not wait for others that
// switch the same new file at the same time, so this does.
func switchToWAL(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, sqliteBusyTimeout)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		var failed *driver.Error
		if !errors.As(err, &failed) || failed.Code()&0xff != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// createSQLiteFile makes the file readable for its owner only, since it holds
// stream keys. SQLite gives its companions (-wal, -shm) the same mode.
func createSQLiteFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the path is the host's own configuration
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return fmt.Errorf("sqlstore: open the database file: %w: %w", prism.ErrUnavailable, err)
	}
	return nil
}

// sqliteDSN is a URI, in which any character of a path can be written.
func sqliteDSN(path string, options url.Values) string {
	options.Set("_busy_timeout", strconv.FormatInt(sqliteBusyTimeout.Milliseconds(), 10))
	escaped := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	return "file:" + escaped + "?" + options.Encode()
}
