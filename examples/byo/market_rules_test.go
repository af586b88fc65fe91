package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/b2bprism/b2bprism/prism"
)

// code is the SQLSTATE of an error, or "".
func code(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

// The columns come out in the fields that the walk-through names.
func TestMapping(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	l := onAir(t, m, "mapped")
	exec(t, m, `UPDATE members SET avatar_path = '/a/1.png', suspended_at = now() WHERE login = 'juno'`)
	exec(t, m, `UPDATE studios SET labels = '{"fresh fish","a;b"}', about = 'Daily', logo_path = '/l/1.png', followers = 7 WHERE id = $1`, l.ChannelID)
	exec(t, m, `INSERT INTO broadcast_counters (broadcast_id, views, watching, hearts) VALUES ($1, 30, 4, 5)`, l.ID)
	must(t, m.SendMessage(t.Context(), l.ForUser, l.ID, "hello"))

	u, err := m.User(t.Context(), member(t, m, "juno"))
	must(t, err)
	if want := (prism.User{ID: u.ID, Name: "Juno", ThumbnailURL: "https://market.example.com/a/1.png", Disabled: true}); u != want {
		t.Errorf("user %+v, want %+v", u, want)
	}
	c, err := m.Channel(t.Context(), l.ForUser, l.ChannelID)
	must(t, err)
	if c.Name != "Morning market" || c.Description != "Daily" || c.FollowerCount != 7 || !slices.Equal(c.Tags, []string{"fresh fish", "a;b"}) ||
		c.Link != "https://market.example.com/studio/morning-market" || c.ThumbnailURL != "https://market.example.com/l/1.png" || !c.Enabled {
		t.Errorf("channel %+v", c)
	}
	stats := func(what string, want prism.LiveStats) {
		t.Helper()
		got, err := m.Live(t.Context(), l.ForUser, l.ID)
		must(t, err)
		if got.Stats != want || got.Link != "https://market.example.com/watch/"+l.ID {
			t.Errorf("%s: live %+v, want statistics %+v", what, got, want)
		}
	}
	stats("on air", prism.LiveStats{Views: 30, Viewers: 4, Likes: 5, Chats: 1})
	_, err = m.EndLive(t.Context(), l.ForUser, l.ID, prism.EndOptions{})
	must(t, err)
	stats("after the end", prism.LiveStats{Views: 30, Likes: 5, Chats: 1})
	_, err = m.StartLive(t.Context(), l.ForUser, l.ID)
	must(t, err)
	stats("after a restart", prism.LiveStats{Views: 30, Likes: 5, Chats: 1})
}

// A reserved time that is far off does not spoil the list, whatever the zone of
// the session: that of Seoul was 8:27:52 ahead until 1908.
func TestFarReservedTimes(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	seoul := m.pool.Config()
	seoul.ConnConfig.RuntimeParams["timezone"] = "Asia/Seoul"
	pool, err := pgxpool.NewWithConfig(t.Context(), seoul)
	must(t, err)
	t.Cleanup(pool.Close)
	m.pool = pool
	l := createLive(t, m, "far")
	for _, at := range []time.Time{
		{}, time.Date(0, 12, 31, 15, 0, 0, 0, time.UTC), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		_, err := m.CreateLive(t.Context(), l.ForUser, l.ChannelID, prism.NewLive{Title: "far", Scope: prism.ScopePublic, ReservedAt: at})
		must(t, err)
		_, err = m.UpdateLive(t.Context(), l.ForUser, l.ID, prism.LiveUpdate{ReservedAt: &at})
		must(t, err)
	}
	near := time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC)
	got, err := m.UpdateLive(t.Context(), l.ForUser, l.ID, prism.LiveUpdate{ReservedAt: &near})
	if err != nil || !got.ReservedAt.Equal(near) {
		t.Errorf("reserved for %v, %v; want %v", got.ReservedAt, err, near)
	}
	lives, err := m.Lives(t.Context(), l.ForUser, l.ChannelID, prism.LiveFilter{})
	if err != nil || len(lives) != 5 {
		t.Errorf("%d lives, %v; want 5", len(lives), err)
	}
}

// Who works for a studio may broadcast from it by the role, and is then the
// one whom the channel and its lives are for.
func TestRoles(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	l := createLive(t, m, "team")
	for role, may := range map[string]bool{"host": true, "moderator": false, "packer": false} {
		user := member(t, m, role)
		exec(t, m, `INSERT INTO studio_members VALUES ($1, $2, $3)`, l.ChannelID, user, role)
		got, err := m.Live(t.Context(), user, l.ID)
		if may && (err != nil || got.ForUser != user) || !may && !errors.Is(err, prism.ErrNotFound) {
			t.Errorf("a %s asks for the live: for user %q, %v", role, got.ForUser, err)
		}
		channels, err := m.Channels(t.Context(), user)
		if err != nil || (len(channels) == 1) != may {
			t.Errorf("a %s has the channels %+v, %v", role, channels, err)
		}
	}
}

