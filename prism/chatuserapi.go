package prism

import (
	"context"
	"time"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// banUser answers PUT /live/{liveId}/ban/{userId}.
func (s *Service) banUser(x *exchange) (any, error) { return s.ban(x, 0) }

// timedBanUser answers PUT /live/{liveId}/timedBan/{userId}.
func (s *Service) timedBanUser(x *exchange) (any, error) {
	body, err := x.body()
	if err != nil {
		return nil, err
	}
	d, err := wire.ParseTimedBan(body)
	if err != nil {
		return nil, invalid(err)
	}
	return s.ban(x, d)
}

func (s *Service) ban(x *exchange, d time.Duration) (any, error) {
	return x.do(s.cfg.Ban, func(ctx context.Context) error {
		return s.cfg.Ban.BanUser(ctx, x.user, x.liveID, x.targetID, d)
	})
}

// unbanUser answers PUT /live/{liveId}/unban/{userId}.
func (s *Service) unbanUser(x *exchange) (any, error) {
	return x.do(s.cfg.Ban, func(ctx context.Context) error {
		return s.cfg.Ban.UnbanUser(ctx, x.user, x.liveID, x.targetID)
	})
}

// addManager answers PUT /live/{liveId}/mod/{userId}.
func (s *Service) addManager(x *exchange) (any, error) {
	return x.do(s.cfg.Managers, func(ctx context.Context) error {
		return s.cfg.Managers.AddManager(ctx, x.user, x.liveID, x.targetID)
	})
}

// removeManager answers PUT /live/{liveId}/unmod/{userId}.
func (s *Service) removeManager(x *exchange) (any, error) {
	return x.do(s.cfg.Managers, func(ctx context.Context) error {
		return s.cfg.Managers.RemoveManager(ctx, x.user, x.liveID, x.targetID)
	})
}
