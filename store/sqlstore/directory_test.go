package sqlstore_test

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	s, _ := seeded(t)
	must(t, s.PutLive(t.Context(), prism.Live{ID: "on air", ChannelID: "enabled", Status: prism.StatusOnAir}))
	long := strings.Repeat("x", 150)
	for _, tc := range []struct {
		name string
		err  error
		want error
	}{
		{"a user without an id", s.PutUser(t.Context(), prism.User{}), prism.ErrInvalid},
		{"a user with an id that is too long", s.PutUser(t.Context(), prism.User{ID: long}), prism.ErrInvalid},
		{"a channel without an id", s.PutChannel(t.Context(), "owner", prism.Channel{}), prism.ErrInvalid},
		{"a channel of nobody", s.PutChannel(t.Context(), "nobody", prism.Channel{ID: "c"}), prism.ErrNotFound},
		{"a live without an id", s.PutLive(t.Context(), prism.Live{ChannelID: "enabled"}), prism.ErrInvalid},
		{"a live of no channel", s.PutLive(t.Context(), prism.Live{ID: "l", ChannelID: "none"}), prism.ErrNotFound},
		{"a live of no status", s.PutLive(t.Context(), prism.Live{ID: "l", ChannelID: "enabled", Status: "ONAIR"}), prism.ErrInvalid},
		{"a live of no scope", s.PutLive(t.Context(), prism.Live{ID: "l", ChannelID: "enabled", Scope: "FRIENDS"}), prism.ErrInvalid},
		{"a second live on air", s.PutLive(t.Context(), prism.Live{ID: "l", ChannelID: "enabled", Status: prism.StatusOnAir}), prism.ErrConflict},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, tc.err, tc.want)
		}
	}
	if _, err := s.Live(t.Context(), "owner", "l"); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("a live that was refused: got %v, want NOT_FOUND", err)
	}
}

// Text comes back as it was put, whatever it would mean in SQL, in JSON or in
// C, or is refused.
func TestTextComesBackUnchanged(t *testing.T) {
	t.Parallel()
	const nul, notUTF8 = "a\x00b", "\xff\xfe"
	refuses := map[sqlstore.Dialect][]string{sqlstore.PostgreSQL: {nul, notUTF8}, sqlstore.MySQL: {notUTF8}}
	onEach(t, engines, func(t *testing.T, e testEngine) {
		s, _ := e.seeded(t)
		live := create(t, s, "A")
		for _, text := range []string{`'; DROP TABLE prism_user; --`, "? ?1 :a $a $1", `"[]\`, `\' \" \\`, "방송 🎥", nul, notUTF8, " \t\n", "a "} {
			channel := prism.Channel{
				ID: "c" + text, ForUser: "owner", Name: text, Link: text, Description: text, ThumbnailURL: text,
				CreatedAt: time.UnixMicro(1).UTC(), ModifiedAt: time.UnixMicro(2).UTC(),
			}
			err := s.PutChannel(t.Context(), "owner", channel)
			if slices.Contains(refuses[e.dialect], text) {
				_, updateErr := s.UpdateLive(t.Context(), "owner", live.ID, prism.LiveUpdate{Title: &text})
				for call, err := range map[string]error{
					"PutChannel": err, "PutUser": s.PutUser(t.Context(), prism.User{ID: "u", Name: text}), "UpdateLive": updateErr,
					"PostChat": s.PostChat(t.Context(), live.ID, "viewer", text),
				} {
					if !errors.Is(err, prism.ErrInvalid) {
						t.Errorf("%s of %q: got %v, want INVALID", call, text, err)
					}
				}
				continue
			}
			must(t, err)
			got, err := s.Channel(t.Context(), "owner", channel.ID)
			must(t, err)
			if diff := cmp.Diff(channel, got); diff != "" {
				t.Errorf("channel of %q (-want +got):\n%s", text, diff)
			}
			must(t, s.PostChat(t.Context(), live.ID, "viewer", text))
			page, err := s.LiveChat(t.Context(), live.ID, prism.ChatQuery{Limit: 1})
			must(t, err)
			if page.Messages[0].Text != text {
				t.Errorf("message %q came back as %q", text, page.Messages[0].Text)
			}
		}
	})
}

// An id that is longer than its column is refused, never cut off.
func TestLongIDs(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		s, _ := e.seeded(t)
		live := start(t, s, create(t, s, "A").ID).Live
		// No compression brings this into an index.
		var long strings.Builder
		for range 1000 {
			long.WriteString(rand.Text())
		}
		if err := s.ViewerSeen(t.Context(), live.ID, long.String()); !errors.Is(err, prism.ErrInvalid) {
			t.Errorf("ViewerSeen with an id of %d letters: got %v, want INVALID", long.Len(), err)
		}
		must(t, s.ViewerSeen(t.Context(), live.ID, long.String()[:255]))
		if _, err := s.User(t.Context(), long.String()); !errors.Is(err, prism.ErrNotFound) {
			t.Errorf("User with such an id: got %v, want NOT_FOUND", err)
		}
	})
}

// A failure of the host's own function costs one call, not the store.
func TestPanicInLiveLinkLeavesTheStoreUsable(t *testing.T) {
	t.Parallel()
	c := newClock()
	opt := options(c)
	fail := false
	opt.LiveLink = func(liveID string) string {
		if fail {
			panic("host")
		}
		return map[string]string{"linked": "https://example.com/watch/linked"}[liveID]
	}
	s := open(t, opt)
	seed(t, s)
	for _, id := range []string{"linked", "plain"} {
		must(t, s.PutLive(t.Context(), prism.Live{ID: id, ChannelID: "enabled"}))
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		fail = true
		_, _ = s.StartLive(t.Context(), "owner", "linked")
	}()
	fail = false

	linked := start(t, s, "linked")
	if !linked.Changed || linked.Live.Broadcast != 1 {
		t.Errorf("StartLive after a panic: %+v, want the first broadcast", linked)
	}
	if want := "https://example.com/watch/linked"; linked.Live.Link != want {
		t.Errorf("Link: %q, want %q", linked.Live.Link, want)
	}
	plain, err := s.Live(t.Context(), "owner", "plain")
	must(t, err)
	if want := "https://example.com/c/enabled"; plain.Link != want {
		t.Errorf("Link where LiveLink returns nothing: %q, want the channel's %q", plain.Link, want)
	}
}
