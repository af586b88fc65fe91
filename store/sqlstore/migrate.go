package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
)

// VersionTable is the table in which Migrate records what it has done.
const VersionTable = "prism_schema_version"

// Migrate creates the tables or brings them up to this version. It changes
// nothing that is up to date, and any number of processes may call it at once.
// Each step is one transaction: after an error, the steps before it are done
// and the one that failed is not.
func (s *Store) Migrate(ctx context.Context) error {
	steps, err := s.steps()
	if err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
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

func (s *Store) steps() (*goose.Provider, error) {
	return goose.NewProvider(s.engine.goose, s.writer, s.engine.migrations,
		goose.WithTableName(VersionTable),
		goose.WithLogger(goose.NopLogger()),
		// A host that uses goose itself may have registered steps of its own.
		goose.WithDisableGlobalRegistry(true))
}
