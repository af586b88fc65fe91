package check

import (
	"crypto/rand"
	"net/http"

	"github.com/b2bprism/b2bprism/prism"
)

// checkChatMost fills the chat up to one message more than a page may have.
func checkChatMost(p *probe) {
	m := p.both()
	const most = prism.MaxChatPage
	before, err := m.chat(p.first.ID, nil, most)
	p.must(err, "the chat")
	token := before.Next
	last := ""
	for range most + 1 - len(before.Messages) {
		last = "prismcheck " + rand.Text()
		err := m.sendChat(p.first.ID, last)
		if statusOf(err) == http.StatusTooManyRequests {
			p.skip("the service limits how fast chat is sent")
		}
		p.must(err, "sending chat")
	}
	page, err := m.chat(p.first.ID, &token, most)
	p.must(err, "the chat")
	p.remember(p.first.ID, page.Messages)
	for _, n := range []int{0, most + 1, 10 * most} {
		page, err := m.chat(p.first.ID, nil, n)
		p.must(err, "the chat with maxResults %d", n)
		p.remember(p.first.ID, page.Messages)
		switch got := len(page.Messages); {
		case got != most:
			p.fail("maxResults %d gave %d of more than %d messages, want %d", n, got, most, most)
		case page.Messages[most-1].Text != last:
			p.fail("maxResults %d gave %d messages, and the latest is not the last of them", n, got)
		}
	}
}
