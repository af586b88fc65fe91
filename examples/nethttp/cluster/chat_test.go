package cluster

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// chat is the chat of one live, with those who write and follow it.
type chat struct {
	*load
	family *family
	live   prismtest.Live

	mu sync.Mutex
	// sent are the texts that were acknowledged, by sender and in their order,
	// and unknown those that were not.
	sent    [senders][]string
	unknown map[string]bool
	// read is what each follower has read, next its page token.
	read [followers][]prismtest.Message
	next [followers]string
}

// newChat makes a live that is never started, and has its followers begin.
func (l *load) newChat(ch *channel) *chat {
	l.t.Helper()
	b := ch.create("chat")
	if b == nil {
		l.t.Fatal("no live for a chat on " + ch.id)
	}
	page, err := ch.family.session().Chat(l.ctx(), b.live.ID, nil, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	c := &chat{load: l, family: ch.family, live: b.live, unknown: map[string]bool{}}
	for i := range c.next {
		c.next[i] = page.Next
	}
	return c
}

// play writes and follows at once.
func (c *chat) play(round int, calls *sync.WaitGroup) {
	for i := range senders {
		calls.Go(func() {
			for n := range messages {
				c.send(i, fmt.Sprintf("sender %d, round %d, message %d", i, round, n))
			}
		})
	}
	for i := range followers {
		calls.Go(func() {
			for range polls {
				c.follow(i)
			}
		})
	}
}

func (c *chat) send(sender int, text string) {
	acknowledged := c.acknowledged(c.family.session().SendChat(c.ctx(), c.live.ID, text))
	c.mu.Lock()
	defer c.mu.Unlock()
	if acknowledged {
		c.sent[sender] = append(c.sent[sender], text)
	} else {
		c.unknown[text] = true
	}
}

// follow reads one page, and reports whether there was something on it. A page
// that did not come is asked for again.
func (c *chat) follow(follower int) (more bool) {
	page, err := c.family.session().Chat(c.ctx(), c.live.ID, &c.next[follower], 100)
	if !c.acknowledged(err) {
		return false
	}
	c.next[follower] = page.Next
	c.read[follower] = append(c.read[follower], page.Messages...)
	return len(page.Messages) > 0
}

type chatSum struct{ sent, found, unknown int }

// check lets the followers catch up and holds what they read against what was
// acknowledged.
func (c *chat) check(t *testing.T, sum *chatSum) {
	t.Helper()
	for i := range followers {
		for c.follow(i) {
			continue
		}
		if !slices.EqualFunc(c.read[0], c.read[i], func(a, b prismtest.Message) bool { return a == b }) {
			t.Errorf("follower %d has read %d messages, the first %d, and not the same", i, len(c.read[i]), len(c.read[0]))
		}
	}
	place, ids := map[string]int{}, map[string]bool{}
	for i, m := range c.read[0] {
		if _, twice := place[m.Text]; twice || ids[m.ID] {
			t.Errorf("%q was read twice", m.Text)
		}
		place[m.Text], ids[m.ID] = i, true
	}
	all := 0
	for _, texts := range c.sent {
		last := -1
		for _, text := range texts {
			at, found := place[text]
			if !found {
				t.Errorf("%q was acknowledged and is not there", text)
			} else if at < last {
				t.Errorf("%q stands before a message that was acknowledged earlier", text)
			}
			last = max(last, at)
			delete(place, text)
		}
		all += len(texts)
	}
	for text := range place {
		if !c.unknown[text] {
			t.Errorf("%q was never sent", text)
		}
	}
	sum.sent += all
	sum.found += len(c.read[0])
	sum.unknown += len(c.unknown)
	live, err := c.family.session().Live(t.Context(), c.live.ID)
	if err != nil || live.Stats == nil || live.Stats.Chats != int64(len(c.read[0])) {
		t.Errorf("chatCount is %+v (%v), %d messages were read", live.Stats, err, len(c.read[0]))
	}
}
