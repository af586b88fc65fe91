package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// failure tells a caller's error from the database's. The sentinels that this
// package chose go through. All else came from database/sql or the driver: if
// the context is over that is the reason, whatever the driver says of it, and
// if not, the database cannot answer for now.
func failure(ctx context.Context, err error) error {
	var chosen *prism.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &chosen), errors.Is(err, oauth.ErrCodeUsed):
		return err
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	default:
		return fmt.Errorf("%w: %w", prism.ErrUnavailable, err)
	}
}

func notFound(what string) error { return fmt.Errorf("%s: %w", what, prism.ErrNotFound) }

func conflict(why string) error { return fmt.Errorf("%s: %w", why, prism.ErrConflict) }

func forbidden(why string) error { return fmt.Errorf("%s: %w", why, prism.ErrForbidden) }
