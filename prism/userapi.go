package prism

import (
	"context"
	"errors"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// getUser answers GET /user. A user who is gone or blocked has lost the
// sign-in, which is the one thing a 401 says.
func (s *Service) getUser(x *exchange) (any, error) {
	user, err := call(x.ctx, s, s.cfg.Users, func(ctx context.Context) (User, error) { return s.cfg.Users.User(ctx, x.user) })
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrUnauthorized) || err == nil && user.Disabled {
		return nil, errSignInLost
	}
	if err != nil {
		return nil, err
	}
	id, ok := wire.EncodeID(x.user)
	if !ok {
		return nil, x.cannotSend(s.cfg.Users, "User.ID")
	}
	return wire.UserData{User: wire.User{
		UserID:           id,
		UserName:         x.userName(user),
		ProfileThumbnail: wire.Nullable(user.ThumbnailURL),
	}}, nil
}

func (x *exchange) userName(user User) string {
	return x.nameOr(x.svc.cfg.Users, "User.Name", user.Name, x.user)
}

// streamer is the acting user as the channel APIs need it: the name, and
// whether broadcasts are allowed at all. A user who is gone counts as blocked.
func (x *exchange) streamer() (name string, allowed bool, err error) {
	users := x.svc.cfg.Users
	user, err := call(x.ctx, x.svc, users, func(ctx context.Context) (User, error) { return users.User(ctx, x.user) })
	switch {
	case errors.Is(err, ErrNotFound):
		return x.user, false, nil
	case err != nil:
		return "", false, err
	}
	return x.userName(user), !user.Disabled, nil
}
