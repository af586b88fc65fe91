package sqlstore

import "context"

// chatState is what writing to the chat of a live needs to know of it.
type chatState struct {
	channelID, ownerID, tag string
	seq                     int64
	kept                    int
}

// lockChat locks the row that holds the chat's last number.
const lockChat = `SELECT 1 FROM prism_live_stat WHERE live_id = ?`

const findChat = `
	SELECT l.channel_id, c.owner_id, l.chat_tag, n.chat_seq, n.chat_kept
	FROM prism_live l
	JOIN prism_live_stat n ON n.live_id = l.id
	JOIN prism_channel c ON c.id = l.channel_id
	WHERE l.id = ?`

// chat reads the state of a live's chat and keeps other writers from it, so
// that numbers are given in the order of the commits.
func (t transaction) chat(liveID string) (chatState, error) {
	var s chatState
	if err := t.lock("live", lockChat, liveID); err != nil {
		return s, err
	}
	err := t.one("live", findChat, []any{liveID}, &s.channelID, &s.ownerID, &s.tag, &s.seq, &s.kept)
	return s, err
}

// chatOf is chat for an acting user.
func (t transaction) chatOf(userID, liveID string) (chatState, error) {
	s, err := t.chat(liveID)
	if err == nil && s.ownerID != userID {
		err = notFound("live")
	}
	return s, err
}

// SendMessage implements prism.ChatSender. It takes chat in any state of the
// live. The acting user is the channel's owner, who cannot be banned.
func (s *Store) SendMessage(ctx context.Context, userID, liveID, text string) error {
	return s.write(ctx, func(t transaction) error {
		chat, err := t.chatOf(userID, liveID)
		if err != nil {
			return err
		}
		return t.say(liveID, chat, userID, text)
	})
}

const findAuthor = `
	SELECT u.disabled, (SELECT COUNT(*) FROM prism_ban b
		WHERE b.channel_id = ? AND b.user_id = u.id AND (b.until IS NULL OR b.until > ?))
	FROM prism_user u WHERE u.id = ?`

// PostChat implements prism.Audience. It takes chat in any state of the live.
// It returns prism.ErrNotFound for a user that the store does not know and
// prism.ErrForbidden for one who is disabled.
func (s *Store) PostChat(ctx context.Context, liveID, userID, text string) error {
	return s.write(ctx, func(t transaction) error {
		chat, err := t.chat(liveID)
		if err != nil {
			return err
		}
		var disabled, banned bool
		err = t.one("author", findAuthor, []any{chat.channelID, micros(t.now()), userID}, &disabled, &banned)
		if err != nil {
			return err
		}
		if disabled || banned {
			return forbidden("the author may not chat here")
		}
		return t.say(liveID, chat, userID, text)
	})
}

// say adds a message and trims the oldest.
func (t transaction) say(liveID string, chat chatState, authorID, text string) error {
	_, err := t.exec(`INSERT INTO prism_chat (live_id, seq, at, author_id, text) VALUES (?, ?, ?, ?, ?)`,
		liveID, chat.seq+1, micros(t.now()), authorID, text)
	if err != nil {
		return err
	}
	trimmed, err := t.trimChat(liveID, chat.kept+1-t.chatLimit)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		UPDATE prism_live_stat
		SET chats = CASE WHEN chats < 9223372036854775807 THEN chats + 1 ELSE chats END, chat_seq = ?, chat_kept = ?
		WHERE live_id = ?`,
		chat.seq+1, chat.kept+1-trimmed, liveID)
	return err
}

// trimChat deletes the oldest messages, if extra is more than 0.
func (t transaction) trimChat(liveID string, extra int) (trimmed int, err error) {
	if extra <= 0 {
		return 0, nil
	}
	var last int64
	err = t.one("message to trim", `SELECT seq FROM prism_chat WHERE live_id = ? ORDER BY seq LIMIT 1 OFFSET ?`,
		[]any{liveID, extra - 1}, &last)
	if err != nil {
		return 0, err
	}
	n, err := t.exec(`DELETE FROM prism_chat WHERE live_id = ? AND seq <= ?`, liveID, last)
	return int(n), err
}

// DeleteMessage implements prism.ChatDeleter. Deleting a message that was
// trimmed is no error either.
func (s *Store) DeleteMessage(ctx context.Context, userID, liveID, messageID string) error {
	return s.write(ctx, func(t transaction) error {
		chat, err := t.chatOf(userID, liveID)
		if err != nil {
			return err
		}
		seq, ok := parseMessageID(chat.tag, messageID)
		if !ok || seq > chat.seq {
			return notFound("message")
		}
		n, err := t.exec(`DELETE FROM prism_chat WHERE live_id = ? AND seq = ?`, liveID, seq)
		if err == nil && n > 0 {
			_, err = t.exec(`UPDATE prism_live_stat SET chat_kept = chat_kept - 1 WHERE live_id = ?`, liveID)
		}
		return err
	})
}
