package redisstore

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/prism"
)

// Messages implements prism.ChatReader.
func (c *Chat) Messages(ctx context.Context, userID, liveID string, query prism.ChatQuery) (prism.ChatPage, error) {
	if _, err := c.lives.Live(ctx, userID, liveID); err != nil {
		return prism.ChatPage{}, err
	}
	return c.read(ctx, liveID, query)
}

// read reads the chat for somebody who may.
func (c *Chat) read(ctx context.Context, liveID string, query prism.ChatQuery) (prism.ChatPage, error) {
	limit := query.Limit
	if limit <= 0 || limit > prism.MaxChatPage {
		limit = prism.MaxChatPage
	}
	page := prism.ChatPage{Messages: []prism.Message{}}
	from := ""
	if query.After != nil {
		page.Next = max(*query.After, 0)
		if page.Next == math.MaxInt64 {
			return page, nil
		}
		from = strconv.FormatInt(page.Next+1, 10)
	}
	reply, err := c.run(ctx, chatReadScript, []string{c.stateKey(liveID), c.logKey(liveID)}, from, limit)
	if errors.Is(err, redis.Nil) {
		return page, nil
	}
	if err != nil {
		return prism.ChatPage{}, err
	}
	parts, ok := reply.([]any)
	if !ok || len(parts) != 2 {
		return prism.ChatPage{}, unreadable("chat")
	}
	mark, markOK := parts[0].(string)
	entries, entriesOK := parts[1].([]any)
	if !markOK || !entriesOK {
		return prism.ChatPage{}, unreadable("chat")
	}
	page.Messages = make([]prism.Message, 0, len(entries))
	for _, entry := range entries {
		number, message, err := readMessage(mark, entry)
		if err != nil {
			return prism.ChatPage{}, err
		}
		page.Messages = append(page.Messages, message)
		page.Next = number
	}
	return page, nil
}

// readMessage reads an entry of a stream: its id and its fields.
func readMessage(mark string, entry any) (int64, prism.Message, error) {
	parts, ok := entry.([]any)
	if !ok || len(parts) != 2 {
		return 0, prism.Message{}, unreadable("message")
	}
	id, ok := parts[0].(string)
	digits, _, _ := strings.Cut(id, "-")
	number, err := strconv.ParseInt(digits, 10, 64)
	f := fieldsOf(parts[1])
	m := prism.Message{
		ID:                 messageIDOf(mark, number),
		At:                 f.time("at"),
		AuthorID:           f.values["author"],
		AuthorName:         f.values["name"],
		AuthorThumbnailURL: f.values["picture"],
		Text:               f.values["text"],
		LiveOwner:          f.values["owner"] == "1",
		LiveManager:        f.values["manager"] == "1",
	}
	if !ok || err != nil || f.bad {
		return 0, prism.Message{}, unreadable("message")
	}
	if m.AuthorName == "" {
		m.AuthorName = m.AuthorID
	}
	return number, m, nil
}
