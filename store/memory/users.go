package memory

import (
	"context"

	"github.com/b2bprism/b2bprism/prism"
)

// User implements prism.UserSource.
func (s *Store) User(ctx context.Context, userID string) (prism.User, error) {
	if err := s.lock(ctx); err != nil {
		return prism.User{}, err
	}
	defer s.mu.Unlock()
	u, ok := s.users[userID]
	if !ok {
		return prism.User{}, notFound("user")
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
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.users[user.ID] = user
	return nil
}
