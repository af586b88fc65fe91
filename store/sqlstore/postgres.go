package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/b2bprism/b2bprism/prism"
)

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

var postgres = engine{
	goose:         goose.DialectPostgres,
	migrations:    subFS(postgresMigrations, "migrations/postgres"),
	migrationLock: postgresMigrationLock{},

	// Each transaction locks the row that its rule is about and then reads
	// what it decides on, so READ COMMITTED, where every statement sees what
	// was committed before it, is what the rules need. It is set whatever the
	// default of the database is.
	isolation: sql.LevelReadCommitted,
	numbered:  true,

	// NO KEY: rows that refer to the locked one can be inserted meanwhile.
	forUpdate: ` FOR NO KEY UPDATE`,
	forShare:  ` FOR SHARE`,
	forSweep:  ` FOR UPDATE SKIP LOCKED`,

	again: func(err error) bool {
		switch postgresCode(err) {
		case "40001", "40P01", // serialization failure, deadlock
			"23505": // two inserted the same key; the second time it is found
			return true
		}
		return false
	},
	refused: func(err error) bool {
		code := postgresCode(err)
		// Data exceptions, and a key that is too long for an index.
		return strings.HasPrefix(code, "22") || code == "54000"
	},
	holds: func(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") },

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

// postgresCode is the SQLSTATE of an error of the server, or "".
func postgresCode(err error) string {
	// All drivers for PostgreSQL that a host may use have this method.
	var failed interface{ SQLState() string }
	if errors.As(err, &failed) {
		return failed.SQLState()
	}
	return ""
}

// openPostgres opens a pool on the database of a postgres:// URL.
func openPostgres(ctx context.Context, dsn string) (*sql.DB, error) {
	u, connections, err := parsePoolURL(dsn)
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		var refused *pgconn.ParseConfigError
		if errors.As(err, &refused) {
			err = refused.Unwrap() // without the text of the DSN
		}
		return nil, fmt.Errorf("sqlstore: the DSN is refused: %w", withoutPassword(err, dsn, u))
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "b2bprism"
	}
	db := stdlib.OpenDB(*config)
	return openPool(ctx, db, connections)
}

// postgresMigrationLock is an advisory lock of the session, one for each
// schema. The server gives it up when the session ends in whatever way.
type postgresMigrationLock struct{}

const postgresLockKey = `(hashtextextended('` + VersionTable + ` ' || current_schema(), 0))`

func (postgresMigrationLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	var schema sql.Null[string]
	if err := conn.QueryRowContext(ctx, `SELECT current_schema()`).Scan(&schema); err != nil {
		return err
	}
	if !schema.Valid {
		return fmt.Errorf("the search_path names no schema that exists: %w", prism.ErrUnavailable)
	}
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock`+postgresLockKey)
	return err
}

func (postgresMigrationLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock`+postgresLockKey)
	return err
}
