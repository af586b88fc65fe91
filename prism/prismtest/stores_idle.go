package prismtest

import (
	"errors"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// endIdle ends a live if it had no packet at that time or later.
func (k *kit) endIdle(when string, l prism.Live, before time.Time, want bool) {
	k.t.Helper()
	was := k.live(l.ID)
	r := k.end(l.ID, prism.EndOptions{AsService: true, OnlyBroadcast: l.Broadcast, IdleBefore: before})
	status := prism.StatusOnAir
	if want {
		status = prism.StatusEnd
	}
	if r.Changed != want || r.Live.Status != status {
		k.t.Errorf("EndLive with IdleBefore %s: Changed %v and Status %s, want %v and %s", when, r.Changed, r.Live.Status, want, status)
	}
	if !want {
		k.unchanged("EndLive with IdleBefore "+when, was)
	}
}

func (s *suite) idleEnds() {
	s.rule("EndLive with IdleBefore ends a live only if its last packet was before that time", func(k *kit) {
		l := k.onAir("idle")
		k.endIdle("at the start of a live without packets", l, l.StartedAt, false)
		k.tick()
		mark := k.clock()
		k.tick()
		k.noError("IngestStarted", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "s"))
		k.endIdle("before the session began, which counts as a packet", l, mark, false)
		k.tick()
		mark = k.clock()
		k.tick()
		k.noError("IngestSeen", k.Ingest.IngestSeen(k.ctx, l.ID, "s"))
		k.endIdle("before the last packet", l, mark, false)
		k.noError("IngestEnded", k.Ingest.IngestEnded(k.ctx, l.ID, "s"))
		k.endIdle("before the last packet of a session that is over", l, mark, false)
		k.tick()
		mark = k.clock()
		k.endIdle("after the last packet", l, mark, true)
		if r := k.end(l.ID, prism.EndOptions{AsService: true, IdleBefore: mark}); r.Changed {
			k.t.Errorf("EndLive with IdleBefore of a live that is over: Changed is true, want false: it stays as it is")
		}
	})
	s.rule("EndLive with IdleBefore counts from the start, not from packets of the broadcast before", func(k *kit) {
		l := k.onAir("restarted")
		k.noError("IngestStarted", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "s"))
		k.end(l.ID, prism.EndOptions{})
		k.tick()
		mark := k.clock()
		k.tick()
		l = k.start(l.ID).Live
		k.endIdle("before the restart", l, mark, false)
		k.tick()
		mark = k.clock()
		for _, opt := range []prism.EndOptions{
			{IdleBefore: mark, OnlyBroadcast: l.Broadcast - 1, AsService: true},
			{IdleBefore: mark, OnlyBroadcast: l.Broadcast - 1},
		} {
			if r := k.end(l.ID, opt); r.Changed {
				k.t.Errorf("EndLive with IdleBefore and OnlyBroadcast of the broadcast before ended a newer one: both must hold")
			}
		}
		k.endIdle("after the restart", l, mark, true)
	})
	s.rule("a packet keeps a live from a parallel end of it as idle", func(k *kit) {
		k.silence()
		for range 3 {
			l := k.onAir("just came back")
			k.noError("IngestStarted", k.Ingest.IngestStarted(k.ctx, l.ID, l.Broadcast, "s"))
			k.tick()
			mark := k.clock()
			k.tick()
			opt := prism.EndOptions{AsService: true, OnlyBroadcast: l.Broadcast, IdleBefore: mark}
			type outcome struct{ seen, ended bool }
			seen, ended := 0, 0
			for _, o := range parallel(k, racers, func(i int) (o outcome, err error) {
				if i%2 == 0 {
					err = k.Ingest.IngestSeen(k.ctx, l.ID, "s")
					o.seen = err == nil
					if errors.Is(err, prism.ErrConflict) {
						return o, nil
					}
					return o, err
				}
				r, err := k.Lives.EndLive(k.ctx, "", l.ID, opt)
				o.ended = r.Changed
				return o, err
			}) {
				if o.seen {
					seen++
				}
				if o.ended {
					ended++
				}
			}
			got := k.live(l.ID).Status
			switch {
			case seen > 0 && (ended > 0 || got != prism.StatusOnAir):
				k.t.Errorf("%d packets were recorded, yet %d ends as idle went through and the live is %s: compare and end in one statement", seen, ended, got)
			case seen == 0 && (ended != 1 || got != prism.StatusEnd):
				k.t.Errorf("no packet was recorded, yet %d of %d ends as idle went through and the live is %s; want 1, and END", ended, racers/2, got)
			}
		}
	})
}
