package sqlstore

import (
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Dialect names a database engine.
type Dialect string

// The engines of this version.
const (
	// SQLite is SQLite 3.37 or later.
	SQLite Dialect = "sqlite"
)

// engine is what differs between database engines. All other statements are
// written so that every engine understands them.
type engine struct {
	// goose names the engine for the migrations, which stand in migrations.
	goose      goose.Dialect
	migrations fs.FS

	// lockForWriting is run first in every transaction on a database that the
	// host opened, or "". It makes the transaction a writing one, before it
	// has read anything.
	lockForWriting string
	// forUpdate ends a SELECT whose rows must not change before the
	// transaction is over.
	forUpdate string

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
}

func (d Dialect) engine() (*engine, error) {
	switch d {
	case SQLite:
		return &sqlite, nil
	default:
		return nil, fmt.Errorf("sqlstore: there is no engine %q in this version: it has %q", d, SQLite)
	}
}
