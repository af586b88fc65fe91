package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/mysql/*.sql
var mysqlMigrations embed.FS

var mysqlEngine = engine{
	goose:         goose.DialectMySQL,
	migrations:    subFS(mysqlMigrations, "migrations/mysql"),
	migrationLock: mysqlMigrationLock{},

	// At MySQL's own default, REPEATABLE READ, a transaction would go on
	// reading what was there before it waited for a lock, and would lock gaps
	// between rows. Each transaction locks the row that its rule is about and
	// then reads what it decides on.
	isolation: sql.LevelReadCommitted,
	// MariaDB since 10.3 collects the running transactions for a snapshot
	// without a lock, while they end (MDEV-15104).
	tornReads: true,
	prepares:  true,

	countsFound: `UPDATE ` + VersionTable + ` SET version_id = version_id WHERE version_id = 0`,

	forUpdate: ` FOR UPDATE`,
	forShare:  ` LOCK IN SHARE MODE`,
	forSweep:  ` FOR UPDATE SKIP LOCKED`,

	again: func(err error) bool {
		switch mysqlNumber(err) {
		case 1213, 1020, // deadlock, a row that changed since it was read
			1062: // two inserted the same key; the second time it is found
			return true
		}
		return false
	},
	refused: func(err error) bool {
		switch mysqlNumber(err) {
		case 1406, 1366, 1264: // too long, not of the character set, out of range
			return true
		}
		return false
	},
	holds: utf8.ValidString,

	putUser: `
		INSERT INTO prism_user (id, name, thumbnail_url, disabled)
		VALUES (?, ?, ?, ?)
		ON DUPLICATE KEY UPDATE
			name = VALUES(name),
			thumbnail_url = VALUES(thumbnail_url),
			disabled = VALUES(disabled)`,
	putChannel: `
		INSERT INTO prism_channel (id, owner_id, name, enabled, link, description, tags,
			thumbnail_url, follower_count, modified_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON DUPLICATE KEY UPDATE
			owner_id = VALUES(owner_id),
			name = VALUES(name),
			enabled = VALUES(enabled),
			link = VALUES(link),
			description = VALUES(description),
			tags = VALUES(tags),
			thumbnail_url = VALUES(thumbnail_url),
			follower_count = VALUES(follower_count),
			modified_at = COALESCE(?, prism_channel.modified_at),
			created_at = COALESCE(?, prism_channel.created_at)`,
	putBan: `
		INSERT INTO prism_ban (channel_id, user_id, until)
		VALUES (?, ?, ?)
		ON DUPLICATE KEY UPDATE until = VALUES(until)`,
	addManager: `
		INSERT INTO prism_manager (channel_id, user_id)
		VALUES (?, ?)
		ON DUPLICATE KEY UPDATE user_id = VALUES(user_id)`,

	// The columns are set one after the other, or, where the host's sql_mode
	// has SIMULTANEOUS_ASSIGNMENT, at once: either way a lease of another
	// holder that is not over stays as it is.
	takeLease: `
		INSERT INTO prism_lease (job, holder, taken_at, until)
		VALUES (?, ?, ?, ?)
		ON DUPLICATE KEY UPDATE
			holder = IF(until <= VALUES(taken_at), VALUES(holder), holder),
			taken_at = IF(holder = VALUES(holder) OR until <= VALUES(taken_at), VALUES(taken_at), taken_at),
			until = IF(holder = VALUES(holder) OR until <= VALUES(taken_at), VALUES(until), until)`,
	// The collation does not see spaces at the end.
	alike: `CAST(t.title AS BINARY) = CAST(d.title AS BINARY) AND CAST(t.description AS BINARY) = CAST(d.description AS BINARY)`,

	putStats: func(n int) string {
		return `
			UPDATE prism_live_stat n
			JOIN (` + repeated(`
				SELECT CAST(? AS BINARY) AS live_id, CAST(? AS SIGNED) AS views, CAST(? AS SIGNED) AS likes,
					CAST(? AS SIGNED) AS chats, CAST(? AS SIGNED) AS reported, CAST(? AS SIGNED) AS reported_in`, " UNION ALL ", n) + `) r
			ON n.live_id = r.live_id
			SET n.views = r.views, n.likes = r.likes, n.chats = r.chats, n.reported = r.reported, n.reported_in = r.reported_in`
	},
	putViewers: func(n int) string {
		return `
			INSERT INTO prism_viewer (live_id, viewer_id, broadcast, seen_at)
			VALUES ` + repeated("(?, ?, ?, ?)", ", ", n) + `
			ON DUPLICATE KEY UPDATE broadcast = VALUES(broadcast), seen_at = VALUES(seen_at)`
	},
	findViewers: func(n int) string {
		return `
			SELECT v.live_id, v.viewer_id
			FROM (` + repeated("SELECT CAST(? AS BINARY) AS live_id, CAST(? AS BINARY) AS viewer_id, CAST(? AS SIGNED) AS broadcast", " UNION ALL ", n) + `) h
			JOIN prism_viewer v ON v.live_id = h.live_id AND v.viewer_id = h.viewer_id AND v.broadcast = h.broadcast`
	},
}

// mysqlNumber is the number of an error of the server, or 0.
func mysqlNumber(err error) uint16 {
	var failed *mysql.MySQLError
	if errors.As(err, &failed) {
		return failed.Number
	}
	return 0
}

// openMySQL opens a pool on the database of a mysql:// URL.
func openMySQL(ctx context.Context, dsn string) (*sql.DB, error) {
	u, connections, err := parsePoolURL(dsn)
	if err != nil {
		return nil, err
	}
	if u.Path == "" || u.Path == "/" {
		return nil, errors.New(`sqlstore: the DSN names no database: want "mysql://USER:PASSWORD@HOST:PORT/DATABASE"`)
	}
	// The driver has a syntax of its own, without escapes for the user and the
	// password: only the parameters go through it.
	config, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: the DSN is refused: %w", withoutPassword(err, dsn, u))
	}
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.DBName = u.Path[1:]
	config.Net, config.Addr = "tcp", u.Host
	switch {
	case u.Port() == "" && u.Hostname() != "":
		config.Addr = net.JoinHostPort(u.Hostname(), "3306")
	case u.Host == "":
		config.Addr = "127.0.0.1:3306"
	}
	// What the statements of this package rely on.
	config.ClientFoundRows = true
	config.MultiStatements = false
	config.Collation = "utf8mb4_bin"
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"
	// One round trip for a statement in a transaction, instead of three.
	config.InterpolateParams = true
	// All that it would print is in the errors as well.
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: the DSN is refused: %w", withoutPassword(err, dsn, u))
	}
	return openPool(ctx, sql.OpenDB(connector), connections)
}

// mysqlMigrationLock is a named lock of the session, one for each database.
// The server gives it up when the session ends in whatever way.
type mysqlMigrationLock struct{}

// A name has at most 64 characters.
const mysqlLockName = `CONCAT('prism_', SHA1(DATABASE()))`

func (mysqlMigrationLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	for {
		var got sql.Null[int]
		err := conn.QueryRowContext(ctx, `SELECT GET_LOCK(`+mysqlLockName+`, 10)`).Scan(&got)
		if err != nil || got.V == 1 {
			return err
		}
	}
}

func (mysqlMigrationLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `DO RELEASE_LOCK(`+mysqlLockName+`)`)
	return err
}
