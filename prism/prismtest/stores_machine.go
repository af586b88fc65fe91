package prismtest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/b2bprism/b2bprism/prism"
)

// modelLive is what the state machine expects of a live.
type modelLive struct {
	id        string
	status    prism.Status
	broadcast int
	title     string
	key       string
	stats     prism.LiveStats
	last      prism.Live // as it was returned last
}

// machine compares a store with a model of one channel, in random order of
// create, start, end, update and reports of numbers.
type machine struct {
	*kit
	lives []*modelLive
	onAir *modelLive
}

func (s *suite) stateMachine() {
	s.t.Run("lives follow the state machine in any order of calls", func(t *testing.T) {
		fixture := s.open(t)
		rapid.Check(t, func(rt *rapid.T) {
			m := &machine{kit: &kit{Fixture: fixture, t: rt, ctx: t.Context()}}
			m.silence()
			m.createOne()
			actions := map[string]func(*rapid.T){
				"create":              func(*rapid.T) { m.createOne() },
				"start":               func(rt *rapid.T) { m.startOne(m.pick(rt)) },
				"end":                 func(rt *rapid.T) { m.endOne(m.pick(rt), prism.EndOptions{}) },
				"end by the service":  func(rt *rapid.T) { m.endOne(m.pick(rt), prism.EndOptions{AsService: true}) },
				"end of a broadcast":  func(rt *rapid.T) { m.endBroadcast(rt) },
				"start what was over": func(rt *rapid.T) { m.startOne(m.pick(rt)) },
				"":                    func(*rapid.T) { m.compare() },
			}
			if fixture.Update != nil {
				actions["update"] = m.updateOne
			}
			if fixture.Stats != nil {
				actions["report"] = m.reportSome
			}
			rt.Repeat(actions)
			m.compareOrder()
		})
	})
}

// step lets time go on between two calls, but only where that costs no waiting.
func (m *machine) step() {
	if m.Advance != nil {
		m.tick()
	}
}

// later reports whether a time that must move did. On the real clock two calls
// may fall on one time.
func (m *machine) later(was, is time.Time) bool {
	return is.After(was) || (m.Advance == nil && is.Equal(was))
}

func (m *machine) pick(rt *rapid.T) *modelLive { return rapid.SampledFrom(m.lives).Draw(rt, "live") }

func (m *machine) createOne() {
	m.step()
	l := m.create("model")
	m.lives = append(m.lives, &modelLive{id: l.ID, status: prism.StatusReserved, title: l.Title, key: l.RTMPPath, last: l})
}

func (m *machine) startOne(l *modelLive) {
	m.step()
	r := m.start(l.id)
	if want := m.onAir != l; r.Changed != want {
		m.t.Fatalf("StartLive of a live that is %s: Changed is %v, want %v", l.status, r.Changed, want)
	}
	if r.Changed {
		if !m.later(l.last.StartedAt, r.Live.StartedAt) {
			m.t.Fatalf("StartLive: StartedAt is %v, want later than %v", r.Live.StartedAt, l.last.StartedAt)
		}
		if m.onAir == nil && r.Ended != nil {
			m.t.Fatalf("StartLive reported in Ended the live %q, but none was on air", r.Ended.ID)
		}
		if m.onAir != nil {
			if r.Ended == nil || r.Ended.ID != m.onAir.id {
				m.t.Fatalf("StartLive did not report in Ended the live that was on air: %v", r.Ended)
			}
			m.onAir.status, m.onAir.stats.Viewers = prism.StatusEnd, 0
			m.match("StartLive, in Ended", m.onAir, *r.Ended, true)
		}
		l.status, l.stats.Viewers = prism.StatusOnAir, 0
		l.broadcast++
		m.onAir = l
	} else if r.Ended != nil {
		m.t.Fatalf("StartLive without a change reported live %q in Ended", r.Ended.ID)
	}
	m.match("StartLive", l, r.Live, r.Changed)
}

func (m *machine) endBroadcast(rt *rapid.T) {
	l := m.pick(rt)
	m.endOne(l, prism.EndOptions{OnlyBroadcast: rapid.IntRange(1, l.broadcast+2).Draw(rt, "broadcast")})
}

