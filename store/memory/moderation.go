package memory

import (
	"context"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// BanUser implements prism.Banner. A ban with 0 stands until it is lifted. It
// returns prism.ErrForbidden for the owner of the channel, who cannot be
// banned, and prism.ErrInvalid for a negative time.
func (s *Store) BanUser(ctx context.Context, userID, liveID, targetID string, d time.Duration) error {
	if d < 0 {
		return prism.InvalidField("banTime", "is negative")
	}
	return s.moderate(ctx, userID, liveID, targetID, func(c *channelRecord) error {
		if targetID == c.owner {
			return forbidden("the owner of the channel cannot be banned")
		}
		var until time.Time
		if d > 0 {
			until = s.now().Add(d)
		}
		c.bans[targetID] = until
		return nil
	})
}

// UnbanUser implements prism.Banner.
func (s *Store) UnbanUser(ctx context.Context, userID, liveID, targetID string) error {
	return s.moderate(ctx, userID, liveID, targetID, func(c *channelRecord) error {
		delete(c.bans, targetID)
		return nil
	})
}

// AddManager implements prism.ManagerStore. A manager is one of the channel,
// and so of all its lives.
func (s *Store) AddManager(ctx context.Context, userID, liveID, targetID string) error {
	return s.moderate(ctx, userID, liveID, targetID, func(c *channelRecord) error {
		c.managers[targetID] = struct{}{}
		return nil
	})
}

// RemoveManager implements prism.ManagerStore.
func (s *Store) RemoveManager(ctx context.Context, userID, liveID, targetID string) error {
	return s.moderate(ctx, userID, liveID, targetID, func(c *channelRecord) error {
		delete(c.managers, targetID)
		return nil
	})
}

// moderate runs change on the live's channel, if the user may use the live and
// the target is a user.
func (s *Store) moderate(ctx context.Context, userID, liveID, targetID string, change func(*channelRecord) error) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	l, err := s.liveOf(userID, liveID)
	if err != nil {
		return err
	}
	if _, ok := s.users[targetID]; !ok {
		return notFound("user to moderate")
	}
	return change(l.channel)
}

// SweepBans implements prism.SweepStore.
func (s *Store) SweepBans(ctx context.Context, limit int) (int, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	now, deleted := s.now(), 0
	for _, c := range s.channels {
		for userID, until := range c.bans {
			if deleted >= limit {
				return deleted, nil
			}
			if banOver(until, now) {
				delete(c.bans, userID)
				deleted++
			}
		}
	}
	return deleted, nil
}

// banned reports whether the user may not chat.
func (c *channelRecord) banned(userID string, now time.Time) bool {
	until, ok := c.bans[userID]
	return ok && !banOver(until, now)
}

// banOver reports whether a ban until then is over. The zero time is for ever.
func banOver(until, now time.Time) bool { return !until.IsZero() && !now.Before(until) }

func forbidden(why string) error { return fmt.Errorf("memory: %s: %w", why, prism.ErrForbidden) }
