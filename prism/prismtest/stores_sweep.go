package prismtest

import (
	"context"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// cancelledJob is the job of Lease calls whose ctx is over.
const cancelledJob = "kit-cancelled"

func (k *kit) sweepCalls(live prism.Live) []userCall {
	return []userCall{
		{"SweepLives", func(ctx context.Context, _, _ string) error {
			_, err := k.Sweep.SweepLives(ctx, live.CreatedAt.Add(time.Hour), 10)
			return err
		}},
		{"SweepBans", func(ctx context.Context, _, _ string) error {
			_, err := k.Sweep.SweepBans(ctx, 10)
			return err
		}},
		{"Lease", func(ctx context.Context, _, _ string) error {
			_, err := k.Sweep.Lease(ctx, cancelledJob, "kit-cancelled", time.Hour)
			return err
		}},
		{"Release", func(ctx context.Context, _, _ string) error {
			return k.Sweep.Release(ctx, cancelledJob, "kit-cancelled")
		}},
	}
}

func (s *suite) sweeping() {
	s.duplicates()
	s.leases()
	s.part(s.has.Advance != nil && s.has.Ban != nil && s.has.Viewer != "", "Advance (with Ban and Viewer)", s.sweptBans)
}

func (k *kit) sweepLives(before time.Time, limit int) int {
	k.t.Helper()
	n, err := k.Sweep.SweepLives(k.ctx, before, limit)
	k.noError("SweepLives", err)
	return n
}

// swept fails unless SweepLives deletes this many.
func (k *kit) swept(when string, before time.Time, limit, want int) {
	k.t.Helper()
	if got := k.sweepLives(before, limit); got != want {
		k.t.Errorf("SweepLives %s deleted %d lives, want %d", when, got, want)
	}
}

// gone fails unless the live is deleted, or is there.
func (k *kit) gone(what string, l prism.Live, want bool) {
	k.t.Helper()
	if !want {
		if _, err := k.Lives.Live(k.ctx, k.Owner, l.ID); err != nil {
			k.t.Errorf("%s: SweepLives deleted it, or Live fails: %v", what, err)
		}
		return
	}
	_, err := k.Lives.Live(k.ctx, k.Owner, l.ID)
	k.wantError("Live of "+what, err, prism.ErrNotFound)
	if n := len(among(k.list(prism.LiveFilter{}), l.ID)); n != 0 {
		k.t.Errorf("%s: Lives still lists it after SweepLives", what)
	}
	if k.Ingest != nil {
		_, err := k.Ingest.LiveByStreamKey(k.ctx, digestOf(l))
		k.wantError("LiveByStreamKey of "+what, err, prism.ErrNotFound)
	}
}

// tidy deletes the duplicates that other rules left, and returns a time that
// is after everything that this rule makes.
func (k *kit) tidy() (later time.Time) {
	k.t.Helper()
	later = k.create(unique("tidy")).CreatedAt.Add(1000 * time.Hour)
	for k.sweepLives(later, prism.MaxStatsBatch) > 0 {
		continue
	}
	return later
}

// twice makes a live and, a little later, one that may differ from it.
func (k *kit) twice(first, second prism.NewLive) (a, b prism.Live) {
	k.t.Helper()
	create := func(l prism.NewLive) prism.Live {
		k.t.Helper()
		k.tick()
		made, err := k.Lives.CreateLive(k.ctx, k.Owner, k.EnabledChannel, l)
		k.noError("CreateLive by the owner on EnabledChannel", err)
		return made
	}
	return create(first), create(second)
}

func (s *suite) duplicates() {
	s.rule("SweepLives deletes duplicates, oldest first, up to its limit, and never the newest", func(k *kit) {
		later := k.tidy()
		a, b := k.twice(newLive("twice"), newLive("twice"))
		k.tick()
		c := k.create("twice")
		if k.ChatSend != nil {
			// A store may refuse chat on a RESERVED live.
			_ = k.ChatSend.SendMessage(k.ctx, k.Owner, a.ID, "goes with the live")
		}
		k.swept("with limit 0", later, 0, 0)
		k.swept("with limit 1", later, 1, 1)
		k.gone("the oldest duplicate", a, true)
		k.gone("the duplicate after the limit", b, false)
		k.swept("of what is left", later, 10, 1)
		k.gone("the next duplicate", b, true)
		k.swept("with nothing left", later, 10, 0)
		k.gone("the newest, which is what the streamer has", c, false)
		k.unchanged("the deletion of its duplicates", c)
	})
	s.rule("SweepLives leaves duplicates that were created at the given time or later", func(k *kit) {
		later := k.tidy()
		a, b := k.twice(newLive("young"), newLive("young"))
		k.swept("before the time of the duplicate", a.CreatedAt, 10, 0)
		k.gone("a duplicate that was created at the given time", a, false)
		k.swept("before the time of its twin", b.CreatedAt, 10, 1)
		k.gone("a duplicate that was created before the given time", a, true)
		k.swept("a second time", later, 10, 0)
	})
	s.rule("SweepLives deletes no live that was ever started", func(k *kit) {
		later := k.tidy()
		k.silence()
		a, b := k.twice(newLive("started"), newLive("started"))
		k.start(a.ID)
		k.swept("with a duplicate on air", later, 10, 0)
		k.end(a.ID, prism.EndOptions{})
		k.swept("with a duplicate that has ended", later, 10, 0)
		k.gone("a live that was started", a, false)
		k.gone("its twin, which is the newest", b, false)
	})
	s.rule("a twin makes a duplicate in any state", func(k *kit) {
		later := k.tidy()
		k.silence()
		a, b := k.twice(newLive("second try"), newLive("second try"))
		k.start(b.ID)
		k.swept("with the twin on air", later, 10, 1)
		k.gone("the duplicate of a live on air", a, true)
		c, d := k.twice(newLive("third try"), newLive("third try"))
		k.start(d.ID)
		k.end(d.ID, prism.EndOptions{})
		k.swept("with the twin ended", later, 10, 1)
		k.gone("the duplicate of a live that has ended", c, true)
	})
	s.rule("a live that differs is no duplicate", func(k *kit) {
		later := k.tidy()
		for name, change := range map[string]func(l *prism.NewLive){
			"its title":                        func(l *prism.NewLive) { l.Title += "!" },
			"the case of its title":            func(l *prism.NewLive) { l.Title = "K" + l.Title[1:] },
			"a space after its title":          func(l *prism.NewLive) { l.Title += " " },
			"an accent in its title":           func(l *prism.NewLive) { l.Title += "\u0301" },
			"its description":                  func(l *prism.NewLive) { l.Description += "!" },
			"an empty description":             func(l *prism.NewLive) { l.Description = "" },
			"the case of its description":      func(l *prism.NewLive) { l.Description = "a" + l.Description[1:] },
			"its scope":                        func(l *prism.NewLive) { l.Scope = prism.ScopePrivate },
			"the day that it is reserved for":  func(l *prism.NewLive) { l.ReservedAt = l.ReservedAt.Add(24 * time.Hour) },
			"an earlier time of reservation":   func(l *prism.NewLive) { l.ReservedAt = l.ReservedAt.Add(-prism.DuplicateWindow - time.Minute) },
			"the year that it is reserved for": func(l *prism.NewLive) { l.ReservedAt = l.ReservedAt.AddDate(1, 0, 0) },
		} {
			first := newLive(unique("differs"))
			second := first
			change(&second)
			a, b := k.twice(first, second)
			if b.Scope != second.Scope {
				continue // of a store without scopes
			}
			k.swept("of lives that differ in "+name, later, 10, 0)
			k.gone("a live that differs from a newer one in "+name, a, false)
		}
		planned := newLive(unique("planned"))
		again := planned
		again.ReservedAt = planned.ReservedAt.Add(prism.DuplicateWindow - time.Minute)
		a, _ := k.twice(planned, again)
		k.swept("of lives that are reserved for nearly the same time, as PRISM reserves for now", later, 10, 1)
		k.gone("a live that is reserved for nearly the same time as its twin", a, true)
	})
	s.part(s.has.Directory != nil, "Directory", func() {
		s.rule("a live of another channel is no twin", func(k *kit) {
			later := k.tidy()
			l := newLive(unique("two channels"))
			a, err := k.Lives.CreateLive(k.ctx, k.Owner, k.newChannel().ID, l)
			k.noError("CreateLive on a channel from PutChannel", err)
			k.tick()
			_, err = k.Lives.CreateLive(k.ctx, k.Owner, k.newChannel().ID, l)
			k.noError("CreateLive on a channel from PutChannel", err)
			k.swept("of lives of two channels", later, 10, 0)
			k.gone("a live whose like is in another channel", a, false)
		})
		s.rule("lives that were created at one time are no duplicates of each other", func(k *kit) {
			later := k.tidy()
			at := k.create(unique("clock")).CreatedAt
			lives := make([]prism.Live, 2)
			for i := range lives {
				lives[i] = prism.Live{
					ID: unique("live"), ChannelID: k.EnabledChannel, Title: "at once", Description: "imported",
					Status: prism.StatusReserved, Scope: prism.ScopePublic, CreatedAt: at, ModifiedAt: at, ReservedAt: at,
				}
				k.noError("PutLive", k.Directory.PutLive(k.ctx, lives[i]))
			}
			k.swept("of two lives that were created at one time", later, 10, 0)
			for _, l := range lives {
				k.gone("one of two lives that were created at one time, of which neither is the newest", l, false)
			}
		})
	})
	s.part(s.has.Advance != nil, "Advance", func() {
		s.rule("a twin was created within DuplicateWindow", func(k *kit) {
			later := k.tidy()
			a := k.create("near")
			k.Advance(prism.DuplicateWindow - time.Second)
			k.create("near")
			k.swept("of a live whose twin is a second within the window", later, 10, 1)
			k.gone("a live whose twin is a second within the window", a, true)
			b := k.create("far")
			k.Advance(prism.DuplicateWindow + time.Second)
			k.create("far")
			k.swept("of a live whose like is a second beyond the window", later, 10, 0)
			k.gone("a live whose like is a second beyond the window", b, false)
		})
	})
	s.rule("parallel SweepLives delete every duplicate once", func(k *kit) {
		later := k.tidy()
		const made = 12
		lives := make([]prism.Live, made)
		for i := range lives {
			k.tick()
			lives[i] = k.create("pressed again and again")
		}
		deleted := 0
		for _, n := range parallel(k, racers, func(i int) (int, error) {
			store := k.Sweep
			if k.SecondSweep != nil && i%2 == 1 {
				store = k.SecondSweep
			}
			n, err := store.SweepLives(k.ctx, later, 2)
			if err != nil {
				return 0, fmt.Errorf("SweepLives: %w", err)
			}
			return n, nil
		}) {
			deleted += n
		}
		for n := k.sweepLives(later, 2); n > 0; n = k.sweepLives(later, 2) {
			deleted += n
		}
		if deleted != made-1 {
			k.t.Errorf("SweepLives reported %d deleted lives of %d duplicates: return the rows affected", deleted, made-1)
		}
		k.gone("the newest of many", lives[made-1], false)
	})
}

func (k *kit) sweptBansWere(when string, limit, want int) {
	k.t.Helper()
	got, err := k.Sweep.SweepBans(k.ctx, limit)
	k.noError("SweepBans", err)
	if got != want {
		k.t.Errorf("SweepBans %s deleted %d bans, want %d", when, got, want)
	}
}

// wantBanned checks a ban by what the fixture has to see it.
func (k *kit) wantBanned(when, liveID string, want bool) {
	k.t.Helper()
	if k.Audience != nil {
		k.mayPost(when, liveID, !want)
	}
	if k.Standings != nil {
		k.wantStanding(when, liveID, k.Viewer, prism.Standing{Banned: want})
	}
}

func (s *suite) sweptBans() {
	s.rule("SweepBans deletes bans that are over, up to its limit, and lifts none", func(k *kit) {
		l := k.onAir("swept")
		k.unban(l.ID)
		for n := 1; n > 0; {
			var err error
			n, err = k.Sweep.SweepBans(k.ctx, 1000)
			k.noError("SweepBans", err)
		}
		banStranger := func(d time.Duration) {
			k.noError("BanUser", k.Ban.BanUser(k.ctx, k.Owner, l.ID, k.Stranger, d))
		}
		k.ban(l.ID, time.Minute)
		banStranger(time.Minute)
		k.Advance(59 * time.Second)
		k.sweptBansWere("a second before they are over", 10, 0)
		k.wantBanned("a second before the ban is over, after SweepBans", l.ID, true)
		k.Advance(2 * time.Second)
		k.sweptBansWere("with limit 0", 0, 0)
		k.sweptBansWere("with limit 1", 1, 1)
		k.sweptBansWere("of what is left", 10, 1)
		k.sweptBansWere("with nothing left", 10, 0)
		k.wantBanned("after the ban was over and swept", l.ID, false)

		k.ban(l.ID, 0)
		banStranger(time.Minute)
		k.Advance(24 * time.Hour)
		k.sweptBansWere("of one that is over beside one without end", 10, 1)
		k.wantBanned("while banned without end, after SweepBans", l.ID, true)
		k.ban(l.ID, time.Hour)
		k.sweptBansWere("of one that was set anew", 10, 0)
		k.wantBanned("while banned anew, after SweepBans", l.ID, true)
		k.unban(l.ID)
	})
}
