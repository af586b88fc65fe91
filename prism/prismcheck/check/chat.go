package check

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

var chatChecks = []Check{
	{
		ID: "chat.list", setup: true, Severity: Required, Source: srcAPI + ": chat",
		Title: "The chat of a live without messages is an empty list, with a page token to go on from.",
		Fix:   "Answer messages as an empty array, and as nextPageToken a token for the beginning.",
		run:   checkChatList,
	},
	{
		ID: "chat.send", setup: true, Severity: Required, Source: srcAPI + ": chat",
		Title: "A message that was sent is in the chat, with its text, its author and isLiveOwner.",
		Fix:   "The author is the token's user; the text comes back unchanged, as message.",
		run:   checkChatSend,
	},
	{
		ID: "chat.paging", Severity: Required, Source: srcAPI + ": chat",
		Title: "A page token gives the messages after it, oldest first, none twice and none left out.",
		Fix:   "Page by a sequence number per live; do not page by time.",
		run:   checkChatPaging,
	},
	{
		ID: "chat.latest", Severity: Required, Source: srcAPI + ": chat",
		Title: "Without a page token the latest maxResults messages come, oldest first, and with 0 or more than 100 up to 100.",
		Fix:   "Select the newest n and turn them round.",
		run:   checkChatLatest,
	},
	{
		ID: "chat.most", Severity: Required, Source: srcAPI + ": chat",
		Title: "Of more than 100 messages, maxResults 0 and over 100 give the latest 100 (writes up to 101 into a live of the run).",
		Fix:   "Take 0 and what is over 100 for 100.",
		run:   checkChatMost,
	},
	{
		ID: "chat.concurrent", Severity: Required, Source: srcAPI + ": chat",
		Title: "Whoever polls while others send sees each message once.",
		Fix:   "Assign sequence numbers in the order of commits (lock the live's row), so that a page token cannot pass a message that is committed later.",
		run:   checkChatConcurrent,
	},
	{
		ID: "chat.empty-token", Severity: Required, Source: srcAPI + ": chat",
		Title: "An empty page token counts as none.",
		Fix:   "Treat null, absent and \"\" alike.",
		run:   checkChatEmptyToken,
	},
	{
		ID: "chat.forged-token", Severity: Recommended, Source: srcOwn,
		Title: "A page token that is forged or of another live is answered with 400.",
		Fix:   "Parse page tokens to typed values, and sign them together with the live's id.",
		run:   checkChatForged,
	},
	{
		ID: "chat.invalid", Severity: Recommended, Source: srcOwn,
		Title: "A message that is missing or no text, and a bad maxResults, are answered with 400.",
		Fix:   "Validate the body.",
		run:   checkChatInvalid,
	},
	{
		ID: "chat.unknown", Severity: Required, Source: srcSetup + ": 404",
		Title: "The chat of a live that does not exist is answered with 404.",
		Fix:   "Look the live up first, in every chat call.",
		run:   checkChatUnknown,
	},
	{
		ID: "chat.delete", Severity: Required, Source: srcAPI + ": chat delete",
		Title: "A deleted message is gone, a second deletion changes nothing, and page tokens stay good.",
		Fix:   "Mark the message as deleted; answer 200 again for it, and 404 for one that never was.",
		run:   checkChatDelete,
	},
}

// firstPage is the page token at the end of a live's chat now.
func (m streamer) endOfChat(liveID string) string {
	page, err := m.chat(liveID, nil, 100)
	m.p.must(err, "the chat")
	return page.Next
}

// write sends messages with texts of their own and returns these.
func (m streamer) write(liveID string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("prismcheck %s %d", rand.Text()[:6], i)
		m.p.must(m.sendChat(liveID, texts[i]), "sending chat")
	}
	return texts
}

// remember notes messages for the clean-up.
func (p *probe) remember(liveID string, list []gateway.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, message := range list {
		if message.ID != "" && p.apis[APIChatDelete] && strings.HasPrefix(message.Text, liveTitle) &&
			!slices.Contains(p.messages[liveID], message.ID) {
			p.messages[liveID] = append(p.messages[liveID], message.ID)
		}
	}
}

func checkChatList(p *probe) {
	m := p.withLives()
	page, err := m.chat(p.first.ID, nil, 0)
	p.find(APIChat, err)
	p.with(APIChat)
	p.must(err, "the chat")
	if len(page.Messages) > 0 {
		p.skip("the chat has messages already")
	}
	again, err := m.chat(p.first.ID, &page.Next, 100)
	p.must(err, "the chat after the first page token")
	if len(again.Messages) > 0 {
		p.fail("%d messages come after the first page token of an empty chat", len(again.Messages))
	}
}

