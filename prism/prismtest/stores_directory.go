package prismtest

import (
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/b2bprism/b2bprism/prism"
)

// newChannel puts a channel of the owner's into the store.
func (k *kit) newChannel() prism.Channel {
	k.t.Helper()
	c := prism.Channel{
		ID: unique("channel"), Name: "채널 📺", Enabled: true, Link: "https://example.com/kit",
		Description: "about", Tags: []string{"a", "나", "c,d"}, ThumbnailURL: "https://example.com/kit.png", FollowerCount: 7,
	}
	k.putChannel(c)
	return c
}

func (k *kit) putChannel(c prism.Channel) {
	k.t.Helper()
	k.noError("PutChannel", k.Directory.PutChannel(k.ctx, k.Owner, c))
}

func (k *kit) channel(id string) prism.Channel {
	k.t.Helper()
	c, err := k.Channels.Channel(k.ctx, k.Owner, id)
	k.noError("Channel", err)
	return c
}

// onAirElsewhere puts a live on air on a channel of its own.
func (k *kit) onAirElsewhere(title string) prism.Live {
	k.t.Helper()
	l, err := k.Lives.CreateLive(k.ctx, k.Owner, k.newChannel().ID, newLive(title))
	k.noError("CreateLive on a channel from PutChannel", err)
	return k.start(l.ID).Live
}

var ignoreChannelTimes = cmpopts.IgnoreFields(prism.Channel{}, "ForUser", "ModifiedAt", "CreatedAt")

func (s *suite) directory() {
	s.rule("PutUser inserts and overwrites", func(k *kit) {
		u := prism.User{ID: unique("user"), Name: "하루", ThumbnailURL: "https://example.com/h.png"}
		for _, want := range []prism.User{u, u, {ID: u.ID, Name: "Haru", Disabled: true}, u} {
			k.noError("PutUser", k.Directory.PutUser(k.ctx, want))
			got, err := k.Users.User(k.ctx, u.ID)
			k.noError("User (one with Disabled set is no error)", err)
			if got != want {
				k.t.Errorf("User is %+v after PutUser of %+v", got, want)
			}
		}
	})
	s.rule("PutChannel inserts and overwrites, and fills zero times", func(k *kit) {
		c := k.newChannel()
		first := k.channel(c.ID)
		if diff := cmp.Diff(c, first, ignoreChannelTimes); diff != "" {
			k.t.Errorf("the channel after PutChannel (-put +got):\n%s", diff)
		}
		if first.CreatedAt.IsZero() || first.ModifiedAt.IsZero() {
			k.t.Errorf("PutChannel left CreatedAt %v and ModifiedAt %v zero: zero times become now for a new channel", first.CreatedAt, first.ModifiedAt)
		}
		k.tick()
		c.Name, c.Tags, c.FollowerCount = "renamed", nil, 8
		k.putChannel(c)
		second := k.channel(c.ID)
		if diff := cmp.Diff(c, second, ignoreChannelTimes, cmpopts.EquateEmpty()); diff != "" {
			k.t.Errorf("the channel after the second PutChannel (-put +got):\n%s", diff)
		}
		if !second.CreatedAt.Equal(first.CreatedAt) || !second.ModifiedAt.Equal(first.ModifiedAt) {
			k.t.Errorf("PutChannel moved CreatedAt or ModifiedAt: zero times stay for an old channel")
		}
		c.ModifiedAt = first.ModifiedAt.Add(time.Hour)
		k.putChannel(c)
		if got := k.channel(c.ID); !near(got.ModifiedAt, c.ModifiedAt) || !got.CreatedAt.Equal(first.CreatedAt) {
			k.t.Errorf("PutChannel with ModifiedAt %v: ModifiedAt is %v and CreatedAt %v, want that and %v as it was", c.ModifiedAt, got.ModifiedAt, got.CreatedAt, first.CreatedAt)
		}
	})
	s.rule("channels with equal ModifiedAt are ordered by CreatedAt", func(k *kit) {
		at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		for i, created := range []time.Duration{2 * time.Hour, 0, 3 * time.Hour, time.Hour} {
			c := prism.Channel{ID: unique("channel"), Name: "c", Enabled: true, ModifiedAt: at, CreatedAt: at.Add(created)}
			if i == 3 {
				c.ModifiedAt = at.Add(time.Hour)
			}
			k.putChannel(c)
		}
		list, err := k.Channels.Channels(k.ctx, k.Owner)
		k.noError("Channels", err)
		for i := 1; i < len(list); i++ {
			a, b := list[i-1], list[i]
			if !newestFirst(a.ModifiedAt, b.ModifiedAt, a.CreatedAt, b.CreatedAt) {
				k.t.Errorf("a channel modified %v, created %v stands before one modified %v, created %v", a.ModifiedAt, a.CreatedAt, b.ModifiedAt, b.CreatedAt)
			}
		}
	})
	s.rule("parallel Puts of one id do not fail and leave one", func(k *kit) {
		user := prism.User{ID: unique("user"), Name: "Seeded"}
		c := prism.Channel{ID: unique("channel"), Name: "Seeded", Enabled: true}
		l := prism.Live{ID: unique("live"), ChannelID: c.ID, Title: "Seeded", Status: prism.StatusReserved, Scope: prism.ScopePublic}
		parallel(k, racers, func(int) (struct{}, error) {
			if err := k.Directory.PutUser(k.ctx, user); err != nil {
				return struct{}{}, err
			}
			if err := k.Directory.PutChannel(k.ctx, k.Owner, c); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, k.Directory.PutLive(k.ctx, l)
		})
		lives, err := k.Lives.Lives(k.ctx, k.Owner, c.ID, prism.LiveFilter{})
		k.noError("Lives", err)
		if len(lives) != 1 || lives[0].ID != l.ID {
			k.t.Errorf("the channel has the lives %v, want only %q: instances that start together seed together", ids(lives), l.ID)
		}
	})
	s.rule("PutChannel that disables ends no live", func(k *kit) {
		c := k.newChannel()
		created, err := k.Lives.CreateLive(k.ctx, k.Owner, c.ID, newLive("goes on"))
		k.noError("CreateLive", err)
		l := k.start(created.ID).Live
		c.Enabled = false
		k.putChannel(c)
		k.unchanged("PutChannel", l)
	})
	s.putLiveRules()
	s.disablingRules()
}

