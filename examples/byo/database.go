package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/b2bprism/b2bprism/prism"
)

// market is the site's data as the service API wants it. It keeps nothing in
// memory: any number of processes may have one.
type market struct {
	pool   *pgxpool.Pool
	site   string // "https://market.example.com"
	ingest string // "rtmp://ingest.example.com/live"
}

// Every query has one of these, and so authorises while it selects: access is
// the studios that the user may broadcast from, accessLive one broadcast there.
const (
	access = `
		FROM studio_members m
		JOIN studios s ON s.id = m.studio_id AND s.closed_at IS NULL AND m.member_id = @user AND m.role IN ('owner', 'host')`
	accessLive = access + `
		JOIN broadcasts b ON b.studio_id = s.id AND b.removed_at IS NULL AND b.id = @id`
)

// args are the acting user, the id of a studio or broadcast, where the site and
// its ingest are, and more. A query takes what it names.
func (m *market) args(userID, id string, more pgx.NamedArgs) pgx.NamedArgs {
	args := pgx.NamedArgs{"user": known(number, userID), "id": known(uuid, id), "site": m.site, "ingest": m.ingest}
	maps.Copy(args, more)
	return args
}

var (
	number = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)
	uuid   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// known makes NULL, which finds no row, of an id that no column gave out.
// PostgreSQL itself would take " 07" for 7.
func known(form *regexp.Regexp, id string) any {
	if form.MatchString(id) {
		return id
	}
	return nil
}

// get reads the one value that a query answers with, as JSON if it is a struct
// or a list. No row is ErrNotFound.
func get[T any](ctx context.Context, db interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}, sql string, args pgx.NamedArgs) (value T, err error) {
	err = db.QueryRow(ctx, sql, args).Scan(&value)
	return value, failure(err)
}

// failure tells what an error of the driver means: no such row, or a database
// that cannot answer for now. It is the service that looks at its deadline.
func failure(err error) error {
	var ours *prism.Error
	switch {
	case err == nil, errors.As(err, &ours):
		return err
	case errors.Is(err, pgx.ErrNoRows):
		return prism.ErrNotFound
	default:
		return fmt.Errorf("%w: %w", prism.ErrUnavailable, err)
	}
}
