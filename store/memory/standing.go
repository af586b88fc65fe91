package memory

import (
	"context"

	"github.com/b2bprism/b2bprism/prism"
)

// Standing implements prism.StandingSource.
func (s *Store) Standing(ctx context.Context, liveID, userID string) (prism.Standing, error) {
	if err := s.lock(ctx); err != nil {
		return prism.Standing{}, err
	}
	defer s.mu.Unlock()
	l, err := s.anyLive(liveID)
	if err != nil {
		return prism.Standing{}, err
	}
	_, manager := l.channel.managers[userID]
	return prism.Standing{
		Owner:   userID == l.channel.owner,
		Manager: manager,
		Banned:  l.channel.banned(userID, s.now()),
	}, nil
}
