package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/b2bprism/b2bprism/prism"
)

// The chat is read in one query that starts from the live, so that a live
// without messages (a row of NULLs) differs from one that the user may not use
// (no row). The author is shown as the author is now.
//
// The messages are limited before they are joined: not every engine sees that
// they come out of the index in order.
const (
	chatColumns = `
	SELECT l.chat_tag, m.seq, m.at, m.author_id, m.text, u.name, u.thumbnail_url,
		CASE WHEN m.author_id = c.owner_id THEN 1 ELSE 0 END,
		CASE WHEN g.user_id IS NULL THEN 0 ELSE 1 END
	FROM prism_live l
	JOIN prism_channel c ON c.id = l.channel_id
	LEFT JOIN (
		SELECT seq, at, author_id, text FROM prism_chat WHERE live_id = ? AND seq > ? ORDER BY seq`
	chatJoins = ` LIMIT ?) m ON TRUE
	LEFT JOIN prism_user u ON u.id = m.author_id
	LEFT JOIN prism_manager g ON g.channel_id = c.id AND g.user_id = m.author_id
	WHERE l.id = ?`
	chatOfOwner = ` AND c.owner_id = ?`
	chatOrder   = ` ORDER BY m.seq`

	anyChatAfter  = chatColumns + chatJoins + chatOrder
	anyChatLatest = chatColumns + ` DESC` + chatJoins + chatOrder
	chatAfter     = chatColumns + chatJoins + chatOfOwner + chatOrder
	chatLatest    = chatColumns + ` DESC` + chatJoins + chatOfOwner + chatOrder
)

// Messages implements prism.ChatReader.
func (s *Store) Messages(ctx context.Context, userID, liveID string, query prism.ChatQuery) (prism.ChatPage, error) {
	return s.readChat(ctx, chatAfter, chatLatest, liveID, []any{userID}, query)
}

// LiveChat implements prism.Audience.
func (s *Store) LiveChat(ctx context.Context, liveID string, query prism.ChatQuery) (prism.ChatPage, error) {
	return s.readChat(ctx, anyChatAfter, anyChatLatest, liveID, nil, query)
}

func (s *Store) readChat(ctx context.Context, after, latest, liveID string, where []any, query prism.ChatQuery) (prism.ChatPage, error) {
	limit := query.Limit
	if limit <= 0 || limit > prism.MaxChatPage {
		limit = prism.MaxChatPage
	}
	read := func(text string, cursor int64) (chatPage, error) {
		return s.readChatPage(ctx, text, append([]any{liveID, cursor, limit, liveID}, where...), cursor)
	}
	var page chatPage
	var err error
	if query.After != nil {
		page, err = read(after, max(*query.After, 0))
	} else {
		page, err = read(latest, 0)
		if len(page.numbers) == limit {
			page.cursor = page.numbers[0] - 1
		}
	}
	if err == nil && s.engine.tornReads && page.hasHole() {
		var second chatPage
		second, err = read(after, page.cursor)
		page = second.upTo(page.Next)
	}
	if err != nil {
		return prism.ChatPage{}, err
	}
	return page.ChatPage, nil
}

// readChatPage runs a query for the messages after the cursor.
func (s *Store) readChatPage(ctx context.Context, text string, args []any, cursor int64) (chatPage, error) {
	page := chatPage{ChatPage: prism.ChatPage{Messages: []prism.Message{}, Next: cursor}, cursor: cursor}
	found := false
	err := s.readAll(ctx, text, args, func(rows *sql.Rows) error {
		found = true
		m, seq, err := scanMessage(rows)
		if seq > 0 {
			page.add(m, seq)
		}
		return err
	})
	if err == nil && !found {
		err = notFound("sqlstore: live")
	}
	return page, err
}

// scanMessage reads a row of the chat. seq is 0 when it has no message.
func scanMessage(rows *sql.Rows) (m prism.Message, seq int64, err error) {
	var (
		tag                           string
		number, at                    sql.Null[int64]
		author, text, name, thumbnail sql.Null[string]
	)
	err = rows.Scan(&tag, &number, &at, &author, &text, &name, &thumbnail, &m.LiveOwner, &m.LiveManager)
	if err != nil || !number.Valid {
		return m, 0, err
	}
	m.ID = messageID(tag, number.V)
	m.At = fromMicrosOrNull(at)
	m.AuthorID = author.V
	m.AuthorName = name.V
	if m.AuthorName == "" {
		m.AuthorName = m.AuthorID
	}
	m.AuthorThumbnailURL = thumbnail.V
	m.Text = text.V
	return m, number.V, nil
}

// messageID is the id of a message, made of what tells the live and the number
// of the message in it.
func messageID(tag string, seq int64) string { return tag + "-" + strconv.FormatInt(seq, 10) }

// parseMessageID returns the number in an id of the live with this tag.
func parseMessageID(tag, id string) (seq int64, ok bool) {
	digits, ok := strings.CutPrefix(id, tag+"-")
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseInt(digits, 10, 64)
	return seq, err == nil && seq >= 1 && messageID(tag, seq) == id
}
