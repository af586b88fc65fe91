package prismtest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/b2bprism/b2bprism/prism"
)

// post writes one message, as the owner if it can.
func (k *kit) post(liveID, text string) {
	k.t.Helper()
	k.noError("writing a chat message", k.say(liveID, text))
}

func (k *kit) say(liveID, text string) error {
	if k.ChatSend != nil {
		return k.ChatSend.SendMessage(k.ctx, k.Owner, liveID, text)
	}
	return k.Audience.PostChat(k.ctx, liveID, k.Viewer, text)
}

func (k *kit) messages(liveID string, query prism.ChatQuery) prism.ChatPage {
	k.t.Helper()
	page, err := k.Chat.Messages(k.ctx, k.Owner, liveID, query)
	k.noError("Messages", err)
	return page
}

func (k *kit) latest(liveID string, limit int) prism.ChatPage {
	k.t.Helper()
	return k.messages(liveID, prism.ChatQuery{Limit: limit})
}

func (k *kit) after(liveID string, cursor int64, limit int) prism.ChatPage {
	k.t.Helper()
	return k.messages(liveID, prism.ChatQuery{After: &cursor, Limit: limit})
}

func textsOf(page prism.ChatPage) []string {
	out := make([]string, len(page.Messages))
	for i, m := range page.Messages {
		out[i] = m.Text
	}
	return out
}

func (k *kit) wantTexts(what string, page prism.ChatPage, want ...string) {
	k.t.Helper()
	if got := textsOf(page); !slices.Equal(got, want) {
		k.t.Errorf("%s: got messages %q, want %q, oldest first", what, got, want)
	}
}

// numbered returns "m1", "m2" and so on.
func numbered(from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("m%d", i))
	}
	return out
}

func (s *suite) chat() {
	s.rule("an empty chat has no messages and the cursor 0, or the one that was sent", func(k *kit) {
		l := k.create("quiet")
		page := k.latest(l.ID, 10)
		if len(page.Messages) != 0 || page.Next != 0 {
			k.t.Errorf("Messages of an empty chat without After: %d messages and Next %d, want none and 0", len(page.Messages), page.Next)
		}
		for _, cursor := range []int64{0, 7} {
			page = k.after(l.ID, cursor, 10)
			if len(page.Messages) != 0 || page.Next != cursor {
				k.t.Errorf("Messages of an empty chat after %d: %d messages and Next %d, want none and %d", cursor, len(page.Messages), page.Next, cursor)
			}
		}
	})
	s.part(s.has.canPost(), "ChatSend or Audience with Viewer", s.chatReading)
	s.part(s.has.ChatSend != nil, "ChatSend", func() {
		s.rule("SendMessage writes as the acting user", func(k *kit) {
			l := k.onAir("by the owner")
			for _, text := range texts {
				k.noError("SendMessage", k.ChatSend.SendMessage(k.ctx, k.Owner, l.ID, text))
				m := k.latest(l.ID, 1).Messages
				if len(m) != 1 || m[0].Text != text || m[0].AuthorID != k.Owner || !m[0].LiveOwner {
					k.t.Fatalf("after SendMessage by the owner the latest message is %+v; want text %q, AuthorID %q, LiveOwner true", m, text, k.Owner)
				}
			}
		})
	})
}

