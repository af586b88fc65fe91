package prismtest

import (
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

func (s *suite) users() {
	s.rule("User finds a user by id", func(k *kit) {
		for _, id := range []string{k.Owner, k.Stranger, k.Viewer} {
			if id == "" {
				continue
			}
			u, err := k.Users.User(k.ctx, id)
			k.noError("User", err)
			if u.ID != id {
				k.t.Errorf("User(%q) returned the user %q: return the one that was asked for", id, u.ID)
			}
			if u.Disabled {
				k.t.Errorf("User(%q) is disabled: the fixture's users must not be", id)
			}
		}
	})
	s.rule("User returns ErrNotFound for an unknown id", func(k *kit) {
		for name, id := range unknownIDs(k.Owner) {
			_, err := k.Users.User(k.ctx, id)
			k.wantError("User with "+name, err, prism.ErrNotFound)
		}
	})
}

func (s *suite) channels() {
	s.rule("Channels returns the owner's channels, disabled ones included", func(k *kit) {
		list, err := k.Channels.Channels(k.ctx, k.Owner)
		k.noError("Channels", err)
		for id, enabled := range map[string]bool{k.EnabledChannel: true, k.DisabledChannel: false} {
			i := slices.IndexFunc(list, func(c prism.Channel) bool { return c.ID == id })
			if i < 0 {
				k.t.Errorf("Channels does not list %q: it must return all channels of the user, disabled ones included", id)
				continue
			}
			if list[i].Enabled != enabled {
				k.t.Errorf("Channels: Enabled of %q is %v, want %v as the fixture says", id, list[i].Enabled, enabled)
			}
		}
	})
	s.rule("Channels is ordered by ModifiedAt, then CreatedAt, newest first", func(k *kit) {
		list, err := k.Channels.Channels(k.ctx, k.Owner)
		k.noError("Channels", err)
		for i := 1; i < len(list); i++ {
			a, b := list[i-1], list[i]
			if !newestFirst(a.ModifiedAt, b.ModifiedAt, a.CreatedAt, b.CreatedAt) {
				k.t.Errorf("channel %q stands before %q, which is newer: ORDER BY modified DESC, created DESC", a.ID, b.ID)
			}
		}
	})
	s.rule("Channels of another user holds none of the owner's", func(k *kit) {
		list, err := k.Channels.Channels(k.ctx, k.Stranger)
		k.noError("Channels of a user with no channel of the fixture (an empty list is no error)", err)
		for _, c := range list {
			if c.ID == k.EnabledChannel || c.ID == k.DisabledChannel {
				k.t.Errorf("Channels(%q) lists %q, which that user may not use: select by the acting user", k.Stranger, c.ID)
			}
		}
	})
	s.rule("Channel returns what Channels lists", func(k *kit) {
		list, err := k.Channels.Channels(k.ctx, k.Owner)
		k.noError("Channels", err)
		for _, want := range list {
			got, err := k.Channels.Channel(k.ctx, k.Owner, want.ID)
			k.noError("Channel", err)
			if diff := cmp.Diff(want, got, sameTimes); diff != "" {
				k.t.Errorf("Channel(%q) differs from what Channels lists (-list +single):\n%s", want.ID, diff)
			}
		}
	})
	s.rule("channels carry ForUser", func(k *kit) {
		list, err := k.Channels.Channels(k.ctx, k.Owner)
		k.noError("Channels", err)
		for _, c := range list {
			if c.ForUser != k.Owner {
				k.t.Errorf("ForUser of channel %q is %q, want %q: set it from the row that granted access, else the handler refuses the channel", c.ID, c.ForUser, k.Owner)
			}
		}
	})
	s.rule("what Channels returns is the caller's own", func(k *kit) {
		list, err := k.Channels.Channels(k.ctx, k.Owner)
		k.noError("Channels", err)
		for i := range list {
			for j := range list[i].Tags {
				list[i].Tags[j] = "changed by the caller"
			}
		}
		again, err := k.Channels.Channels(k.ctx, k.Owner)
		k.noError("Channels", err)
		for _, c := range again {
			if slices.Contains(c.Tags, "changed by the caller") {
				k.t.Errorf("changing a returned channel's Tags changed channel %q in the store: return a copy of the slice", c.ID)
			}
		}
	})
}
