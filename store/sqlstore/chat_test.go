package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

func texts(page prism.ChatPage) []string {
	out := []string{}
	for _, m := range page.Messages {
		out = append(out, m.Text)
	}
	return out
}

// ChatLimit counts the messages that are there, so what a moderator deleted
// makes room.
func TestChatLimitCountsWhatIsKept(t *testing.T) {
	t.Parallel()
	c := newClock()
	opt := options(c)
	opt.ChatLimit = 3
	s := open(t, opt)
	seed(t, s)
	live := create(t, s, "A")
	send := func(from, to int) {
		t.Helper()
		for i := from; i <= to; i++ {
			must(t, s.SendMessage(t.Context(), "owner", live.ID, fmt.Sprint(i)))
		}
	}
	read := func(after *int64) prism.ChatPage {
		t.Helper()
		page, err := s.Messages(t.Context(), "owner", live.ID, prism.ChatQuery{After: after, Limit: 100})
		must(t, err)
		return page
	}
	want := func(what string, page prism.ChatPage, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, texts(page)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}

	send(1, 3)
	full := read(nil)
	want("up to the limit", full, "1", "2", "3")
	must(t, s.DeleteMessage(t.Context(), "owner", live.ID, full.Messages[1].ID))
	must(t, s.DeleteMessage(t.Context(), "owner", live.ID, full.Messages[1].ID))
	send(4, 4)
	want("a deleted message makes room for one", read(nil), "1", "3", "4")
	send(5, 6)
	want("the oldest go first", read(nil), "4", "5", "6")
	cursor := int64(1)
	want("a cursor whose message was trimmed", read(&cursor), "4", "5", "6")
	must(t, s.DeleteMessage(t.Context(), "owner", live.ID, full.Messages[0].ID))

	got, err := s.Live(t.Context(), "owner", live.ID)
	must(t, err)
	if got.Stats.Chats != 6 {
		t.Errorf("chats: %d, want 6: deleting and trimming do not count back", got.Stats.Chats)
	}
}

func TestDeleteMessageTakesOnlyItsOwnIDs(t *testing.T) {
	t.Parallel()
	s, _ := seeded(t)
	a, b := create(t, s, "A"), create(t, s, "B")
	for _, id := range []string{a.ID, b.ID} {
		must(t, s.SendMessage(t.Context(), "owner", id, "hello"))
	}
	page, err := s.Messages(t.Context(), "owner", a.ID, prism.ChatQuery{Limit: 1})
	must(t, err)
	id := page.Messages[0].ID
	tag := id[:len(id)-1] // the id is tag-1
	for _, other := range []string{"", "1", "-1", tag, tag + "0", tag + "2", tag + "01", tag + "+1", tag + "-1", id + " ", tag + "9223372036854775808"} {
		if err := s.DeleteMessage(t.Context(), "owner", a.ID, other); !errors.Is(err, prism.ErrNotFound) {
			t.Errorf("DeleteMessage(%q): got %v, want NOT_FOUND", other, err)
		}
	}
	if err := s.DeleteMessage(t.Context(), "owner", b.ID, id); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("DeleteMessage of another live's message: got %v, want NOT_FOUND", err)
	}
	page, err = s.Messages(t.Context(), "owner", b.ID, prism.ChatQuery{Limit: 1})
	must(t, err)
	if len(page.Messages) != 1 {
		t.Error("the other live's message is gone")
	}
	must(t, s.DeleteMessage(t.Context(), "owner", a.ID, id))
}