func (s *suite) chatReading() {
	s.rule("Messages without After returns the latest, oldest first", func(k *kit) {
		l := k.onAir("latest")
		for _, text := range numbered(1, 5) {
			k.post(l.ID, text)
		}
		k.wantTexts("the latest 3 of 5", k.latest(l.ID, 3), numbered(3, 5)...)
		k.wantTexts("the latest 100 of 5", k.latest(l.ID, prism.MaxChatPage), numbered(1, 5)...)
		next := k.latest(l.ID, 3).Next
		if page := k.after(l.ID, next, 10); len(page.Messages) != 0 || page.Next != next {
			k.t.Errorf("after the latest messages: %d messages and Next %d, want none and the same cursor %d", len(page.Messages), page.Next, next)
		}
		k.post(l.ID, "m6")
		k.wantTexts("after the latest messages, one more", k.after(l.ID, next, 10), "m6")
	})
	s.rule("Messages after a cursor pages through all, oldest first", func(k *kit) {
		l := k.onAir("pages")
		want := numbered(1, 10)
		for _, text := range want {
			k.post(l.ID, text)
		}
		for _, limit := range []int{1, 3, 10, prism.MaxChatPage} {
			var got []string
			cursor := int64(0)
			for range 20 {
				page := k.after(l.ID, cursor, limit)
				if len(page.Messages) > limit {
					k.t.Fatalf("a page of at most %d has %d messages", limit, len(page.Messages))
				}
				if len(page.Messages) == 0 {
					break
				}
				if page.Next <= cursor {
					k.t.Fatalf("Next is %d after a page that began at %d: it must grow with each message", page.Next, cursor)
				}
				cursor = page.Next
				got = append(got, textsOf(page)...)
			}
			if !slices.Equal(got, want) {
				k.t.Errorf("paging by %d gave %q, want %q", limit, got, want)
			}
		}
	})
	s.rule("messages have an id, an author with a name, and a time", func(k *kit) {
		l := k.onAir("fields")
		k.tick()
		k.post(l.ID, "one")
		k.post(l.ID, "two")
		page := k.latest(l.ID, 2)
		if len(page.Messages) != 2 {
			k.t.Fatalf("got %d messages, want 2", len(page.Messages))
		}
		if a, b := page.Messages[0].ID, page.Messages[1].ID; a == "" || a == b {
			k.t.Errorf("message ids are %q and %q: each message needs one of its own", a, b)
		}
		for _, m := range page.Messages {
			if m.AuthorID == "" || m.AuthorName == "" || m.At.Before(l.StartedAt) {
				k.t.Errorf("message %+v: AuthorID and AuthorName must be set, and At must not be before it was written", m)
			}
		}
	})
	s.rule("each live has its own chat, and it goes on when the live is reused", func(k *kit) {
		first := k.onAir("first")
		k.post(first.ID, "in the first")
		second := k.onAir("second")
		k.post(second.ID, "in the second")
		k.wantTexts("the second live's chat", k.latest(second.ID, 10), "in the second")
		next := k.latest(first.ID, 10).Next
		k.start(first.ID)
		k.post(first.ID, "again")
		k.wantTexts("the first live's chat after a restart", k.latest(first.ID, 10), "in the first", "again")
		k.wantTexts("the first live's chat from a cursor of the broadcast before", k.after(first.ID, next, 10), "again")
	})
	s.rule("chat does not move ModifiedAt", func(k *kit) {
		l := k.onAir("talked about")
		k.tick()
		k.post(l.ID, "hello")
		if got := k.live(l.ID); !got.ModifiedAt.Equal(l.ModifiedAt) {
			k.t.Errorf("ModifiedAt moved from %v to %v with a chat message: it moves on create, update, start and end only", l.ModifiedAt, got.ModifiedAt)
		}
	})
	s.rule("a reader who follows the cursor misses nothing while others write", func(k *kit) {
		const writers, each = 8, 20
		l := k.onAir("busy")
		var wg sync.WaitGroup
		errs := make(chan error, writers)
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					if err := k.say(l.ID, fmt.Sprintf("%d-%d", w, i)); err != nil {
						errs <- err
						return
					}
				}
			})
		}
		written := make(chan struct{})
		go func() { wg.Wait(); close(written) }()
		// A failed read ends the test, the writers must be over by then.
		defer wg.Wait()

		var got []string
		cursor, over := int64(0), false
		for {
			page := k.after(l.ID, cursor, 7)
			cursor = page.Next
			got = append(got, textsOf(page)...)
			if len(page.Messages) > 0 {
				continue
			}
			// A page that was read after the last write and is empty is the end.
			if over {
				break
			}
			select {
			case <-written:
				over = true
			default:
			}
		}
		select {
		case err := <-errs:
			k.t.Fatalf("a parallel writer failed: %v; a store retries or locks by itself when calls meet", err)
		default:
		}
		k.checkFollowed(got, writers, each)
	})
}

