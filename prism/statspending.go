package prism

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// pendingCount is what is new about one number: a value in place of what is
// stored, if set, and what came on top.
type pendingCount struct {
	set        bool
	value, add int64
}

// then takes in what came later.
func (c *pendingCount) then(later pendingCount) {
	if later.set {
		*c = later
		return
	}
	if later.add > math.MaxInt64-c.add {
		c.add = math.MaxInt64
		return
	}
	c.add += later.add
}

func setCount(n *int64) pendingCount {
	if n == nil {
		return pendingCount{}
	}
	return pendingCount{set: true, value: *n}
}

func (c *pendingCount) setValue() *int64 {
	if !c.set {
		return nil
	}
	value := c.value
	return &value
}

// pendingLive is what is new about one live.
type pendingLive struct{ views, viewers, likes, chats pendingCount }

// then takes in what came later.
func (p *pendingLive) then(later pendingLive) {
	p.views.then(later.views)
	p.viewers.then(later.viewers)
	p.likes.then(later.likes)
	p.chats.then(later.chats)
}

func (p *pendingLive) report(liveID string) StatsReport {
	return StatsReport{
		LiveID: liveID,
		Set: StatsValues{
			Views: p.views.setValue(), Viewers: p.viewers.setValue(),
			Likes: p.likes.setValue(), Chats: p.chats.setValue(),
		},
		Add: LiveStats{Views: p.views.add, Likes: p.likes.add, Chats: p.chats.add},
	}
}

// pendingStats is what a StatsStore has not got yet.
type pendingStats struct {
	lives   map[string]*pendingLive
	viewers map[ViewerHeartbeat]struct{}
}

func newPendingStats() pendingStats {
	return pendingStats{lives: make(map[string]*pendingLive), viewers: make(map[ViewerHeartbeat]struct{})}
}

func (p *pendingStats) empty() bool { return len(p.lives) == 0 && len(p.viewers) == 0 }

// live returns what is new about a live, to be changed. What is kept must not
// keep the request alive that the id was cut from.
func (p *pendingStats) live(liveID string) *pendingLive {
	l, ok := p.lives[liveID]
	if !ok {
		l = new(pendingLive)
		p.lives[strings.Clone(liveID)] = l
	}
	return l
}

// seen takes a heartbeat, unless it is one more than the limit, and reports
// whether it did.
func (p *pendingStats) seen(beat ViewerHeartbeat, limit int) bool {
	if _, ok := p.viewers[beat]; ok {
		return true
	}
	if len(p.viewers) >= limit {
		return false
	}
	p.viewers[ViewerHeartbeat{LiveID: strings.Clone(beat.LiveID), ViewerID: strings.Clone(beat.ViewerID)}] = struct{}{}
	return true
}

// before puts in what is older, and returns how many heartbeats were too many.
func (p *pendingStats) before(older pendingStats, limit int) (dropped int) {
	for id, l := range older.lives {
		if later, ok := p.lives[id]; ok {
			l.then(*later)
		}
		p.lives[id] = l
	}
	for beat := range older.viewers {
		if !p.seen(beat, limit) {
			dropped++
		}
	}
	return dropped
}

// reports are in the order of their ids, so that parallel writers lock rows in
// one order.
func (p *pendingStats) reports() []StatsReport {
	reports := make([]StatsReport, 0, len(p.lives))
	for id, l := range p.lives {
		reports = append(reports, l.report(id))
	}
	slices.SortFunc(reports, func(a, b StatsReport) int { return strings.Compare(a.LiveID, b.LiveID) })
	return reports
}

func (p *pendingStats) heartbeats() []ViewerHeartbeat {
	beats := make([]ViewerHeartbeat, 0, len(p.viewers))
	for beat := range p.viewers {
		beats = append(beats, beat)
	}
	slices.SortFunc(beats, func(a, b ViewerHeartbeat) int {
		return cmp.Or(strings.Compare(a.LiveID, b.LiveID), strings.Compare(a.ViewerID, b.ViewerID))
	})
	return beats
}