func (m *machine) endOne(l *modelLive, opt prism.EndOptions) {
	m.step()
	ends := m.onAir == l && (opt.OnlyBroadcast == 0 || opt.OnlyBroadcast == l.broadcast)
	r := m.end(l.id, opt)
	if r.Changed != ends {
		m.t.Fatalf("EndLive with %+v of a live that is %s in broadcast %d: Changed is %v, want %v", opt, l.status, l.broadcast, r.Changed, ends)
	}
	if ends {
		l.status, m.onAir, l.stats.Viewers = prism.StatusEnd, nil, 0
		if r.Live.EndedAt.Before(r.Live.StartedAt) {
			m.t.Fatalf("EndLive: EndedAt %v is before StartedAt %v", r.Live.EndedAt, r.Live.StartedAt)
		}
	}
	m.match("EndLive", l, r.Live, ends)
}

func (m *machine) updateOne(rt *rapid.T) {
	l := m.pick(rt)
	l.title = rapid.SampledFrom(texts).Draw(rt, "title")
	m.step()
	got, err := m.Update.UpdateLive(m.ctx, m.Owner, l.id, prism.LiveUpdate{Title: &l.title})
	m.noError("UpdateLive", err)
	m.match("UpdateLive", l, got, true)
}

// reportSome reports numbers of one or two lives, which may be the same.
func (m *machine) reportSome(rt *rapid.T) {
	number := rapid.Int64Range(0, 1_000_000)
	reports := make([]prism.StatsReport, rapid.IntRange(1, 2).Draw(rt, "reports"))
	for i := range reports {
		l := m.pick(rt)
		r := prism.StatsReport{LiveID: l.id, Add: prism.LiveStats{Views: number.Draw(rt, "added views"), Chats: number.Draw(rt, "added chats")}}
		if rapid.Bool().Draw(rt, "set views") {
			r.Set.Views = ptr(number.Draw(rt, "views"))
			l.stats.Views = *r.Set.Views
		}
		if rapid.Bool().Draw(rt, "set viewers") {
			r.Set.Viewers = ptr(number.Draw(rt, "viewers"))
			if l.status == prism.StatusOnAir {
				l.stats.Viewers = *r.Set.Viewers
			}
		}
		l.stats.Views += r.Add.Views
		l.stats.Chats += r.Add.Chats
		reports[i] = r
	}
	m.step()
	m.report(reports...)
}

// match compares a live with its model and remembers it. modified tells
// whether ModifiedAt must have moved, or must not.
func (m *machine) match(method string, want *modelLive, got prism.Live, modified bool) {
	m.t.Helper()
	if got.ID != want.id || got.Status != want.status || got.Broadcast != want.broadcast || got.Title != want.title {
		m.t.Fatalf("%s: got live %q, %s, broadcast %d, title %q; want %q, %s, %d, %q",
			method, got.ID, got.Status, got.Broadcast, got.Title, want.id, want.status, want.broadcast, want.title)
	}
	if got.RTMPPath != want.key {
		m.t.Fatalf("%s: the rtmpPath changed: it stays as it was created", method)
	}
	if m.Stats != nil && got.Stats != want.stats {
		m.t.Fatalf("%s: Stats is %+v of a live that is %s, want %+v as it was reported", method, got.Stats, got.Status, want.stats)
	}
	was, is := want.last.ModifiedAt, got.ModifiedAt
	if (modified && !m.later(was, is)) || (!modified && !is.Equal(was)) {
		m.t.Fatalf("%s: ModifiedAt went from %v to %v; it moves on create, update, start and end only, and moves then", method, was, is)
	}
	want.last = got
}

// compare reads the model's lives back, and what is on air.
func (m *machine) compare() {
	for _, l := range m.lives {
		m.match("Live", l, m.live(l.id), false)
	}
	onAir := m.list(prism.LiveFilter{Status: prism.StatusOnAir})
	switch {
	case m.onAir == nil && len(onAir) > 0, len(onAir) > 1:
		m.t.Fatalf("on air are %v, want at most the one that was started last and not ended", ids(onAir))
	case m.onAir != nil && (len(onAir) == 0 || onAir[0].ID != m.onAir.id):
		m.t.Fatalf("on air are %v, want %q", ids(onAir), m.onAir.id)
	}
}

// compareOrder reads the whole list back.
func (m *machine) compareOrder() {
	all := m.list(prism.LiveFilter{})
	listed := make(map[string]bool, len(all))
	for i, l := range all {
		listed[l.ID] = true
		if i > 0 && !newestFirst(all[i-1].ModifiedAt, l.ModifiedAt, all[i-1].CreatedAt, l.CreatedAt) {
			m.t.Fatalf("Lives is out of order at place %d: ORDER BY modified DESC, created DESC", i)
		}
	}
	for _, l := range m.lives {
		if !listed[l.id] {
			m.t.Fatalf("Lives does not list live %q, which is %s", l.id, l.status)
		}
	}
}
