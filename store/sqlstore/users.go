package sqlstore

import (
	"context"

	"github.com/b2bprism/b2bprism/prism"
)

const findUser = `SELECT id, name, thumbnail_url, disabled FROM prism_user WHERE id = ?`

// User implements prism.UserSource.
func (s *Store) User(ctx context.Context, userID string) (prism.User, error) {
	var u prism.User
	err := s.readOne(ctx, "user", findUser, []any{userID}, &u.ID, &u.Name, &u.ThumbnailURL, &u.Disabled)
	if err != nil {
		return prism.User{}, err
	}
	return u, nil
}

// PutUser implements prism.Directory. Disabling a user disables the user's
// channels, and ends no live: call SetChannelEnabled for that. It returns
// prism.ErrInvalid for an id that cannot travel.
func (s *Store) PutUser(ctx context.Context, user prism.User) error {
	if err := checkID("User.ID", user.ID); err != nil {
		return err
	}
	return s.write(ctx, func(t transaction) error {
		_, err := t.exec(t.engine.putUser, user.ID, user.Name, user.ThumbnailURL, bit(user.Disabled))
		return err
	})
}

// isUser returns prism.ErrNotFound for a user that the store does not know.
func (t transaction) isUser(what, userID string) error {
	var found int
	return t.one(what, `SELECT 1 FROM prism_user WHERE id = ?`, []any{userID}, &found)
}

// bit is how a truth value is stored.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
