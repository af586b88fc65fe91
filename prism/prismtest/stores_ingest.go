package prismtest

import (
	"slices"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// digestOf is the digest of the live's stream key.
func digestOf(l prism.Live) [32]byte {
	return prism.KeyDigest(l.RTMPPath[strings.LastIndexByte(l.RTMPPath, '/')+1:])
}

func (s *suite) ingest() {
	s.rule("LiveByStreamKey finds a live in any state", func(k *kit) {
		l := k.create("by key")
		check := func() {
			k.t.Helper()
			got, err := k.Ingest.LiveByStreamKey(k.ctx, digestOf(l))
			k.noError("LiveByStreamKey", err)
			if want := k.live(l.ID); got.ID != l.ID || got.Status != want.Status || got.Broadcast != want.Broadcast || got.ForUser != k.Owner {
				k.t.Errorf("LiveByStreamKey returned live %q, %s, broadcast %d, ForUser %q; want %q, %s, %d, and the channel's owner %q",
					got.ID, got.Status, got.Broadcast, got.ForUser, l.ID, want.Status, want.Broadcast, k.Owner)
			}
		}
		check()
		k.start(l.ID)
		check()
		k.end(l.ID, prism.EndOptions{})
		check()
		_, err := k.Ingest.LiveByStreamKey(k.ctx, prism.KeyDigest(prism.NewStreamKey()))
		k.wantError("LiveByStreamKey of an unknown key", err, prism.ErrNotFound)
		_, err = k.Ingest.LiveByStreamKey(k.ctx, [32]byte{})
		k.wantError("LiveByStreamKey of a zero digest", err, prism.ErrNotFound)
	})
	s.rule("IngestStarted wants a live on air with this broadcast", func(k *kit) {
		l := k.create("published")
		k.wantError("IngestStarted of a RESERVED live", k.Ingest.IngestStarted(k.ctx, l.ID, 0, "a"), prism.ErrConflict)
		l = k.start(l.ID).Live
		k.wantError("IngestStarted with an earlier broadcast", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast-1, "a"), prism.ErrConflict)
		k.wantError("IngestStarted with a later broadcast", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast+1, "a"), prism.ErrConflict)
		k.noError("IngestStarted", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "a"))
		k.noError("IngestSeen of the publisher", k.Ingest.IngestSeen(k.ctx, l.ID, "a"))
		k.end(l.ID, prism.EndOptions{})
		k.wantError("IngestStarted of an ENDed live", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "a"), prism.ErrConflict)
		k.wantError("IngestSeen of an ENDed live", k.Ingest.IngestSeen(k.ctx, l.ID, "a"), prism.ErrConflict)
	})
	s.rule("only the latest session is the publisher", func(k *kit) {
		l := k.onAir("reconnected")
		k.wantError("IngestSeen before any session", k.Ingest.IngestSeen(k.ctx, l.ID, "old"), prism.ErrConflict)
		k.wantError("IngestSeen of an empty session before any", k.Ingest.IngestSeen(k.ctx, l.ID, ""), prism.ErrConflict)
		k.noError("IngestStarted", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "old"))
		k.noError("IngestStarted of the same session again", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "old"))
		k.noError("IngestStarted of a newer session", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "new"))
		k.wantError("IngestSeen of the older session", k.Ingest.IngestSeen(k.ctx, l.ID, "old"), prism.ErrConflict)
		k.noError("a late IngestEnded of the older session, which is ignored", k.Ingest.IngestEnded(k.ctx, l.ID, "old"))
		k.noError("IngestSeen of the newer session after a late end of the older", k.Ingest.IngestSeen(k.ctx, l.ID, "new"))
		k.noError("IngestEnded of an unknown session, which is ignored", k.Ingest.IngestEnded(k.ctx, l.ID, "never heard of"))
		k.noError("IngestSeen of the newer session", k.Ingest.IngestSeen(k.ctx, l.ID, "new"))
		k.noError("IngestEnded of the publisher", k.Ingest.IngestEnded(k.ctx, l.ID, "new"))
		k.noError("IngestEnded of the publisher again", k.Ingest.IngestEnded(k.ctx, l.ID, "new"))
		k.wantError("IngestSeen of a session that is over", k.Ingest.IngestSeen(k.ctx, l.ID, "new"), prism.ErrConflict)
		k.noError("IngestStarted after a reconnect", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "third"))
		k.noError("IngestSeen after a reconnect", k.Ingest.IngestSeen(k.ctx, l.ID, "third"))
	})
	s.rule("a session of an earlier broadcast is not the publisher of a newer one", func(k *kit) {
		l := k.onAir("restarted")
		k.noError("IngestStarted", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "first"))
		k.end(l.ID, prism.EndOptions{})
		again := k.start(l.ID).Live
		k.wantError("IngestSeen of the broadcast before", k.Ingest.IngestSeen(k.ctx, l.ID, "first"), prism.ErrConflict)
		k.wantError("IngestStarted with the broadcast before", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "first"), prism.ErrConflict)
		k.noError("IngestStarted with the new broadcast", k.Ingest.IngestStarted(k.ctx, l.ID, again.Broadcast, "second"))
		k.noError("a late IngestEnded of the broadcast before", k.Ingest.IngestEnded(k.ctx, l.ID, "first"))
		k.noError("IngestSeen after that", k.Ingest.IngestSeen(k.ctx, l.ID, "second"))
	})
	s.rule("the end of a session ends no live, and ingest does not move ModifiedAt", func(k *kit) {
		l := k.onAir("goes on")
		k.tick()
		k.noError("IngestStarted", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "s"))
		k.noError("IngestSeen", k.Ingest.IngestSeen(k.ctx, l.ID, "s"))
		k.noError("IngestEnded", k.Ingest.IngestEnded(k.ctx, l.ID, "s"))
		got := k.live(l.ID)
		if got.Status != prism.StatusOnAir {
			k.t.Errorf("the live is %s after its session ended, want ON_AIR: the client may reconnect", got.Status)
		}
		if !got.ModifiedAt.Equal(l.ModifiedAt) {
			k.t.Errorf("ModifiedAt moved with ingest events: it moves on create, update, start and end only")
		}
	})
	s.rule("IdleLives counts from the last packet, or from the start", func(k *kit) {
		k.silence()
		reserved := k.create("reserved")
		l := k.onAir("idle")
		k.tick()
		k.wantIdle("a live started before the time", l, k.clock(), true)
		k.wantIdle("a live started at the time", l, l.StartedAt, false)
		k.wantIdle("a live that is RESERVED", reserved, k.clock(), false)

		mark := k.clock()
		k.tick()
		k.noError("IngestStarted", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "s"))
		k.wantIdle("a live whose session began after the time", l, mark, false)
		k.tick()
		mark = k.clock()
		k.wantIdle("a live whose session began before the time", l, mark, true)
		k.tick()
		k.noError("IngestSeen", k.Ingest.IngestSeen(k.ctx, l.ID, "s"))
		k.wantIdle("a live with a packet after the time", l, mark, false)
		k.tick()
		k.noError("IngestEnded", k.Ingest.IngestEnded(k.ctx, l.ID, "s"))
		k.tick()
		k.wantIdle("a live whose last packet was before the time", l, k.clock(), true)
		k.wantIdle("a live with a packet after the time, whose session is over", l, mark, false)

		k.end(l.ID, prism.EndOptions{})
		k.tick()
		k.wantIdle("a live that is over", l, k.clock(), false)
		mark = k.clock()
		k.tick()
		k.start(l.ID)
		k.wantIdle("a live restarted after the time, with packets of the broadcast before", l, mark, false)
		k.tick()
		k.wantIdle("a live restarted before the time", l, k.clock(), true)
	})
	s.part(s.has.Directory != nil, "Directory", func() {
		s.rule("IdleLives returns the longest idle first, up to its limit", func(k *kit) {
			lives := make([]string, 3)
			for i := range lives {
				lives[i] = k.onAirElsewhere("idle").ID
				k.tick()
			}
			first, err := k.Lives.Live(k.ctx, k.Owner, lives[0])
			k.noError("Live", err)
			k.noError("IngestStarted", k.Ingest.IngestStarted(k.ctx, first.ID, first.Broadcast, "s"))
			k.tick()
			before := k.clock()
			idle := k.idle(before, 1000)
			want := []string{lives[1], lives[2], lives[0]}
			if got := ids(among(idle, lives...)); !slices.Equal(got, want) {
				k.t.Errorf("IdleLives returned %v, want %v: the longest idle first", got, want)
			}
			for _, l := range among(idle, lives...) {
				if l.ForUser != k.Owner {
					k.t.Errorf("IdleLives: ForUser is %q, want the channel's owner %q", l.ForUser, k.Owner)
				}
			}
			if got := k.idle(before, 2); len(got) != 2 || got[0].ID != idle[0].ID || got[1].ID != idle[1].ID {
				k.t.Errorf("IdleLives with limit 2 returned %v, want the first two of %v", ids(got), ids(idle))
			}
		})
	})
	s.idleEnds()
}

func (k *kit) idle(before time.Time, limit int) []prism.Live {
	k.t.Helper()
	lives, err := k.Ingest.IdleLives(k.ctx, before, limit)
	k.noError("IdleLives", err)
	return lives
}

func (k *kit) wantIdle(what string, l prism.Live, before time.Time, want bool) {
	k.t.Helper()
	if got := len(among(k.idle(before, 1000), l.ID)) == 1; got != want {
		k.t.Errorf("IdleLives: %s: listed is %v, want %v", what, got, want)
	}
}
