package console

import (
	"context"
	"strconv"
	"time"

	"go.uber.org/zap"
)

// Bounds of what the page asks the host's sources.
const (
	maxLives   = 100
	sourceTime = 2 * time.Second
)

// quietAfter is when a live on air is pointed out: PRISM polls every few
// seconds, and media servers report at least every few seconds more.
const quietAfter = time.Minute

// livesView is the list of lives on air.
type livesView struct {
	// Known is false when there is no source, or it failed.
	Known bool
	Note  string
	// More is set when there are more than the page lists.
	More bool
	Rows []liveRow
	// Quiet counts the lives with an age that is pointed out. Unknown is set
	// when the page has to explain what that means.
	Quiet   int
	Unknown bool
}

type liveRow struct {
	ID, Title, Viewers string
	Since              stamp
	Poll, Ingest       ageCell
}

// ageCell is the age of an event, or that it is unknown.
type ageCell struct {
	Text, State string
	Unknown     bool
}

func (c *Console) lives(ctx context.Context, v *view) livesView {
	w := v.words
	if c.cfg.OnAir == nil {
		return livesView{Note: w.text("lives.noSource")}
	}
	ctx, cancel := context.WithTimeout(ctx, sourceTime)
	defer cancel()
	lives, err := c.cfg.OnAir.LivesOnAir(ctx, maxLives+1)
	if err != nil {
		c.log.Warn("console: the lives on air could not be read", zap.Error(err))
		return livesView{Note: w.text("lives.failed")}
	}
	l := livesView{Known: true, More: len(lives) > maxLives}
	lives = lives[:min(len(lives), maxLives)]
	ids := make([]string, len(lives))
	for i := range lives {
		ids[i] = lives[i].ID
	}
	polls := c.polls.times(ids)
	packets := c.packetTimes(ctx, ids)
	for i := range lives {
		live := &lives[i]
		row := liveRow{
			ID: live.ID, Title: live.Title, Viewers: w.count(uint64(max(live.Stats.Viewers, 0))), Since: v.stamp(live.StartedAt),
			Poll: v.age(polls[live.ID], live.StartedAt), Ingest: v.age(packets[live.ID], live.StartedAt),
		}
		if row.Poll.State != "" || row.Ingest.State != "" {
			l.Quiet++
		}
		l.Unknown = l.Unknown || row.Poll.Unknown || row.Ingest.Unknown
		l.Rows = append(l.Rows, row)
	}
	switch {
	case l.More:
		l.Note = w.text("lives.more", strconv.Itoa(maxLives))
	case len(l.Rows) == 0:
		l.Note = w.text("lives.none")
	}
	return l
}

func (c *Console) packetTimes(ctx context.Context, ids []string) map[string]time.Time {
	var source IngestAges = &c.packets
	if c.cfg.Ingest != nil {
		source = c.cfg.Ingest
	}
	packets, err := source.LastIngest(ctx, ids)
	if err != nil {
		c.log.Warn("console: the ages of ingest could not be read", zap.Error(err))
	}
	return packets
}

// age of an event of the present broadcast. One that is older than the start
// belongs to an earlier broadcast, and one that is not known may have come to
// another instance: neither is called quiet.
func (v *view) age(at, started time.Time) ageCell {
	if at.IsZero() || at.Before(started) {
		return ageCell{Text: v.words.text("lives.unknown"), Unknown: true}
	}
	age := v.now.Sub(at)
	cell := ageCell{Text: v.words.ago(age)}
	if age >= quietAfter {
		cell.State = stateWarn
	}
	return cell
}
