package sqlstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
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
// C.
func TestTextComesBackUnchanged(t *testing.T) {
	t.Parallel()
	s, _ := seeded(t)
	for _, text := range []string{`'; DROP TABLE prism_user; --`, "? ?1 :a $a", `"[]\`, "방송 🎥", "a\x00b", "\xff\xfe", " \t\n"} {
		channel := prism.Channel{
			ID: "c" + text, ForUser: "owner", Name: text, Link: text, Description: text, ThumbnailURL: text,
			CreatedAt: time.UnixMicro(1).UTC(), ModifiedAt: time.UnixMicro(2).UTC(),
		}
		must(t, s.PutChannel(t.Context(), "owner", channel))
		got, err := s.Channel(t.Context(), "owner", channel.ID)
		must(t, err)
		if diff := cmp.Diff(channel, got); diff != "" {
			t.Errorf("channel of %q (-want +got):\n%s", text, diff)
		}
	}
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