// checkFollowed holds what a reader saw against what the writers wrote.
func (k *kit) checkFollowed(got []string, writers, each int) {
	k.t.Helper()
	next := make([]int, writers)
	for _, text := range got {
		var w, i int
		if _, err := fmt.Sscanf(text, "%d-%d", &w, &i); err != nil || w < 0 || w >= writers {
			k.t.Fatalf("read a message %q that nobody wrote", text)
		}
		if i != next[w] {
			k.t.Errorf("writer %d's message %d came where %d was due: lost, twice or out of order; give out sequence numbers under a lock of the live (a row that is updated), so that they become visible in order", w, i, next[w])
		}
		next[w] = i + 1
	}
	for w, n := range next {
		if n != each {
			k.t.Errorf("the reader saw writer %d up to message %d of %d: a message that was committed late must not be skipped", w, n, each)
		}
	}
}

func (s *suite) chatDeletes() {
	s.part(s.has.canPost(), "ChatSend or Audience with Viewer", func() {
		s.rule("a deleted message is gone, and its cursor stays good", func(k *kit) {
			l := k.onAir("deleted")
			for _, text := range numbered(1, 5) {
				k.post(l.ID, text)
			}
			all := k.latest(l.ID, 10).Messages
			cursor := k.after(l.ID, 0, 2).Next // after m2
			k.delete(l.ID, all[1].ID)
			k.wantTexts("after deleting m2", k.latest(l.ID, 10), "m1", "m3", "m4", "m5")
			k.wantTexts("from the cursor of the deleted m2", k.after(l.ID, cursor, 10), "m3", "m4", "m5")
			k.delete(l.ID, all[2].ID)
			k.wantTexts("from the cursor of m2, with m3 deleted too", k.after(l.ID, cursor, 10), "m4", "m5")
			k.delete(l.ID, all[4].ID)
			last := k.after(l.ID, cursor, 10)
			k.post(l.ID, "m6")
			k.wantTexts("after deleting the last message and writing one more", k.after(l.ID, last.Next, 10), "m6")
			for _, m := range k.latest(l.ID, 10).Messages {
				k.delete(l.ID, m.ID)
			}
			if page := k.after(l.ID, cursor, 10); len(page.Messages) != 0 || page.Next != cursor {
				k.t.Errorf("after deleting all: %d messages and Next %d, want none and the cursor that was sent, %d", len(page.Messages), page.Next, cursor)
			}
			k.post(l.ID, "m7")
			k.wantTexts("after deleting all and writing one more", k.after(l.ID, cursor, 10), "m7")
			k.wantTexts("the latest after deleting all and writing one more", k.latest(l.ID, 10), "m7")
		})
		s.rule("deleting a message twice is no error", func(k *kit) {
			l := k.onAir("twice")
			k.post(l.ID, "once")
			id := k.latest(l.ID, 1).Messages[0].ID
			for range 3 {
				k.delete(l.ID, id)
			}
		})
		s.rule("deleting a message that never was in the live is ErrNotFound", func(k *kit) {
			other := k.onAir("other")
			k.post(other.ID, "not yours")
			foreign := k.latest(other.ID, 1).Messages[0].ID
			l := k.onAir("mine")
			k.post(l.ID, "mine")
			real := k.latest(l.ID, 1).Messages[0].ID
			k.wantError("DeleteMessage of another live's message", k.ChatDelete.DeleteMessage(k.ctx, k.Owner, l.ID, foreign), prism.ErrNotFound)
			for name, id := range unknownIDs(real) {
				k.wantError("DeleteMessage with "+name, k.ChatDelete.DeleteMessage(k.ctx, k.Owner, l.ID, id), prism.ErrNotFound)
			}
			k.wantTexts("the live's chat after that", k.latest(l.ID, 10), "mine")
			k.wantTexts("the other live's chat after that", k.latest(other.ID, 10), "not yours")
		})
	})
}

func (k *kit) delete(liveID, messageID string) {
	k.t.Helper()
	k.noError("DeleteMessage of a message of the live", k.ChatDelete.DeleteMessage(k.ctx, k.Owner, liveID, messageID))
}