func checkChatSend(p *probe) {
	m := p.withLives()
	if !p.stateless {
		_, err := m.start(p.first.ID)
		p.must(err, "start")
	}
	text := liveTitle + " 안녕 😀 <b>&amp;</b> \"\\\""
	token := ""
	if p.apis[APIChat] {
		token = m.endOfChat(p.first.ID)
	}
	err := m.sendChat(p.first.ID, text)
	p.find(APIChatSend, err)
	p.with(APIChatSend)
	p.must(err, "sending chat")
	p.with(APIChat)
	page, err := m.chat(p.first.ID, &token, 100)
	p.must(err, "the chat")
	if len(page.Messages) != 1 {
		p.end("after one message the chat has %d new ones", len(page.Messages))
	}
	message := page.Messages[0]
	if message.Text != text {
		p.fail("the message came back as %q, sent %q", message.Text, text)
	}
	if message.AuthorID != p.user.ID && p.user.ID != "" {
		p.fail("authorId is %q, and the token's user %q", message.AuthorID, p.user.ID)
	}
	if !message.LiveOwner {
		p.fail("isLiveOwner of the streamer's own message is not true")
	}
	if message.ID != "" {
		// Only with a message of its own can the run find out what a 404 means.
		x := p.last
		p.find(APIChatDelete, m.deleteChat(p.first.ID, message.ID))
		p.last = x
	}
}

// both is with chat and chat-send.
func (p *probe) both() streamer {
	p.with(APIChatSend)
	return p.with(APIChat)
}

func checkChatPaging(p *probe) {
	m := p.both()
	token := m.endOfChat(p.first.ID)
	texts := m.write(p.first.ID, 5)
	var got []string
	for range len(texts) + 2 {
		page, err := m.chat(p.first.ID, &token, 2)
		p.must(err, "the chat")
		p.remember(p.first.ID, page.Messages)
		for _, message := range page.Messages {
			got = append(got, message.Text)
		}
		if len(page.Messages) == 0 {
			if page.Next != token {
				p.fail("with nothing new, nextPageToken is not the token that was sent")
			}
			break
		}
		if len(page.Messages) > 2 {
			p.fail("a page has %d messages, asked for 2", len(page.Messages))
		}
		token = page.Next
	}
	if !slices.Equal(got, texts) {
		p.fail("sent %d messages, and paging gave %d in this order: %s", len(texts), len(got), order(got, texts))
	}
}

// order tells which of the messages came, by number.
func order(got, texts []string) string {
	list := make([]string, 0, len(got))
	for _, text := range got {
		list = append(list, strconv.Itoa(slices.Index(texts, text)+1))
	}
	return strings.Join(list, " ")
}

func checkChatLatest(p *probe) {
	m := p.both()
	texts := m.write(p.first.ID, 4)
	for _, most := range []int{1, 3} {
		page, err := m.chat(p.first.ID, nil, most)
		p.must(err, "the chat")
		p.remember(p.first.ID, page.Messages)
		var got []string
		for _, message := range page.Messages {
			got = append(got, message.Text)
		}
		if !slices.Equal(got, texts[len(texts)-most:]) {
			p.fail("the latest %d of 4 messages are these: %s", most, order(got, texts))
		}
	}
	for _, most := range []int{0, 100, 1000} {
		page, err := m.chat(p.first.ID, nil, most)
		p.must(err, "the chat with maxResults %d", most)
		p.remember(p.first.ID, page.Messages)
		if len(page.Messages) < len(texts) {
			p.fail("maxResults %d gave %d messages, and the chat has at least %d", most, len(page.Messages), len(texts))
		}
	}
	in := m.request(http.MethodPost, "/live/{liveId}/chat", fields{"maxResults": 10}, p.first.ID)
	p.did(p.raw(in), "the chat without pageToken")
}

// checkChatConcurrent polls small pages while several send.
func checkChatConcurrent(p *probe) {
	m := p.both()
	const senders, each = 4, 6
	token := m.endOfChat(p.first.ID)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for n := range each {
				text := fmt.Sprintf("prismcheck c%d-%d", i, n)
				if err := m.sendChat(p.first.ID, text); err != nil {
					p.fail("one of %d senders at once: %v", senders, reason(err))
				}
			}
		})
	}
	go func() { wg.Wait(); close(done) }()
	seen := map[string]int{}
	for finished := false; ; {
		select {
		case <-done:
			finished = true
		default:
		}
		page, err := m.chat(p.first.ID, &token, 3)
		if err != nil {
			<-done
			p.must(err, "the chat")
		}
		p.remember(p.first.ID, page.Messages)
		for _, message := range page.Messages {
			seen[message.Text]++
		}
		if len(page.Messages) > 0 && page.Next == token {
			<-done
			p.end("the page token does not move, though messages came")
		}
		token = page.Next
		if finished && len(page.Messages) == 0 {
			break
		}
	}
	missing, twice := 0, 0
	for i := range senders {
		for n := range each {
			switch seen[fmt.Sprintf("prismcheck c%d-%d", i, n)] {
			case 0:
				missing++
			case 1:
			default:
				twice++
			}
		}
	}
	if missing+twice > 0 {
		p.fail("of %d messages sent at once, the poller missed %d and saw %d more than once", senders*each, missing, twice)
	}
}

