package prismtest

import (
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

func (k *kit) watch(id string) prism.Live {
	k.t.Helper()
	l, err := k.Audience.WatchLive(k.ctx, id)
	k.noError("WatchLive", err)
	return l
}

func (k *kit) seen(liveID string, viewers ...string) {
	k.t.Helper()
	for _, v := range viewers {
		k.noError("ViewerSeen of a live on air", k.Audience.ViewerSeen(k.ctx, liveID, v))
	}
}

func (k *kit) wantStats(when, liveID string, want prism.LiveStats) {
	k.t.Helper()
	if got := k.live(liveID).Stats; got != want {
		k.t.Errorf("%s: Stats is %+v, want %+v", when, got, want)
	}
	if k.Audience == nil {
		return
	}
	if got := k.watch(liveID).Stats; got != want {
		k.t.Errorf("%s: Stats of WatchLive is %+v, want %+v", when, got, want)
	}
}

func (s *suite) audience() {
	s.rule("viewers see a live in any state, and never its stream key", func(k *kit) {
		k.silence()
		l := k.create("watched")
		check := func(status prism.Status) {
			k.t.Helper()
			got := k.watch(l.ID)
			if got.ID != l.ID || got.Status != status || got.Title != l.Title {
				k.t.Errorf("WatchLive returned live %q, %s, %q; want %q, %s, %q", got.ID, got.Status, got.Title, l.ID, status, l.Title)
			}
			if got.RTMPPath != "" {
				k.t.Errorf("WatchLive returned the rtmpPath, and so the stream key: leave it empty")
			}
		}
		check(prism.StatusReserved)
		k.start(l.ID)
		check(prism.StatusOnAir)
		onAir, err := k.Audience.LivesOnAir(k.ctx, 1000)
		k.noError("LivesOnAir", err)
		if len(among(onAir, l.ID)) != 1 {
			k.t.Errorf("LivesOnAir does not list a live on air")
		}
		for _, l := range onAir {
			if l.RTMPPath != "" || l.Status != prism.StatusOnAir {
				k.t.Errorf("LivesOnAir lists a live that is %s, with an rtmpPath of %d bytes; want ON_AIR and none", l.Status, len(l.RTMPPath))
			}
		}
		k.end(l.ID, prism.EndOptions{})
		check(prism.StatusEnd)
		onAir, err = k.Audience.LivesOnAir(k.ctx, 1000)
		k.noError("LivesOnAir", err)
		if len(among(onAir, l.ID)) != 0 {
			k.t.Errorf("LivesOnAir lists a live that is over")
		}
	})
	s.rule("an unknown live is ErrNotFound for viewers", func(k *kit) {
		real := k.onAir("real")
		for name, id := range unknownIDs(real.ID) {
			for _, c := range k.audienceCalls() {
				if c.name != "LivesOnAir" {
					k.wantError(c.name+" with "+name, c.do(k.ctx, k.Owner, id), prism.ErrNotFound)
				}
			}
		}
		k.wantError("PostChat of an unknown user", k.Audience.PostChat(k.ctx, real.ID, "kit-no-user", "hello"), prism.ErrNotFound)
		k.unchanged("viewers' calls with another id", real)
	})
	s.part(s.has.Directory != nil, "Directory", func() {
		s.rule("LivesOnAir has the latest start first, up to its limit", func(k *kit) {
			lives := make([]string, 3)
			for i := range lives {
				lives[i] = k.onAirElsewhere("shown").ID
				k.tick()
			}
			all, err := k.Audience.LivesOnAir(k.ctx, 1000)
			k.noError("LivesOnAir", err)
			slices.Reverse(lives)
			if got := ids(among(all, lives...)); !slices.Equal(got, lives) {
				k.t.Errorf("LivesOnAir returned %v, want %v: the latest start first", got, lives)
			}
			two, err := k.Audience.LivesOnAir(k.ctx, 2)
			k.noError("LivesOnAir", err)
			if got := ids(two); !slices.Equal(got, ids(all)[:2]) {
				k.t.Errorf("LivesOnAir with limit 2 returned %v, want the first two of %v", got, ids(all))
			}
		})
	})
	s.rule("a viewer counts once per broadcast as a view", func(k *kit) {
		l := k.onAir("viewed")
		k.seen(l.ID, "a", "b", "a", "a", "b", "c")
		k.wantStats("after heartbeats of three viewers", l.ID, prism.LiveStats{Views: 3, Viewers: 3})
		k.end(l.ID, prism.EndOptions{})
		k.wantStats("after the end", l.ID, prism.LiveStats{Views: 3})
		k.start(l.ID)
		k.wantStats("after a restart", l.ID, prism.LiveStats{Views: 3})
		k.seen(l.ID, "a", "d")
		k.wantStats("after heartbeats of an old and a new viewer in the second broadcast", l.ID, prism.LiveStats{Views: 5, Viewers: 2})
	})
	s.rule("a heartbeat counts nothing when the live is not on air", func(k *kit) {
		l := k.create("not on air")
		// Refusing it and ignoring it are both fine.
		_ = k.Audience.ViewerSeen(k.ctx, l.ID, "a")
		k.wantStats("after a heartbeat on a RESERVED live", l.ID, prism.LiveStats{})
	})
	s.part(s.has.Advance != nil, "Advance", func() {
		s.rule("a viewer who is not seen for ViewerTimeout is gone", func(k *kit) {
			l := k.onAir("left")
			k.seen(l.ID, "stays", "leaves")
			k.Advance(prism.ViewerTimeout - time.Second)
			k.wantStats("a second before the timeout", l.ID, prism.LiveStats{Views: 2, Viewers: 2})
			k.seen(l.ID, "stays")
			k.Advance(2 * time.Second)
			k.wantStats("a second after the timeout of one of two", l.ID, prism.LiveStats{Views: 2, Viewers: 1})
			k.seen(l.ID, "leaves")
			k.wantStats("after the one came back", l.ID, prism.LiveStats{Views: 2, Viewers: 2})
			k.Advance(prism.ViewerTimeout + time.Second)
			k.wantStats("after all left", l.ID, prism.LiveStats{Views: 2})
		})
	})
	s.rule("likes and messages are counted, and go on over a restart", func(k *kit) {
		l := k.onAir("liked")
		k.noError("AddLikes", k.Audience.AddLikes(k.ctx, l.ID, 2))
		k.noError("AddLikes", k.Audience.AddLikes(k.ctx, l.ID, 40))
		want := prism.LiveStats{Likes: 42}
		if k.canPost() {
			k.post(l.ID, "one")
			k.post(l.ID, "two")
			want.Chats = 2
		}
		k.wantStats("after likes and messages", l.ID, want)
		k.end(l.ID, prism.EndOptions{})
		k.start(l.ID)
		k.wantStats("after a restart", l.ID, want)
	})
	s.rule("parallel likes, heartbeats and messages are all counted", func(k *kit) {
		l := k.onAir("popular")
		parallel(k, racers, func(i int) (struct{}, error) {
			if err := k.Audience.AddLikes(k.ctx, l.ID, 1); err != nil {
				return struct{}{}, err
			}
			if err := k.Audience.ViewerSeen(k.ctx, l.ID, unique("viewer")); err != nil {
				return struct{}{}, err
			}
			if err := k.Audience.ViewerSeen(k.ctx, l.ID, "the same for all"); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, k.Audience.PostChat(k.ctx, l.ID, k.Owner, "hello")
		})
		k.wantStats("after parallel calls", l.ID, prism.LiveStats{Views: racers + 1, Viewers: racers + 1, Likes: racers, Chats: racers})
	})
	s.rule("what viewers do does not move ModifiedAt", func(k *kit) {
		l := k.onAir("steady")
		k.tick()
		k.noError("AddLikes", k.Audience.AddLikes(k.ctx, l.ID, 1))
		k.seen(l.ID, "a")
		k.noError("PostChat", k.Audience.PostChat(k.ctx, l.ID, k.Owner, "hello"))
		if got := k.live(l.ID); !got.ModifiedAt.Equal(l.ModifiedAt) {
			k.t.Errorf("ModifiedAt moved with likes, heartbeats or chat: it moves on create, update, start and end only")
		}
	})
	s.part(s.has.Chat != nil && s.has.Viewer != "", "Chat and Viewer", func() {
		s.rule("viewers and the owner read the same chat", func(k *kit) {
			l := k.onAir("shared chat")
			for _, text := range texts {
				k.noError("PostChat", k.Audience.PostChat(k.ctx, l.ID, k.Viewer, text))
			}
			cursor := int64(0)
			for _, query := range []prism.ChatQuery{{Limit: 3}, {Limit: 100}, {After: &cursor, Limit: 2}} {
				viewers, err := k.Audience.LiveChat(k.ctx, l.ID, query)
				k.noError("LiveChat", err)
				if diff := cmp.Diff(k.messages(l.ID, query), viewers); diff != "" {
					k.t.Errorf("LiveChat differs from Messages (-Messages +LiveChat):\n%s", diff)
				}
			}
			m := k.latest(l.ID, 1).Messages
			if len(m) != 1 || m[0].AuthorID != k.Viewer || m[0].LiveOwner || m[0].Text != texts[len(texts)-1] {
				k.t.Errorf("the latest message is %+v, want the viewer's, who is not the owner, with its text to the letter", m)
			}
		})
	})
}
