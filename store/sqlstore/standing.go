package sqlstore

import (
	"context"

	"github.com/b2bprism/b2bprism/prism"
)

const findStanding = `
	SELECT CASE WHEN c.owner_id = ? THEN 1 ELSE 0 END,
		(SELECT COUNT(*) FROM prism_manager g WHERE g.channel_id = l.channel_id AND g.user_id = ?),
		(SELECT COUNT(*) FROM prism_ban b
			WHERE b.channel_id = l.channel_id AND b.user_id = ? AND (b.until IS NULL OR b.until > ?))
	FROM prism_live l
	JOIN prism_channel c ON c.id = l.channel_id
	WHERE l.id = ?`

// Standing implements prism.StandingSource.
func (s *Store) Standing(ctx context.Context, liveID, userID string) (prism.Standing, error) {
	if !s.engine.holdsText(userID) {
		userID = "" // nobody
	}
	var standing prism.Standing
	err := s.readOne(ctx, "live", findStanding, []any{userID, userID, userID, micros(s.now()), liveID},
		&standing.Owner, &standing.Manager, &standing.Banned)
	if err != nil {
		return prism.Standing{}, err
	}
	return standing, nil
}