func (s *suite) putLiveRules() {
	s.rule("PutLive stores a live as it is, once", func(k *kit) {
		at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
		for _, status := range []prism.Status{prism.StatusReserved, prism.StatusOnAir, prism.StatusEnd} {
			c := k.newChannel()
			want := prism.Live{
				ID: unique("live"), ChannelID: c.ID, Title: "심어 둔 방송", Description: "seeded", Status: status, Scope: prism.ScopeLimited,
				ReservedAt: at, CreatedAt: at.Add(-time.Hour), ModifiedAt: at.Add(time.Hour),
				Stats: prism.LiveStats{Views: 10, Likes: 20, Chats: 30},
			}
			if status != prism.StatusReserved {
				want.Broadcast, want.StartedAt = 3, at.Add(time.Minute)
			}
			if status == prism.StatusEnd {
				want.EndedAt = at.Add(2 * time.Minute)
			}
			k.noError("PutLive", k.Directory.PutLive(k.ctx, want))
			got := k.live(want.ID)
			given := cmpopts.IgnoreFields(prism.Live{}, "ForUser", "RTMPPath", "PlaybackID", "Link")
			if diff := cmp.Diff(want, got, given, sameTimes); diff != "" {
				k.t.Errorf("a live that is %s after PutLive (-put +got):\n%s", status, diff)
			}
			if _, _, err := prism.SplitRTMPPath(got.RTMPPath); err != nil {
				k.t.Errorf("PutLive gave the live no rtmpPath that PRISM can take apart: %v", err)
			}
			again := want
			again.Title, again.Status, again.Stats.Likes = "changed", prism.StatusEnd, 99
			k.noError("PutLive of an id that exists", k.Directory.PutLive(k.ctx, again))
			k.unchanged("PutLive of an id that exists", got)
		}
	})
	s.rule("a live from PutLive takes part in the state machine", func(k *kit) {
		c := k.newChannel()
		id := unique("live")
		k.noError("PutLive", k.Directory.PutLive(k.ctx, prism.Live{
			ID: id, ChannelID: c.ID, Title: "on air", Status: prism.StatusOnAir, Scope: prism.ScopePublic, Broadcast: 2,
			StartedAt: k.clock(),
		}))
		if got := k.live(id); got.CreatedAt.IsZero() || got.ModifiedAt.IsZero() {
			k.t.Errorf("PutLive left CreatedAt %v and ModifiedAt %v zero: zero times become now", got.CreatedAt, got.ModifiedAt)
		}
		second, err := k.Lives.CreateLive(k.ctx, k.Owner, c.ID, newLive("newer"))
		k.noError("CreateLive", err)
		if r := k.start(second.ID); r.Ended == nil || r.Ended.ID != id {
			k.t.Errorf("StartLive did not end the live that PutLive put on air: Ended is %v", r.Ended)
		}
		if r := k.start(id); r.Live.Broadcast != 3 {
			k.t.Errorf("a restart of a live with Broadcast 2 has Broadcast %d, want 3", r.Live.Broadcast)
		}
	})
}

