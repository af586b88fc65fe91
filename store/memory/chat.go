package memory

import (
	"context"
	"crypto/rand"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// chatLog is the chat of one live. A message's number is its cursor.
type chatLog struct {
	// mark stands in the id of every message of this live, so that an id
	// alone tells whether its message ever was here, however long ago.
	mark     string
	last     int64 // the number of the latest message, deleted or not
	messages []chatMessage
}

type chatMessage struct {
	seq          int64
	at           time.Time
	author, text string
}

func newChatLog() chatLog { return chatLog{mark: strings.ToLower(rand.Text())} }

func (c *chatLog) id(seq int64) string { return c.mark + "-" + strconv.FormatInt(seq, 10) }

// find returns the number in a message id of this live.
func (c *chatLog) find(id string) (seq int64, ok bool) {
	digits, ok := strings.CutPrefix(id, c.mark+"-")
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseInt(digits, 10, 64)
	return seq, err == nil && seq >= 1 && seq <= c.last && c.id(seq) == id
}

// from returns the index of the oldest message with at least this number.
func (c *chatLog) from(seq int64) int {
	return sort.Search(len(c.messages), func(i int) bool { return c.messages[i].seq >= seq })
}

// Messages implements prism.ChatReader.
func (s *Store) Messages(ctx context.Context, userID, liveID string, query prism.ChatQuery) (prism.ChatPage, error) {
	if err := s.lock(ctx); err != nil {
		return prism.ChatPage{}, err
	}
	defer s.mu.Unlock()
	l, err := s.liveOf(userID, liveID)
	if err != nil {
		return prism.ChatPage{}, err
	}
	return s.chatPage(l, query), nil
}

// SendMessage implements prism.ChatSender. It takes chat in any state of the
// live. The acting user is the channel's owner, who cannot be banned.
func (s *Store) SendMessage(ctx context.Context, userID, liveID, text string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	l, err := s.liveOf(userID, liveID)
	if err != nil {
		return err
	}
	s.say(l, userID, text)
	return nil
}

// DeleteMessage implements prism.ChatDeleter. Deleting a message that was
// trimmed is no error either.
func (s *Store) DeleteMessage(ctx context.Context, userID, liveID, messageID string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	l, err := s.liveOf(userID, liveID)
	if err != nil {
		return err
	}
	seq, ok := l.chat.find(messageID)
	if !ok {
		return notFound("message")
	}
	i := l.chat.from(seq)
	if i < len(l.chat.messages) && l.chat.messages[i].seq == seq {
		l.chat.messages = slices.Delete(l.chat.messages, i, i+1)
	}
	return nil
}

// say adds a message and trims the oldest. The lock must be held.
func (s *Store) say(l *liveRecord, author, text string) {
	c := &l.chat
	c.last++
	c.messages = append(c.messages, chatMessage{seq: c.last, at: s.now(), author: author, text: text})
	if extra := len(c.messages) - s.chatLimit; extra > 0 {
		// The texts must go at once; the room is reused when append moves the
		// slice.
		clear(c.messages[:extra])
		c.messages = c.messages[extra:]
	}
	l.live.Stats.Chats = addCount(l.live.Stats.Chats, 1)
}

// chatPage reads the chat. The lock must be held.
func (s *Store) chatPage(l *liveRecord, query prism.ChatQuery) prism.ChatPage {
	limit := query.Limit
	if limit <= 0 || limit > prism.MaxChatPage {
		limit = prism.MaxChatPage
	}
	found := l.chat.messages
	var page prism.ChatPage
	if query.After == nil {
		found = found[max(0, len(found)-limit):]
	} else {
		page.Next = max(*query.After, 0)
		found = found[l.chat.from(page.Next+1):]
		found = found[:min(len(found), limit)]
	}
	page.Messages = make([]prism.Message, len(found))
	for i, m := range found {
		page.Messages[i] = s.messageView(l, m)
		page.Next = m.seq
	}
	return page
}

// messageView shows the author as the author is now.
func (s *Store) messageView(l *liveRecord, m chatMessage) prism.Message {
	author := s.users[m.author]
	_, manager := l.channel.managers[m.author]
	v := prism.Message{
		ID:                 l.chat.id(m.seq),
		At:                 m.at,
		AuthorID:           m.author,
		AuthorName:         author.Name,
		AuthorThumbnailURL: author.ThumbnailURL,
		Text:               m.text,
		LiveOwner:          m.author == l.channel.owner,
		LiveManager:        manager,
	}
	if v.AuthorName == "" {
		v.AuthorName = m.author
	}
	return v
}
