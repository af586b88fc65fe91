package prismtest

import (
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func (s *suite) broadcasts() {
	s.rule("StartLive puts a RESERVED live on air", func(k *kit) {
		k.silence()
		before := k.create("first")
		k.tick()
		r := k.start(before.ID)
		if !r.Changed || r.Ended != nil {
			k.t.Errorf("StartLive: Changed %v and Ended %v, want true and nil as no other live was on air", r.Changed, r.Ended)
		}
		l := r.Live
		if l.Status != prism.StatusOnAir || l.Broadcast != 1 {
			k.t.Errorf("StartLive: Status %s and Broadcast %d, want ON_AIR and 1", l.Status, l.Broadcast)
		}
		if !l.StartedAt.After(before.CreatedAt) || !l.ModifiedAt.After(before.ModifiedAt) {
			k.t.Errorf("StartLive: StartedAt %v and ModifiedAt %v must be now, later than the create at %v", l.StartedAt, l.ModifiedAt, before.CreatedAt)
		}
		if l.RTMPPath != before.RTMPPath || l.Title != before.Title || l.Description != before.Description ||
			!near(l.ReservedAt, before.ReservedAt) || !near(l.CreatedAt, before.CreatedAt) {
			k.t.Errorf("StartLive changed the rtmpPath, a text, ReservedAt or CreatedAt: it must leave them")
		}
		k.unchanged("reading", l)
	})
	s.rule("StartLive of a live on air changes nothing", func(k *kit) {
		before := k.onAir("twice")
		k.tick()
		r := k.start(before.ID)
		if r.Changed || r.Ended != nil {
			k.t.Errorf("second StartLive: Changed %v and Ended %v, want false and nil", r.Changed, r.Ended)
		}
		if r.Live.Broadcast != before.Broadcast || !r.Live.StartedAt.Equal(before.StartedAt) || !r.Live.ModifiedAt.Equal(before.ModifiedAt) {
			k.t.Errorf("second StartLive moved Broadcast, StartedAt or ModifiedAt: a live on air stays as it is")
		}
	})
	s.rule("EndLive ends a live on air", func(k *kit) {
		before := k.onAir("ended")
		k.tick()
		r := k.end(before.ID, prism.EndOptions{})
		if !r.Changed || r.Live.Status != prism.StatusEnd || r.Live.Broadcast != before.Broadcast {
			k.t.Errorf("EndLive: Changed %v, Status %s, Broadcast %d; want true, END and %d as before", r.Changed, r.Live.Status, r.Live.Broadcast, before.Broadcast)
		}
		if !r.Live.StartedAt.Equal(before.StartedAt) {
			k.t.Errorf("EndLive moved StartedAt: it stays that of the broadcast that ended")
		}
		if !r.Live.EndedAt.After(before.StartedAt) || !r.Live.ModifiedAt.After(before.ModifiedAt) {
			k.t.Errorf("EndLive: EndedAt %v and ModifiedAt %v must be now, later than the start at %v", r.Live.EndedAt, r.Live.ModifiedAt, before.StartedAt)
		}
		if r.Live.Stats.Viewers != 0 {
			k.t.Errorf("EndLive: %d viewers of a live that is over, want 0", r.Live.Stats.Viewers)
		}
		k.unchanged("reading", r.Live)
	})
	s.rule("EndLive of a live that is not on air changes nothing", func(k *kit) {
		reserved := k.create("never started")
		ended := k.onAir("ended")
		ended = k.end(ended.ID, prism.EndOptions{}).Live
		for _, before := range []prism.Live{reserved, ended} {
			k.tick()
			for _, opt := range []prism.EndOptions{{}, {AsService: true}, {OnlyBroadcast: 1}} {
				r := k.end(before.ID, opt)
				if r.Changed || r.Live.Status != before.Status {
					k.t.Errorf("EndLive of a live that is %s: Changed %v and Status %s, want false and the same status: a RESERVED live does not END", before.Status, r.Changed, r.Live.Status)
				}
				if !r.Live.ModifiedAt.Equal(before.ModifiedAt) || !r.Live.EndedAt.Equal(before.EndedAt) {
					k.t.Errorf("EndLive of a live that is %s moved ModifiedAt or EndedAt", before.Status)
				}
			}
		}
	})
	s.rule("an ENDed live can be started again", func(k *kit) {
		l := k.onAir("reused")
		for broadcast := 2; broadcast <= 4; broadcast++ {
			k.tick()
			ended := k.end(l.ID, prism.EndOptions{}).Live
			k.tick()
			r := k.start(l.ID)
			if !r.Changed || r.Live.Status != prism.StatusOnAir || r.Live.Broadcast != broadcast {
				k.t.Errorf("restart: Changed %v, Status %s, Broadcast %d; want true, ON_AIR and %d", r.Changed, r.Live.Status, r.Live.Broadcast, broadcast)
			}
			if !r.Live.StartedAt.After(ended.StartedAt) {
				k.t.Errorf("restart: StartedAt %v must be now, later than that of the broadcast before, %v", r.Live.StartedAt, ended.StartedAt)
			}
			if r.Live.RTMPPath != l.RTMPPath {
				k.t.Errorf("restart: the stream key changed: it goes on over restarts")
			}
			if r.Live.Stats.Viewers != 0 {
				k.t.Errorf("restart: %d viewers, want 0", r.Live.Stats.Viewers)
			}
			was, is := ended.Stats, r.Live.Stats
			if is.Views != was.Views || is.Likes != was.Likes || is.Chats != was.Chats {
				k.t.Errorf("restart: the statistics went from %+v to %+v: views, likes and chats go on", was, is)
			}
		}
	})
	s.rule("StartLive ends the channel's other live on air and reports it", func(k *kit) {
		k.silence()
		first, second := k.onAir("first"), k.create("second")
		k.tick()
		r := k.start(second.ID)
		if r.Ended == nil {
			k.t.Fatalf("StartLive ended no other live or did not report it in Ended: the newest start wins")
		}
		if r.Ended.ID != first.ID || r.Ended.Status != prism.StatusEnd || r.Ended.Broadcast != first.Broadcast {
			k.t.Errorf("Ended is live %q, %s, broadcast %d; want %q, END, %d: the live after it was ended", r.Ended.ID, r.Ended.Status, r.Ended.Broadcast, first.ID, first.Broadcast)
		}
		if !r.Ended.EndedAt.After(first.StartedAt) || !r.Ended.ModifiedAt.After(first.ModifiedAt) {
			k.t.Errorf("Ended: EndedAt %v and ModifiedAt %v must be now", r.Ended.EndedAt, r.Ended.ModifiedAt)
		}
		if r.Ended.RTMPPath != first.RTMPPath {
			k.t.Errorf("Ended has not the live's rtmpPath: the publisher is dropped by it")
		}
		k.unchanged("reading", *r.Ended)
		if onAir := k.list(prism.LiveFilter{Status: prism.StatusOnAir}); len(onAir) != 1 || onAir[0].ID != second.ID {
			k.t.Errorf("on air are %v, want only %q", ids(onAir), second.ID)
		}
	})
	s.rule("a late end of an earlier broadcast does not end a newer one", func(k *kit) {
		l := k.onAir("again")
		k.end(l.ID, prism.EndOptions{})
		second := k.start(l.ID).Live
		for _, opt := range []prism.EndOptions{
			{OnlyBroadcast: second.Broadcast - 1}, {OnlyBroadcast: second.Broadcast - 1, AsService: true}, {OnlyBroadcast: second.Broadcast + 1},
		} {
			if r := k.end(l.ID, opt); r.Changed || r.Live.Status != prism.StatusOnAir {
				k.t.Errorf("EndLive with OnlyBroadcast %d during broadcast %d: Changed %v and Status %s, want false and ON_AIR", opt.OnlyBroadcast, second.Broadcast, r.Changed, r.Live.Status)
			}
		}
		if r := k.end(l.ID, prism.EndOptions{OnlyBroadcast: second.Broadcast}); !r.Changed || r.Live.Status != prism.StatusEnd {
			k.t.Errorf("EndLive with OnlyBroadcast of the present broadcast: Changed %v and Status %s, want true and END", r.Changed, r.Live.Status)
		}
	})
	s.rule("EndLive with AsService asks for no owner", func(k *kit) {
		l := k.onAir("by force")
		r := k.end(l.ID, prism.EndOptions{AsService: true})
		if !r.Changed || r.Live.Status != prism.StatusEnd {
			k.t.Errorf("EndLive with AsService: Changed %v and Status %s, want true and END", r.Changed, r.Live.Status)
		}
		_, err := k.Lives.EndLive(k.ctx, "", "kit-no-live", prism.EndOptions{AsService: true})
		k.wantError("EndLive with AsService of a live that does not exist", err, prism.ErrNotFound)
	})
	s.rule("StartLive moves nothing on the channel's other lives that are not on air", func(k *kit) {
		k.silence()
		reserved, ended := k.create("reserved"), k.onAir("ended")
		ended = k.end(ended.ID, prism.EndOptions{}).Live
		k.tick()
		k.onAir("new")
		k.unchanged("StartLive of another live", reserved)
		k.unchanged("StartLive of another live", ended)
	})
}

// near compares times to the second, as a store may round.
func near(a, b time.Time) bool { return a.Sub(b).Abs() < time.Second }