// What the site has deleted, which are rows that stay, is not there.
func TestSoftDeletes(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	kept, removed := createLive(t, m, "kept"), createLive(t, m, "removed")
	exec(t, m, `UPDATE broadcasts SET removed_at = now() WHERE id = $1`, removed.ID)
	if _, err := m.Live(t.Context(), removed.ForUser, removed.ID); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("a removed broadcast: %v", err)
	}
	if _, err := m.StartLive(t.Context(), removed.ForUser, removed.ID); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("start of a removed broadcast: %v", err)
	}
	lives, err := m.Lives(t.Context(), kept.ForUser, kept.ChannelID, prism.LiveFilter{})
	if err != nil || len(lives) != 1 || lives[0].ID != kept.ID {
		t.Errorf("the list has %+v, %v", lives, err)
	}
	exec(t, m, `UPDATE members SET left_at = now() WHERE id = $1`, kept.ForUser)
	if _, err := m.StartLive(t.Context(), kept.ForUser, kept.ID); !errors.Is(err, prism.ErrChannelDisabled) {
		t.Errorf("start in the studio of a member who has left: %v", err)
	}
	exec(t, m, `UPDATE studios SET closed_at = now() WHERE id = $1`, kept.ChannelID)
	if _, err := m.Channel(t.Context(), kept.ForUser, kept.ChannelID); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("a closed studio: %v", err)
	}
}

// The site's own code may forget to end the broadcast that is live: the
// database refuses a second one.
func TestOneLiveWhoeverWrites(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	onAir(t, m, "first")
	second := createLive(t, m, "second")
	_, err := m.pool.Exec(t.Context(), `UPDATE broadcasts SET state = 1 WHERE id = $1`, second.ID)
	if code(err) != "23505" {
		t.Errorf("a second broadcast went live: %v", err)
	}
}

// A comment that is written later cannot be committed before one that is
// written earlier, so that a cursor skips neither.
func TestNoLateCommentIsSkipped(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	l := onAir(t, m, "busy")
	const comment = `INSERT INTO comments (broadcast_id, author_id, body) VALUES ($1, $2, $3)` // as the site's pages do

	slow, err := m.pool.Begin(t.Context())
	must(t, err)
	_, err = slow.Exec(t.Context(), comment, l.ID, l.ForUser, "slow")
	must(t, err)
	quick, err := m.pool.Begin(t.Context())
	must(t, err)
	_, err = quick.Exec(t.Context(), `SET LOCAL lock_timeout = '100ms'`)
	must(t, err)
	if _, err = quick.Exec(t.Context(), comment, l.ID, l.ForUser, "quick"); code(err) != "55P03" {
		t.Errorf("a comment overtook an earlier one: %v", err)
	}
	must(t, quick.Rollback(t.Context()))

	other := onAir(t, m, "not concerned")
	must(t, m.SendMessage(t.Context(), other.ForUser, other.ID, "another broadcast's chat goes on"))
	cursor := new(int64(0))
	follow := func(want string) {
		t.Helper()
		page, err := m.Messages(t.Context(), l.ForUser, l.ID, prism.ChatQuery{After: cursor, Limit: 100})
		must(t, err)
		got := ""
		for _, message := range page.Messages {
			got += message.Text + " "
		}
		if got != want {
			t.Errorf("after %d: %q, want %q", *cursor, got, want)
		}
		cursor = &page.Next
	}
	follow("")
	must(t, slow.Commit(t.Context()))
	must(t, m.SendMessage(t.Context(), l.ForUser, l.ID, "quick"))
	follow("slow quick ")
}

func TestFailures(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	l := onAir(t, m, "lost")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.StartLive(cancelled, l.ForUser, l.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that is over: %v", err)
	}
	m.pool.Close()
	calls := map[string]error{"SendMessage": m.SendMessage(t.Context(), l.ForUser, l.ID, "hello")}
	_, calls["Live"] = m.Live(t.Context(), l.ForUser, l.ID)
	_, calls["StartLive"] = m.StartLive(t.Context(), l.ForUser, l.ID)
	for name, err := range calls {
		if !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("%s without a database: %v", name, err)
		}
	}
}
