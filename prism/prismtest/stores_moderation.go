package prismtest

import (
	"context"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func (s *suite) bans() {
	s.part(s.has.Viewer != "", "Viewer", func() {
		s.rule("BanUser and UnbanUser are idempotent", func(k *kit) {
			l := k.onAir("moderated")
			for range 2 {
				k.ban(l.ID, 0)
			}
			for range 2 {
				k.ban(l.ID, time.Minute)
			}
			for range 3 {
				k.unban(l.ID)
			}
			k.unchanged("a ban and its lifting", l)
		})
		s.rule("parallel bans and their lifting do not fail", func(k *kit) {
			l := k.onAir("moderated by many")
			parallel(k, racers, func(i int) (struct{}, error) {
				if i%2 == 0 {
					return struct{}{}, k.Ban.BanUser(k.ctx, k.Owner, l.ID, k.Viewer, time.Hour)
				}
				return struct{}{}, k.Ban.UnbanUser(k.ctx, k.Owner, l.ID, k.Viewer)
			})
			k.unban(l.ID)
		})
		s.rule("a ban target that is no user is ErrNotFound", func(k *kit) {
			l := k.onAir("moderated")
			wantUnknownTarget(k, "BanUser", func(ctx context.Context, id string) error {
				return k.Ban.BanUser(ctx, k.Owner, l.ID, id, time.Minute)
			})
			wantUnknownTarget(k, "UnbanUser", func(ctx context.Context, id string) error {
				return k.Ban.UnbanUser(ctx, k.Owner, l.ID, id)
			})
		})
		s.part(s.has.Audience != nil, "Audience", s.bannedChat)
	})
	s.part(s.has.ChatSend != nil, "ChatSend", func() {
		s.rule("the owner cannot be silenced by a ban", func(k *kit) {
			l := k.onAir("own chat")
			// Refusing the ban and ignoring it are both fine.
			if err := k.Ban.BanUser(k.ctx, k.Owner, l.ID, k.Owner, 0); err == nil {
				defer func() { k.noError("UnbanUser of the owner", k.Ban.UnbanUser(k.ctx, k.Owner, l.ID, k.Owner)) }()
			}
			k.noError("SendMessage by the owner after a ban of the owner", k.ChatSend.SendMessage(k.ctx, k.Owner, l.ID, "still here"))
		})
	})
}

func (k *kit) ban(liveID string, d time.Duration) {
	k.t.Helper()
	k.noError("BanUser", k.Ban.BanUser(k.ctx, k.Owner, liveID, k.Viewer, d))
}

func (k *kit) unban(liveID string) {
	k.t.Helper()
	k.noError("UnbanUser", k.Ban.UnbanUser(k.ctx, k.Owner, liveID, k.Viewer))
}

// mayPost fails unless the viewer may write, or may not.
func (k *kit) mayPost(when, liveID string, may bool) {
	k.t.Helper()
	err := k.Audience.PostChat(k.ctx, liveID, k.Viewer, when)
	if may {
		k.noError("PostChat of the viewer "+when, err)
		return
	}
	k.wantError("PostChat of the viewer "+when, err, prism.ErrForbidden)
}

func (s *suite) bannedChat() {
	s.rule("a ban holds in all lives of the channel until it is lifted", func(k *kit) {
		first := k.onAir("first")
		k.mayPost("before the ban", first.ID, true)
		chats := k.live(first.ID).Stats.Chats
		k.ban(first.ID, 0)
		k.mayPost("while banned", first.ID, false)
		if got := k.live(first.ID).Stats.Chats; got != chats {
			k.t.Errorf("a refused message was counted: Chats went from %d to %d", chats, got)
		}
		second := k.onAir("second")
		k.mayPost("while banned, in another live of the channel", second.ID, false)
		k.unban(second.ID)
		k.mayPost("after the ban was lifted", second.ID, true)
		k.ban(first.ID, time.Hour)
		k.mayPost("during a timed ban that was set from another live", second.ID, false)
		k.unban(first.ID)
		k.mayPost("after a timed ban was lifted from another live", second.ID, true)
	})
	s.part(s.has.Advance != nil, "Advance", func() {
		s.rule("a timed ban ends by itself", func(k *kit) {
			l := k.onAir("timed")
			k.ban(l.ID, time.Minute)
			k.Advance(59 * time.Second)
			k.mayPost("a second before the ban ends", l.ID, false)
			k.Advance(2 * time.Second)
			k.mayPost("a second after the ban ended", l.ID, true)
		})
		s.rule("the latest ban counts", func(k *kit) {
			l := k.onAir("twice")
			k.ban(l.ID, 0)
			k.ban(l.ID, time.Minute)
			k.Advance(61 * time.Second)
			k.mayPost("after a timed ban that followed one without end", l.ID, true)
			k.ban(l.ID, time.Minute)
			k.ban(l.ID, time.Hour)
			k.Advance(61 * time.Second)
			k.mayPost("within the longer of two timed bans, given last", l.ID, false)
			k.ban(l.ID, time.Minute)
			k.Advance(61 * time.Second)
			k.mayPost("after the shorter of two timed bans, given last", l.ID, true)
			k.ban(l.ID, time.Minute)
			k.ban(l.ID, 0)
			k.Advance(24 * time.Hour)
			k.mayPost("a day after a ban without end that followed a timed one", l.ID, false)
			k.unban(l.ID)
		})
	})
}

func (s *suite) managers() {
	s.part(s.has.Viewer != "", "Viewer", func() {
		s.rule("AddManager and RemoveManager are idempotent", func(k *kit) {
			l := k.onAir("managed")
			for range 2 {
				k.noError("AddManager", k.Managers.AddManager(k.ctx, k.Owner, l.ID, k.Viewer))
			}
			for range 3 {
				k.noError("RemoveManager", k.Managers.RemoveManager(k.ctx, k.Owner, l.ID, k.Viewer))
			}
			k.unchanged("naming a manager", l)
		})
		s.rule("parallel naming and removal of a manager do not fail", func(k *kit) {
			l := k.onAir("managed by many")
			parallel(k, racers, func(i int) (struct{}, error) {
				if i%2 == 0 {
					return struct{}{}, k.Managers.AddManager(k.ctx, k.Owner, l.ID, k.Viewer)
				}
				return struct{}{}, k.Managers.RemoveManager(k.ctx, k.Owner, l.ID, k.Viewer)
			})
			k.noError("RemoveManager", k.Managers.RemoveManager(k.ctx, k.Owner, l.ID, k.Viewer))
		})
		s.rule("a manager who is no user is ErrNotFound", func(k *kit) {
			l := k.onAir("managed")
			wantUnknownTarget(k, "AddManager", func(ctx context.Context, id string) error {
				return k.Managers.AddManager(ctx, k.Owner, l.ID, id)
			})
			wantUnknownTarget(k, "RemoveManager", func(ctx context.Context, id string) error {
				return k.Managers.RemoveManager(ctx, k.Owner, l.ID, id)
			})
		})
		s.part(s.has.Audience != nil && s.has.Chat != nil, "Audience and Chat", func() {
			s.rule("a manager's messages carry LiveManager", func(k *kit) {
				l := k.onAir("managed")
				k.wantManager(l.ID, "before", false)
				k.noError("AddManager", k.Managers.AddManager(k.ctx, k.Owner, l.ID, k.Viewer))
				k.wantManager(l.ID, "while a manager", true)
				k.noError("RemoveManager", k.Managers.RemoveManager(k.ctx, k.Owner, l.ID, k.Viewer))
				k.wantManager(l.ID, "after", false)
			})
		})
	})
}

// wantManager writes as the viewer and reads the message back.
func (k *kit) wantManager(liveID, text string, manager bool) {
	k.t.Helper()
	k.noError("PostChat", k.Audience.PostChat(k.ctx, liveID, k.Viewer, text))
	m := k.latest(liveID, 1).Messages
	if len(m) != 1 || m[0].Text != text || m[0].AuthorID != k.Viewer || m[0].LiveOwner {
		k.t.Fatalf("after PostChat of %q the latest message is %+v, want that text by the viewer, who is not the owner", text, m)
	}
	if m[0].LiveManager != manager {
		k.t.Errorf("message %q: LiveManager is %v, want %v", text, m[0].LiveManager, manager)
	}
}

func wantUnknownTarget(k *kit, method string, call func(ctx context.Context, targetID string) error) {
	k.t.Helper()
	for name, id := range unknownIDs(k.Viewer) {
		k.wantError(method+" of "+name, call(k.ctx, id), prism.ErrNotFound)
	}
}