func checkChatEmptyToken(p *probe) {
	m := p.with(APIChat)
	none := ""
	null, err := m.chat(p.first.ID, nil, 5)
	p.must(err, "the chat")
	page, err := m.chat(p.first.ID, &none, 5)
	p.must(err, "the chat with an empty page token")
	if len(page.Messages) != len(null.Messages) {
		p.fail("an empty page token gives %d messages, null %d", len(page.Messages), len(null.Messages))
	}
}

func checkChatForged(p *probe) {
	m := p.with(APIChat)
	good := m.endOfChat(p.first.ID)
	for name, token := range inOrder(map[string]string{
		"that is text": "prismcheck", "that is a number": "1", "with SQL": "' OR '1'='1", "that was altered": alter(good), "with more text": good + "x",
	}) {
		_, err := m.chat(p.first.ID, &token, 10)
		p.refused(err, "a page token "+name, http.StatusBadRequest)
	}
	foreign := m.endOfChat(p.second.ID)
	_, err := m.chat(p.first.ID, &foreign, 10)
	p.refused(err, "a page token of another live", http.StatusBadRequest)
}

// alter changes a character in the middle.
func alter(s string) string {
	i := len(s) / 2
	if s == "" {
		return "x"
	}
	other := "A"
	if s[i] == 'A' {
		other = "B"
	}
	return s[:i] + other + s[i+1:]
}

func checkChatInvalid(p *probe) {
	m := p.both()
	for name, body := range inOrder(map[string]any{
		"no message": fields{}, "an empty message": fields{"message": ""}, "a number": fields{"message": 1}, "no JSON": "{",
	}) {
		err := p.raw(m.request(http.MethodPut, "/live/{liveId}/chat", body, p.first.ID))
		p.refused(err, "sending "+name, http.StatusBadRequest)
	}
	for name, body := range inOrder(map[string]any{
		"maxResults that is a text": fields{"maxResults": "ten"}, "a negative maxResults": fields{"maxResults": -1}, "a page token that is a number": fields{"maxResults": 10, "pageToken": 1},
	}) {
		err := p.raw(m.request(http.MethodPost, "/live/{liveId}/chat", body, p.first.ID))
		p.refused(err, "the chat with "+name, http.StatusBadRequest)
	}
}

func checkChatUnknown(p *probe) {
	m := p.with(APIChat)
	_, err := m.chat(noSuchID, nil, 10)
	p.refused(err, "the chat of a live that does not exist", http.StatusNotFound)
	if p.apis[APIChatSend] {
		p.refused(m.sendChat(noSuchID, liveTitle), "sending to a live that does not exist", http.StatusNotFound)
	}
}

func checkChatDelete(p *probe) {
	m := p.with(APIChatDelete)
	p.both()
	token := m.endOfChat(p.first.ID)
	m.write(p.first.ID, 3)
	page, err := m.chat(p.first.ID, &token, 100)
	p.must(err, "the chat")
	p.remember(p.first.ID, page.Messages)
	if len(page.Messages) != 3 || page.Messages[1].ID == "" {
		p.end("the messages to delete have no messageId")
	}
	victim := page.Messages[1]
	between, err := m.chat(p.first.ID, &token, 2)
	p.must(err, "the chat")
	p.must(m.deleteChat(p.first.ID, victim.ID), "deleting a message")
	p.did(m.deleteChat(p.first.ID, victim.ID), "deleting a message twice")
	after, err := m.chat(p.first.ID, nil, 100)
	p.must(err, "the chat")
	if slices.ContainsFunc(after.Messages, func(g gateway.Message) bool { return g.ID == victim.ID }) {
		p.fail("a deleted message is still in the chat")
	}
	rest, err := m.chat(p.first.ID, &between.Next, 100)
	p.must(err, "the chat from a page token whose message was deleted")
	if len(rest.Messages) != 1 || rest.Messages[0].ID != page.Messages[2].ID {
		p.fail("from a page token whose message was deleted came %d messages, want the 1 after it", len(rest.Messages))
	}
	p.refused(m.deleteChat(p.first.ID, noSuchID), "deleting a message that never was", http.StatusNotFound)
}
