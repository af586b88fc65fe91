package prismtest

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func (k *kit) statsCalls() []userCall {
	return []userCall{
		{"SaveStats", func(ctx context.Context, _, id string) error {
			return k.Stats.SaveStats(ctx, []prism.StatsReport{{LiveID: id, Add: prism.LiveStats{Likes: 1}}})
		}},
		{"SaveViewers", func(ctx context.Context, _, id string) error {
			return k.Stats.SaveViewers(ctx, []prism.ViewerHeartbeat{{LiveID: id, ViewerID: "kit-viewer"}})
		}},
	}
}

func (k *kit) report(reports ...prism.StatsReport) {
	k.t.Helper()
	k.noError("SaveStats", k.Stats.SaveStats(k.ctx, reports))
}

// everyNumber sets all four numbers.
func everyNumber(views, viewers, likes, chats int64) prism.StatsValues {
	return prism.StatsValues{Views: &views, Viewers: &viewers, Likes: &likes, Chats: &chats}
}

func (s *suite) stats() {
	s.rule("SaveStats sets what is not nil and keeps the rest", func(k *kit) {
		l := k.onAir("reported")
		k.report(prism.StatsReport{LiveID: l.ID, Set: everyNumber(100, 7, 20, 5)})
		k.wantStats("after all numbers were set", l.ID, prism.LiveStats{Views: 100, Viewers: 7, Likes: 20, Chats: 5})
		k.report(prism.StatsReport{LiveID: l.ID, Set: prism.StatsValues{Likes: ptr[int64](21)}})
		k.wantStats("after Likes alone was set", l.ID, prism.LiveStats{Views: 100, Viewers: 7, Likes: 21, Chats: 5})
		k.report(prism.StatsReport{LiveID: l.ID})
		k.wantStats("after a report with nothing in it", l.ID, prism.LiveStats{Views: 100, Viewers: 7, Likes: 21, Chats: 5})
		k.report(prism.StatsReport{LiveID: l.ID, Set: everyNumber(0, 0, 0, 0)})
		k.wantStats("after all numbers were set to 0, which is a value too", l.ID, prism.LiveStats{})
		k.report()
		k.noError("SaveStats of nothing", k.Stats.SaveStats(k.ctx, nil))
		k.noError("SaveViewers of nothing", k.Stats.SaveViewers(k.ctx, nil))
	})
	s.rule("SaveStats adds after it sets, and takes its reports in their order", func(k *kit) {
		l, other := k.create("adding"), k.create("also adding")
		k.report(
			prism.StatsReport{LiveID: l.ID, Add: prism.LiveStats{Views: 5, Likes: 1, Chats: 2}},
			prism.StatsReport{LiveID: other.ID, Add: prism.LiveStats{Views: 1}},
			prism.StatsReport{LiveID: l.ID, Add: prism.LiveStats{Views: 5}},
		)
		k.wantStats("after increments", l.ID, prism.LiveStats{Views: 10, Likes: 1, Chats: 2})
		k.wantStats("after an increment between two of another live", other.ID, prism.LiveStats{Views: 1})
		k.report(prism.StatsReport{LiveID: l.ID, Set: prism.StatsValues{Views: ptr[int64](50)}, Add: prism.LiveStats{Views: 3, Chats: 1}})
		k.wantStats("after Set and Add in one report: Set first", l.ID, prism.LiveStats{Views: 53, Likes: 1, Chats: 3})
		k.report(
			prism.StatsReport{LiveID: l.ID, Add: prism.LiveStats{Views: 1000, Likes: 4}},
			prism.StatsReport{LiveID: l.ID, Set: prism.StatsValues{Views: ptr[int64](7)}},
			prism.StatsReport{LiveID: l.ID, Add: prism.LiveStats{Views: 2}},
		)
		k.wantStats("after Add, Set and Add in three reports of one call: in their order", l.ID, prism.LiveStats{Views: 9, Likes: 5, Chats: 3})
	})
	s.rule("numbers are taken in any state, Viewers only of a live on air", func(k *kit) {
		l := k.create("early")
		k.report(prism.StatsReport{LiveID: l.ID, Set: everyNumber(10, 9, 8, 7)})
		k.wantStats("after a report on a RESERVED live", l.ID, prism.LiveStats{Views: 10, Likes: 8, Chats: 7})
		k.start(l.ID)
		k.wantStats("after the start: Viewers reported before it do not count", l.ID, prism.LiveStats{Views: 10, Likes: 8, Chats: 7})
		k.end(l.ID, prism.EndOptions{})
		k.report(prism.StatsReport{LiveID: l.ID, Set: prism.StatsValues{Viewers: ptr[int64](6)}, Add: prism.LiveStats{Views: 1}})
		k.wantStats("after a report on an ENDed live", l.ID, prism.LiveStats{Views: 11, Likes: 8, Chats: 7})
		k.start(l.ID)
		k.wantStats("after the restart: Viewers reported between broadcasts do not count", l.ID, prism.LiveStats{Views: 11, Likes: 8, Chats: 7})
	})
	s.rule("reported viewers stay until the next report, the end or the start", func(k *kit) {
		k.silence()
		viewers := func(id string, n int64) {
			k.report(prism.StatsReport{LiveID: id, Set: prism.StatsValues{Viewers: &n}})
		}
		l := k.onAir("watched at a CDN")
		viewers(l.ID, 50)
		k.wantStats("after a report of viewers", l.ID, prism.LiveStats{Viewers: 50})
		if k.Advance != nil {
			k.Advance(prism.ViewerTimeout + time.Hour)
			k.wantStats("an hour after the report: it has no timeout", l.ID, prism.LiveStats{Viewers: 50})
		}
		viewers(l.ID, 40)
		k.wantStats("after the next report", l.ID, prism.LiveStats{Viewers: 40})
		k.end(l.ID, prism.EndOptions{})
		k.wantStats("after the end", l.ID, prism.LiveStats{})
		k.start(l.ID)
		k.wantStats("after the restart", l.ID, prism.LiveStats{})
		viewers(l.ID, 30)
		second := k.onAir("the other live of the channel")
		k.wantStats("of the live that another start ended", l.ID, prism.LiveStats{})
		k.wantStats("of the live that ended another", second.ID, prism.LiveStats{})
	})
	s.rule("viewers who are seen come on top of those who are reported", func(k *kit) {
		l := k.onAir("two audiences")
		k.report(prism.StatsReport{LiveID: l.ID, Set: prism.StatsValues{Viewers: ptr[int64](40)}})
		k.heartbeats(l.ID, "a", "b")
		k.wantStats("after 40 were reported and 2 seen", l.ID, prism.LiveStats{Views: 2, Viewers: 42})
		k.report(prism.StatsReport{LiveID: l.ID, Set: prism.StatsValues{Viewers: ptr[int64](10)}})
		k.wantStats("after the next report", l.ID, prism.LiveStats{Views: 2, Viewers: 12})
		if k.Advance != nil {
			k.Advance(prism.ViewerTimeout + time.Second)
			k.wantStats("after those seen are gone", l.ID, prism.LiveStats{Views: 2, Viewers: 10})
		}
	})
	s.rule("reports and heartbeats of lives that do not exist are left out", func(k *kit) {
		l := k.onAir("real")
		var reports []prism.StatsReport
		var beats []prism.ViewerHeartbeat
		for _, id := range unknownIDs(l.ID) {
			reports = append(reports, prism.StatsReport{LiveID: id, Set: everyNumber(9, 9, 9, 9), Add: prism.LiveStats{Likes: 9}})
			beats = append(beats, prism.ViewerHeartbeat{LiveID: id, ViewerID: "v"})
		}
		middle := len(reports) / 2
		reports = slices.Insert(reports, middle, prism.StatsReport{LiveID: l.ID, Add: prism.LiveStats{Likes: 1}})
		beats = slices.Insert(beats, middle, prism.ViewerHeartbeat{LiveID: l.ID, ViewerID: "v"})
		k.report(reports...)
		k.noError("SaveViewers with unknown lives", k.Stats.SaveViewers(k.ctx, beats))
		k.wantStats("of the one live that exists", l.ID, prism.LiveStats{Views: 1, Viewers: 1, Likes: 1})
	})
	s.rule("a report that is not valid is ErrInvalid and no report is applied", func(k *kit) {
		l := k.onAir("valid")
		good := prism.StatsReport{LiveID: l.ID, Set: everyNumber(1, 1, 1, 1)}
		minus := ptr[int64](-1)
		for name, bad := range map[string]prism.StatsReport{
			"a negative Set.Views":   {Set: prism.StatsValues{Views: minus}},
			"a negative Set.Viewers": {Set: prism.StatsValues{Viewers: minus}},
			"a negative Set.Likes":   {Set: prism.StatsValues{Likes: minus}},
			"a negative Set.Chats":   {Set: prism.StatsValues{Chats: minus}},
			"a negative Add.Views":   {Add: prism.LiveStats{Views: -1}},
			"a negative Add.Likes":   {Add: prism.LiveStats{Likes: -1}},
			"a negative Add.Chats":   {Add: prism.LiveStats{Chats: -1}},
			"Add.Viewers":            {Add: prism.LiveStats{Viewers: 1}},
			"a negative Add.Viewers": {Add: prism.LiveStats{Viewers: -1}},
		} {
			bad.LiveID = l.ID
			k.wantError("SaveStats with "+name+" alone", k.Stats.SaveStats(k.ctx, []prism.StatsReport{bad}), prism.ErrInvalid)
			k.wantError("SaveStats with "+name+" last", k.Stats.SaveStats(k.ctx, []prism.StatsReport{good, bad}), prism.ErrInvalid)
			k.wantError("SaveStats with "+name+" first", k.Stats.SaveStats(k.ctx, []prism.StatsReport{bad, good}), prism.ErrInvalid)
			k.wantStats("after "+name+": all reports of a call or none", l.ID, prism.LiveStats{})
		}
	})
	s.rule("SaveViewers counts as ViewerSeen does", func(k *kit) {
		l, reserved := k.onAir("seen"), k.create("not on air")
		k.noError("SaveViewers", k.Stats.SaveViewers(k.ctx, []prism.ViewerHeartbeat{
			{LiveID: l.ID, ViewerID: "a"}, {LiveID: reserved.ID, ViewerID: "a"}, {LiveID: l.ID, ViewerID: "b"},
			{LiveID: l.ID, ViewerID: "a"}, {LiveID: l.ID, ViewerID: "c"},
		}))
		k.wantStats("after three viewers, one of them twice in one call", l.ID, prism.LiveStats{Views: 3, Viewers: 3})
		k.wantStats("of a live that is not on air", reserved.ID, prism.LiveStats{})
		k.heartbeats(l.ID, "a", "b")
		k.wantStats("after two of them again", l.ID, prism.LiveStats{Views: 3, Viewers: 3})
		if k.Audience != nil {
			k.seen(l.ID, "a", "d")
			k.heartbeats(l.ID, "d")
			k.wantStats("after an old and a new one by ViewerSeen", l.ID, prism.LiveStats{Views: 4, Viewers: 4})
			k.end(l.ID, prism.EndOptions{})
			k.wantStats("after the end", l.ID, prism.LiveStats{Views: 4})
		} else {
			k.heartbeats(l.ID, "d")
			k.end(l.ID, prism.EndOptions{})
		}
		k.heartbeats(l.ID, "e")
		k.wantStats("after a heartbeat on an ENDed live", l.ID, prism.LiveStats{Views: 4})
		k.start(l.ID)
		k.heartbeats(l.ID, "a")
		k.wantStats("after one of them in the next broadcast", l.ID, prism.LiveStats{Views: 5, Viewers: 1})
	})
	s.rule("viewers are told apart byte by byte", func(k *kit) {
		l := k.onAir("many names")
		long := string(slices.Repeat([]byte("x"), prism.MaxViewerID-1))
		names := []string{"a", "A", "a ", " a", "á", "a\u0301", "한국", long + "y", long + "z"}
		k.heartbeats(l.ID, names...)
		k.wantStats("after viewers with ids that are nearly alike", l.ID, prism.LiveStats{Views: int64(len(names)), Viewers: int64(len(names))})
	})
	s.part(s.has.Advance != nil, "Advance", func() {
		s.rule("a viewer by SaveViewers is gone after ViewerTimeout", func(k *kit) {
			l := k.onAir("left")
			k.heartbeats(l.ID, "stays", "leaves")
			k.Advance(prism.ViewerTimeout - time.Second)
			k.wantStats("a second before the timeout", l.ID, prism.LiveStats{Views: 2, Viewers: 2})
			k.heartbeats(l.ID, "stays")
			k.Advance(2 * time.Second)
			k.wantStats("a second after the timeout of one of two", l.ID, prism.LiveStats{Views: 2, Viewers: 1})
			k.heartbeats(l.ID, "leaves")
			k.wantStats("after the one came back, who is no new view", l.ID, prism.LiveStats{Views: 2, Viewers: 2})
		})
	})
	s.rule("a call takes MaxStatsBatch reports or heartbeats", func(k *kit) {
		l := k.onAir("many at once")
		reports := make([]prism.StatsReport, prism.MaxStatsBatch)
		beats := make([]prism.ViewerHeartbeat, prism.MaxStatsBatch)
		for i := range reports {
			reports[i] = prism.StatsReport{LiveID: l.ID, Add: prism.LiveStats{Likes: 1}}
			beats[i] = prism.ViewerHeartbeat{LiveID: l.ID, ViewerID: "viewer " + strconv.Itoa(i)}
		}
		k.report(reports...)
		k.noError("SaveViewers", k.Stats.SaveViewers(k.ctx, beats))
		k.wantStats("after two large calls", l.ID, prism.LiveStats{Views: prism.MaxStatsBatch, Viewers: prism.MaxStatsBatch, Likes: prism.MaxStatsBatch})
	})
	s.rule("reports do not move ModifiedAt", func(k *kit) {
		l := k.onAir("steady")
		k.tick()
		k.report(prism.StatsReport{LiveID: l.ID, Set: everyNumber(1, 2, 3, 4), Add: prism.LiveStats{Views: 1}})
		k.heartbeats(l.ID, "a")
		if got := k.live(l.ID); !got.ModifiedAt.Equal(l.ModifiedAt) {
			k.t.Errorf("ModifiedAt moved with reports: it moves on create, update, start and end only")
		}
	})
	s.statsRaces()
}

func (k *kit) heartbeats(liveID string, viewers ...string) {
	k.t.Helper()
	beats := make([]prism.ViewerHeartbeat, len(viewers))
	for i, v := range viewers {
		beats[i] = prism.ViewerHeartbeat{LiveID: liveID, ViewerID: v}
	}
	k.noError("SaveViewers", k.Stats.SaveViewers(k.ctx, beats))
}
