package sqlstore

import (
	"context"
	"database/sql"
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
	return s.moderate(ctx, userID, liveID, targetID, func(t transaction, chat chatState) error {
		if targetID == chat.ownerID {
			return forbidden("the owner of the channel cannot be banned")
		}
		var until sql.Null[int64]
		if d > 0 {
			until = sql.Null[int64]{V: micros(t.now().Add(d)), Valid: true}
		}
		_, err := t.exec(t.engine.putBan, chat.channelID, targetID, until)
		return err
	})
}

// UnbanUser implements prism.Banner.
func (s *Store) UnbanUser(ctx context.Context, userID, liveID, targetID string) error {
	return s.moderate(ctx, userID, liveID, targetID, func(t transaction, chat chatState) error {
		_, err := t.exec(`DELETE FROM prism_ban WHERE channel_id = ? AND user_id = ?`, chat.channelID, targetID)
		return err
	})
}

// AddManager implements prism.ManagerStore. A manager is one of the channel,
// and so of all its lives.
func (s *Store) AddManager(ctx context.Context, userID, liveID, targetID string) error {
	return s.moderate(ctx, userID, liveID, targetID, func(t transaction, chat chatState) error {
		_, err := t.exec(t.engine.addManager, chat.channelID, targetID)
		return err
	})
}

// RemoveManager implements prism.ManagerStore.
func (s *Store) RemoveManager(ctx context.Context, userID, liveID, targetID string) error {
	return s.moderate(ctx, userID, liveID, targetID, func(t transaction, chat chatState) error {
		_, err := t.exec(`DELETE FROM prism_manager WHERE channel_id = ? AND user_id = ?`, chat.channelID, targetID)
		return err
	})
}

// moderate runs change if the user may use the live and the target is a user.
func (s *Store) moderate(ctx context.Context, userID, liveID, targetID string, change func(transaction, chatState) error) error {
	return s.write(ctx, func(t transaction) error {
		chat, err := t.chatOf(userID, liveID)
		if err != nil {
			return err
		}
		if err := t.isUser("user to moderate", targetID); err != nil {
			return err
		}
		return change(t, chat)
	})
}
