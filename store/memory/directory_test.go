package memory_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func TestDirectoryRefusesWhatItCannotKeep(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	seed(t, s)
	ctx := t.Context()
	put := func(l prism.Live) error { return s.PutLive(ctx, l) }
	if err := put(prism.Live{ID: "on-air", ChannelID: "games", Status: prism.StatusOnAir}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 150)
	for _, tt := range []struct {
		name string
		err  error
		want error
	}{
		{"user without an id", s.PutUser(ctx, prism.User{}), prism.ErrInvalid},
		{"user with a long id", s.PutUser(ctx, prism.User{ID: long}), prism.ErrInvalid},
		{"channel without an id", s.PutChannel(ctx, "minji", prism.Channel{}), prism.ErrInvalid},
		{"channel of nobody", s.PutChannel(ctx, "nobody", prism.Channel{ID: "c"}), prism.ErrNotFound},
		{"live without an id", put(prism.Live{ChannelID: "games"}), prism.ErrInvalid},
		{"live of no channel", put(prism.Live{ID: "l", ChannelID: "none"}), prism.ErrNotFound},
		{"live of another status", put(prism.Live{ID: "l", ChannelID: "games", Status: "LIVE"}), prism.ErrInvalid},
		{"live of another scope", put(prism.Live{ID: "l", ChannelID: "games", Scope: "ALL"}), prism.ErrInvalid},
		{"second live on air", put(prism.Live{ID: "l", ChannelID: "games", Status: prism.StatusOnAir}), prism.ErrConflict},
		{"negative likes", s.AddLikes(ctx, "on-air", -1), prism.ErrInvalid},
		{"negative ban", s.BanUser(ctx, "minji", "on-air", "haru", -time.Second), prism.ErrInvalid},
		{"ban of the owner", s.BanUser(ctx, "minji", "on-air", "minji", 0), prism.ErrForbidden},
	} {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, tt.err, tt.want)
		}
	}
	if _, err := s.Live(ctx, "minji", "l"); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("a refused live was stored: %v", err)
	}
}

func TestPutLiveFillsWhatTheStatusCallsFor(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, prism.StoreOptions{Now: c.Now})
	seed(t, s)
	for _, status := range []prism.Status{"", prism.StatusReserved, prism.StatusOnAir, prism.StatusEnd} {
		id := "live" + string(status)
		if err := s.PutLive(t.Context(), prism.Live{ID: id, ChannelID: "games", Status: status, Stats: prism.LiveStats{Viewers: 9}}); err != nil {
			t.Fatal(err)
		}
		l, err := s.Live(t.Context(), "minji", id)
		if err != nil {
			t.Fatal(err)
		}
		begun, ended := status == prism.StatusOnAir || status == prism.StatusEnd, status == prism.StatusEnd
		if (l.Broadcast == 1) != begun || l.StartedAt.Equal(c.Now()) != begun || l.EndedAt.Equal(c.Now()) != ended ||
			!l.CreatedAt.Equal(c.Now()) || !l.ModifiedAt.Equal(c.Now()) || !l.ReservedAt.Equal(c.Now()) ||
			l.Scope != prism.ScopePublic || l.Stats.Viewers != 0 || !l.Status.Valid() {
			t.Errorf("status %q: %+v", status, l)
		}
	}
}

func TestChannelChangesItsOwner(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	seed(t, s)
	ctx, l := t.Context(), create(t, s)
	if err := s.PutChannel(ctx, "juno", prism.Channel{ID: "games", Name: "Games", Enabled: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Live(ctx, "minji", l.ID); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("the old owner still reads the live: %v", err)
	}
	got, err := s.Live(ctx, "juno", l.ID)
	if err != nil || got.ForUser != "juno" {
		t.Errorf("the new owner reads %+v, %v", got, err)
	}
	for user, want := range map[string]int{"minji": 1, "juno": 1} {
		if list, err := s.Channels(ctx, user); err != nil || len(list) != want {
			t.Errorf("%s has %d channels (%v), want %d", user, len(list), err, want)
		}
	}
}

func TestDisabledUserMayNotChat(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	seed(t, s)
	ctx, l := t.Context(), create(t, s)
	if err := s.PutUser(ctx, prism.User{ID: "haru", Disabled: true}); err != nil {
		t.Fatal(err)
	}
	if err := s.PostChat(ctx, l.ID, "haru", "hi"); !errors.Is(err, prism.ErrForbidden) {
		t.Errorf("got %v, want ErrForbidden", err)
	}
}
