package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// VersionTable is the table in which Migrate records what it has done.
const VersionTable = "prism_schema_version"

// Migrate creates the tables or brings them up to this version. It changes
// nothing that is up to date, and any number of processes may call it at once:
// on a server the others wait, as long as their contexts last, for a lock that
// ends with its session. After an error, the steps before it are done and the
// one that failed is not; on MySQL, which knows no transaction of such
// statements, a part of it may be, and the next call does the rest.
func (s *Store) Migrate(ctx context.Context) error {
	steps, err := s.steps()
	if err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	if s.engine.migrationLock != nil {
		if err = s.createVersionTable(ctx); err == nil {
			_, err = steps.Up(ctx)
		}
		if err != nil {
			return fmt.Errorf("sqlstore: migrate: %w", failure(ctx, err))
		}
		return nil
	}
	// A process that comes second to a step fails to create what is there by
	// then, and its transaction is undone. So a failure is final only when
	// the version has not moved since the attempt began.
	for {
		before, err := steps.GetDBVersion(ctx)
		if err == nil {
			_, err = steps.Up(ctx)
		}
		if err == nil {
			return nil
		}
		after, versionErr := steps.GetDBVersion(ctx)
		if versionErr != nil || after <= before {
			return fmt.Errorf("sqlstore: migrate: %w", failure(ctx, errors.Join(err, versionErr)))
		}
	}
}

// createVersionTable makes the version table with its first row, under the
// lock. goose looks at the table before it takes the lock and would make it
// there, so that of several processes two could write that row.
func (s *Store) createVersionTable(ctx context.Context) (err error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	rows := 0
	count := func() error {
		return conn.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+VersionTable).Scan(&rows)
	}
	if err := count(); err == nil && rows > 0 {
		return nil
	}
	if err := s.engine.migrationLock.SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, s.engine.migrationLock.SessionUnlock(context.WithoutCancel(ctx), conn))
	}()
	table, err := database.NewStore(s.engine.goose, VersionTable)
	if err != nil {
		return err
	}
	if missing := count(); missing != nil {
		if err := table.CreateVersionTable(ctx, conn); err != nil {
			return errors.Join(missing, err)
		}
	}
	if rows > 0 {
		return nil
	}
	return table.Insert(ctx, conn, database.InsertRequest{Version: 0})
}

func (s *Store) steps() (*goose.Provider, error) {
	options := []goose.ProviderOption{
		goose.WithTableName(VersionTable),
		goose.WithLogger(goose.NopLogger()),
		// A host that uses goose itself may have registered steps of its own.
		goose.WithDisableGlobalRegistry(true),
	}
	if s.engine.migrationLock != nil {
		options = append(options, goose.WithSessionLocker(s.engine.migrationLock))
	}
	return goose.NewProvider(s.engine.goose, s.writer, s.engine.migrations, options...)
}
