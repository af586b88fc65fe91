package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// DefaultConnections is how many connections to a database server a Store of
// Open has at most, unless the DSN has the parameter pool_max_conns.
const DefaultConnections = 16

// Idle connections are kept, since a new one costs several round trips, but
// not for ever: a server behind a load balancer may have moved.
const (
	connectionIdleTime = 5 * time.Minute
	connectionLifetime = 30 * time.Minute
)

// poolParameter is the one parameter of a DSN that is not the driver's.
const poolParameter = "pool_max_conns"

// parsePoolURL takes the parameter that is meant for the pool out of a DSN.
func parsePoolURL(dsn string) (u *url.URL, connections int, err error) {
	u, err = url.Parse(dsn)
	if err != nil {
		// The parser's error repeats the DSN, or a part of the password that
		// it took for the port.
		return nil, 0, errors.New(`sqlstore: the DSN is no URL: want "SCHEME://USER:PASSWORD@HOST:PORT/DATABASE", with special characters written as %XX`)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, 0, errors.New("sqlstore: the parameters of the DSN are not URL-encoded")
	}
	connections = DefaultConnections
	if text := query.Get(poolParameter); text != "" {
		connections, err = strconv.Atoi(text)
		if err != nil || connections < 1 {
			return nil, 0, fmt.Errorf("sqlstore: %s in the DSN must be a number of 1 or more", poolParameter)
		}
	}
	query.Del(poolParameter)
	u.RawQuery = query.Encode()
	return u, connections, nil
}

// withoutPassword drops an error that repeats what the DSN keeps secret.
func withoutPassword(err error, dsn string, u *url.URL) error {
	password, _ := u.User.Password()
	secrets := []string{password, url.QueryEscape(password), url.PathEscape(password), dsn, u.String()}
	for _, secret := range append(secrets, u.Query()["password"]...) {
		if secret != "" && strings.Contains(err.Error(), secret) {
			return errors.New("the driver does not take it (its error would show the password)")
		}
	}
	return err
}

// openPool sets the bounds of a pool and makes its first connection.
func openPool(ctx context.Context, db *sql.DB, connections int) (*sql.DB, error) {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(connectionIdleTime)
	db.SetConnMaxLifetime(connectionLifetime)
	if err := db.PingContext(ctx); err != nil {
		err = fmt.Errorf("sqlstore: open the database: %w", failure(ctx, err))
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// checkPool refuses a pool of the host whose statements do not count the rows
// that they found: a change to what a row holds already would then look like
// one of a row that is not there.
func (t transaction) checkPool() error {
	if t.engine.countsFound == "" || t.poolChecked.Load() {
		return nil
	}
	found, err := t.exec(t.engine.countsFound)
	if err != nil {
		return err
	}
	if found == 0 {
		return fmt.Errorf("the pool counts changed rows instead of found ones: its DSN needs clientFoundRows=true: %w", prism.ErrUnavailable)
	}
	t.poolChecked.Store(true)
	return nil
}