func (s *suite) disablingRules() {
	s.rule("SetChannelEnabled(false) ends the live on air and returns it once", func(k *kit) {
		c := k.newChannel()
		created, err := k.Lives.CreateLive(k.ctx, k.Owner, c.ID, newLive("stopped"))
		k.noError("CreateLive", err)
		l := k.start(created.ID).Live
		k.tick()
		ended, err := k.Directory.SetChannelEnabled(k.ctx, c.ID, false)
		k.noError("SetChannelEnabled", err)
		if ended == nil || ended.ID != l.ID || ended.Status != prism.StatusEnd || ended.Broadcast != l.Broadcast || ended.RTMPPath != l.RTMPPath {
			k.t.Fatalf("SetChannelEnabled(false) returned %+v, want the live %q after it was ended, with its rtmpPath", ended, l.ID)
		}
		if got := k.live(l.ID); got.Status != prism.StatusEnd || !got.EndedAt.After(l.StartedAt) || !got.ModifiedAt.After(l.ModifiedAt) {
			k.t.Errorf("after SetChannelEnabled(false) the live is %s, ended %v, modified %v; want END and now", got.Status, got.EndedAt, got.ModifiedAt)
		}
		if k.channel(c.ID).Enabled {
			k.t.Errorf("the channel is enabled after SetChannelEnabled(false)")
		}
		again, err := k.Directory.SetChannelEnabled(k.ctx, c.ID, false)
		k.noError("SetChannelEnabled(false) again", err)
		if again != nil {
			k.t.Errorf("the second SetChannelEnabled(false) returned live %q, want nil", again.ID)
		}
		_, err = k.Lives.StartLive(k.ctx, k.Owner, l.ID)
		k.wantError("StartLive on a disabled channel", err, prism.ErrChannelDisabled)
		k.unchanged("a refused StartLive", *ended)
		_, err = k.Lives.CreateLive(k.ctx, k.Owner, c.ID, newLive("refused"))
		k.wantError("CreateLive on a disabled channel", err, prism.ErrChannelDisabled)

		none, err := k.Directory.SetChannelEnabled(k.ctx, c.ID, true)
		k.noError("SetChannelEnabled(true)", err)
		if none != nil || !k.channel(c.ID).Enabled {
			k.t.Errorf("SetChannelEnabled(true) returned %v and left Enabled %v, want nil and true", none, k.channel(c.ID).Enabled)
		}
		k.unchanged("SetChannelEnabled(true)", *ended)
		if r := k.start(l.ID); !r.Changed {
			k.t.Errorf("StartLive on a channel that is enabled again did not start the live")
		}
		_, err = k.Directory.SetChannelEnabled(k.ctx, "kit-no-channel", false)
		k.wantError("SetChannelEnabled of an unknown channel", err, prism.ErrNotFound)
	})
	s.rule("of parallel SetChannelEnabled(false) exactly one returns the live", func(k *kit) {
		l := k.onAirElsewhere("stopped by many")
		results := parallel(k, racers, func(i int) (int, error) {
			if i%2 == 0 {
				r, err := k.Lives.EndLive(k.ctx, k.Owner, l.ID, prism.EndOptions{})
				if err == nil && r.Changed {
					return 1, nil
				}
				return 0, err
			}
			ended, err := k.Directory.SetChannelEnabled(k.ctx, l.ChannelID, false)
			if err == nil && ended != nil {
				return 1, nil
			}
			return 0, err
		})
		total := 0
		for _, n := range results {
			total += n
		}
		if total != 1 {
			k.t.Errorf("the end of one broadcast was reported %d times by EndLive and SetChannelEnabled, want once", total)
		}
	})
	s.rule("a disabled owner's channels are disabled", func(k *kit) {
		owner := prism.User{ID: unique("owner"), Name: "Owner"}
		k.noError("PutUser", k.Directory.PutUser(k.ctx, owner))
		c := prism.Channel{ID: unique("channel"), Name: "c", Enabled: true}
		k.noError("PutChannel", k.Directory.PutChannel(k.ctx, owner.ID, c))
		l, err := k.Lives.CreateLive(k.ctx, owner.ID, c.ID, newLive("theirs"))
		k.noError("CreateLive", err)
		for _, disabled := range []bool{true, false} {
			owner.Disabled = disabled
			k.noError("PutUser", k.Directory.PutUser(k.ctx, owner))
			one, err := k.Channels.Channel(k.ctx, owner.ID, c.ID)
			k.noError("Channel of a disabled owner", err)
			list, err := k.Channels.Channels(k.ctx, owner.ID)
			k.noError("Channels of a disabled owner", err)
			if len(list) != 1 || one.Enabled == disabled || list[0].Enabled == disabled {
				k.t.Fatalf("with User.Disabled %v the channel's Enabled is %v, and Channels lists %+v; want %v in both", disabled, one.Enabled, list, !disabled)
			}
			_, err = k.Lives.StartLive(k.ctx, owner.ID, l.ID)
			if !disabled {
				k.noError("StartLive of an owner who is no longer disabled", err)
				continue
			}
			k.wantError("StartLive of a disabled owner", err, prism.ErrChannelDisabled)
			_, err = k.Lives.CreateLive(k.ctx, owner.ID, c.ID, newLive("refused"))
			k.wantError("CreateLive of a disabled owner", err, prism.ErrChannelDisabled)
		}
	})
}
