package check

import (
	"net/http"
	"sync"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

var stateChecks = []Check{
	{
		ID: "state.stop-reserved", Severity: Required, Source: srcAPI + ": stop",
		Title: "Stopping a live that is not on air answers 200 with the live as it is.",
		Fix:   "A stop that comes late or twice is normal: never answer it with an error.",
		run:   checkStopReserved,
	},
	{
		ID: "state.start", Severity: Required, Source: srcAPI + ": start",
		Title: "A start without a body puts a live on air, at once for every call, and sets startAt.",
		Fix:   "Answer 200 with the live, status ON_AIR and the time of now.",
		run:   checkStart,
	},
	{
		ID: "state.start-again", Severity: Required, Source: srcClient + ": ending",
		Title: "Starting a live that is on air changes nothing.",
		Fix:   "Answer 200 with the live as it is, with the same startAt.",
		run:   checkStartAgain,
	},
	{
		ID: "state.newest-wins", Severity: Required, Source: srcAPI + ": start",
		Title: "Starting a live ends the other one of its channel that is on air.",
		Fix:   "End the older one in the same transaction; do not answer 409.",
		run:   checkNewestWins,
	},
	{
		ID: "state.stop", Severity: Required, Source: srcAPI + ": stop",
		Title: "A stop ends a live, at once for every call, and a second one changes nothing.",
		Fix:   "Answer 200 with the live and status END, both times.",
		run:   checkStop,
	},
	{
		ID: "state.restart", Severity: Required, Source: srcAPI + ": terms, start",
		Title: "A live that has ended can be started again, with a new startAt and the same stream key.",
		Fix:   "Allow END -> ON_AIR: a live can be reused many times.",
		run:   checkRestart,
	},
	{
		ID: "state.statistics", Severity: Recommended, Source: srcAPI + ": liveStat",
		Title: "A live has statistics; at a restart viewerCount is 0 and the cumulative numbers go on.",
		Fix:   "Send liveStat with viewCount, viewerCount, likeCount and chatCount.",
		run:   checkStatistics,
	},
	{
		ID: "state.one-on-air", Severity: Required, Source: srcAPI + ": start",
		Title: "However many lives start at once, one of a channel is on air.",
		Fix:   "Serialise starts per channel: lock the channel's row, or put a unique index on the live that is on air.",
		run:   checkOneOnAir,
	},
	{
		ID: "state.text", Severity: Required, Source: srcAPI + ": lives",
		Title: "Start and stop change nothing but state, times and statistics.",
		Fix:   "Keep title, description, scope, reservedAt and rtmpPath.",
		run:   checkKept,
	},
}

// turned holds the answer of a start or stop, and live info after it, against
// a status.
func (p *probe) turned(m streamer, live gateway.Live, err error, what string, want prism.Status) gateway.Live {
	p.must(err, "%s", what)
	if live.Status != want {
		p.fail("%s: the answer has status %q, want %s", what, live.Status, want)
	}
	info, err := m.live(live.ID)
	p.must(err, "live info after %s", what)
	if info.Status != want {
		p.fail("%s: live info has status %q after it, want %s", what, info.Status, want)
	}
	if live.StartAt.IsZero() != info.StartAt.IsZero() || !live.StartAt.Equal(info.StartAt) {
		p.fail("%s: startAt of the answer and of live info after it differ", what)
	}
	return live
}

func checkStopReserved(p *probe) {
	m := p.withStates()
	fresh, err := m.create(p.channel.ID, gateway.NewLive{Title: liveTitle, Scope: prism.ScopePrivate})
	p.must(err, "a new live")
	live, err := m.stop(fresh.ID)
	p.must(err, "stop of a live that never began")
	p.compare(live, fresh, "stop of a live that never began")
}

func checkStart(p *probe) {
	m := p.withStates()
	live, err := m.start(p.first.ID)
	live = p.turned(m, live, err, "start", onAir)
	if live.StartAt.IsZero() {
		p.fail("startAt of a live on air is null")
	}
	if live.RTMPPath != p.first.RTMPPath {
		p.fail("rtmpPath is another after the start")
	}
}

func checkStartAgain(p *probe) {
	m := p.withStates()
	live, err := m.start(p.first.ID)
	p.must(err, "start")
	p.pause()
	again, err := m.start(p.first.ID)
	again = p.turned(m, again, err, "start of a live on air", onAir)
	if !again.StartAt.Equal(live.StartAt) {
		p.fail("a second start moved startAt")
	}
}

func checkNewestWins(p *probe) {
	m := p.withStates()
	_, err := m.start(p.first.ID)
	p.must(err, "start")
	live, err := m.start(p.second.ID)
	p.turned(m, live, err, "start while another live is on air", onAir)
	older, err := m.live(p.first.ID)
	p.must(err, "live info of the older live")
	if older.Status != prism.StatusEnd {
		p.fail("after a newer live started, the older one is %q, want END", older.Status)
	}
}

func checkStop(p *probe) {
	m := p.withStates()
	_, err := m.start(p.second.ID)
	p.must(err, "start")
	live, err := m.stop(p.second.ID)
	p.turned(m, live, err, "stop", prism.StatusEnd)
	live, err = m.stop(p.second.ID)
	p.turned(m, live, err, "a second stop", prism.StatusEnd)
}

func checkRestart(p *probe) {
	m := p.withStates()
	_, err := m.start(p.second.ID)
	p.must(err, "start")
	ended, err := m.stop(p.second.ID)
	p.must(err, "stop")
	if ended.StartAt.IsZero() {
		p.fail("startAt of an ended live is null")
	}
	p.pause()
	live, err := m.start(p.second.ID)
	live = p.turned(m, live, err, "start of an ended live", onAir)
	if !live.StartAt.After(ended.StartAt) && p.Pace >= DefaultPace {
		p.fail("a restart did not move startAt")
	}
	if live.RTMPPath != p.second.RTMPPath {
		p.fail("rtmpPath is another after the restart")
	}
	_, err = m.stop(p.second.ID)
	p.must(err, "stop")
}

func checkStatistics(p *probe) {
	m := p.withStates()
	ended, err := m.live(p.second.ID)
	p.must(err, "live info")
	live, err := m.start(p.second.ID)
	p.must(err, "start")
	defer func() {
		_, err := m.stop(p.second.ID)
		p.did(err, "stop")
	}()
	if live.Stats == nil || ended.Stats == nil {
		p.end("there is no liveStat")
	}
	if live.Stats.Viewers > 0 {
		p.fail("viewerCount is %d right after a restart", live.Stats.Viewers)
	}
	if live.Stats.Views < ended.Stats.Views || live.Stats.Likes < ended.Stats.Likes {
		p.fail("viewCount or likeCount went down at a restart")
	}
}

func checkOneOnAir(p *probe) {
	m := p.withStates()
	ids := []string{p.first.ID, p.second.ID}
	for len(ids) < 4 {
		live, err := m.create(p.channel.ID, gateway.NewLive{Title: liveTitle, Scope: prism.ScopePrivate})
		p.must(err, "a new live")
		ids = append(ids, live.ID)
	}
	for range 3 {
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() {
				_, err := m.start(id)
				p.did(err, "one of %d starts at once", len(ids))
			})
		}
		wg.Wait()
		on := 0
		for _, id := range ids {
			live, err := m.live(id)
			p.must(err, "live info")
			if live.Status == onAir {
				on++
			}
		}
		if on != 1 {
			p.fail("after %d starts at once %d lives are on air, want 1", len(ids), on)
		}
	}
	for _, id := range ids {
		_, err := m.stop(id)
		p.did(err, "stop")
	}
}

func checkKept(p *probe) {
	m := p.withStates()
	for _, want := range []gateway.Live{p.first, p.second} {
		got, err := m.live(want.ID)
		p.must(err, "live info")
		want.Status, want.StartAt = got.Status, got.StartAt
		p.compare(got, want, "after starts and stops")
	}
	_, err := m.stop(noSuchID)
	p.refused(err, "stop of a live that does not exist", http.StatusNotFound)
}
