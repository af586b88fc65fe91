package gateway

import (
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// Message is a chat message as PRISM sees it.
type Message struct {
	// ID is "" when the answer has none; such a message cannot be deleted.
	ID string
	// At is zero when the answer has none.
	At time.Time
	// AuthorID is what bans and managers are set with.
	AuthorID, AuthorName, AuthorThumbnailURL string
	LiveOwner, LiveManager                   bool
	Text                                     string
}

// ChatPage is a page of messages, oldest first.
type ChatPage struct {
	LiveID string
	// Next is the page token to go on from.
	Next     string
	Messages []Message
}

// minReversal is the age by which the first message of a page must be newer
// than the last before the page counts as newest first. Dates are in whole
// seconds, and messages that commit at once may swap neighbouring seconds.
const minReversal = 2 * time.Second

// decodeChat reads a page that was asked for with the given token and size.
func decodeChat(o object, liveID string, pageToken *string, maxResults int) ChatPage {
	page := ChatPage{LiveID: o.id("liveId", required)}
	o.same("liveId", page.LiveID, liveID)
	next := o.field("nextPageToken", kindString, required)
	ids := seen{}
	for _, m := range o.objects("messages") {
		message := decodeMessage(m)
		ids.check(m, "messageId", message.ID)
		page.Messages = append(page.Messages, message)
	}
	if most := pageSize(maxResults); len(page.Messages) > most {
		o.r.add(RuleChatPage, join(o.path, "messages"), "got %d messages, asked for %d", len(page.Messages), most)
	}
	if reversed(page.Messages) {
		o.r.add(RuleChatOrder, join(o.path, "messages"), "the messages come newest first")
	}
	if next == nil {
		return page
	}
	page.Next = next.text
	at := join(o.path, "nextPageToken")
	switch sent := pageToken != nil && *pageToken != ""; {
	case next.text == "":
		o.r.add(RulePageToken, at, "the token is empty")
	case sent && len(page.Messages) == 0 && next.text != *pageToken:
		o.r.add(RulePageToken, at, "nothing is new, and the token is not the one that was sent")
	case sent && len(page.Messages) > 0 && next.text == *pageToken:
		o.r.add(RulePageToken, at, "messages are new, and the token is still the one that was sent")
	}
	return page
}

// pageSize is how many messages a page may have: 0 or more than 100 gives 100.
func pageSize(maxResults int) int {
	if maxResults <= 0 || maxResults > prism.MaxChatPage {
		return prism.MaxChatPage
	}
	return maxResults
}

func reversed(list []Message) bool {
	var dated []time.Time
	for _, m := range list {
		if !m.At.IsZero() {
			dated = append(dated, m.At)
		}
	}
	for i := 1; i < len(dated); i++ {
		if dated[i].After(dated[i-1]) {
			return false
		}
	}
	return len(dated) > 1 && dated[0].Sub(dated[len(dated)-1]) >= minReversal
}

func decodeMessage(o object) Message {
	m := Message{
		ID:                 o.id("messageId", nullable),
		AuthorID:           o.id("authorId", required),
		AuthorName:         o.name("authorName"),
		AuthorThumbnailURL: o.text("authorProfileThumbnail", nullable),
		LiveOwner:          o.flag("isLiveOwner", optional),
		LiveManager:        o.flag("isLiveManager", optional),
		Text:               o.text("message", required),
	}
	m.At, _ = o.date("messageAt", nullable)
	return m
}
