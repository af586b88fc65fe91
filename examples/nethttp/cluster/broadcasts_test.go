package cluster

import (
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// channel is a channel on which several calls go live at once.
type channel struct {
	*load
	family *family
	id     string
	// house is started by several callers at once in each round.
	house *broadcasts

	mu sync.Mutex
	// made are the lives whose creation was acknowledged, unknown the titles
	// of creations that were not.
	made    []*broadcasts
	unknown map[string]int
}

// broadcasts is what was asked of one live and acknowledged.
type broadcasts struct {
	*channel
	live prismtest.Live

	mu sync.Mutex
	// asked is how many starts were sent, certain how many broadcasts there
	// must be: one for each run of starts with an acknowledged one in it. Two
	// runs are parted by an acknowledged stop.
	asked, certain int
	counted        bool
	// stopped tells that the latest call was a stop that was acknowledged, and
	// startAt the answer of the latest start if it was acknowledged alone.
	stopped bool
	startAt time.Time
}

func (l *load) newChannel(f *family, id string) *channel {
	l.t.Helper()
	c := &channel{load: l, family: f, id: id, unknown: map[string]int{}}
	if c.house = c.create("house"); c.house == nil {
		l.t.Fatal("no live on " + id)
	}
	return c
}

// play goes live several times at once.
func (c *channel) play(round int, calls *sync.WaitGroup) {
	for n := range sequences {
		calls.Go(func() { c.goLive(fmt.Sprintf("round %d, sequence %d", round, n), n == 0) })
	}
	calls.Go(func() {
		c.house.stop()
		var starting sync.WaitGroup
		for range starters {
			starting.Go(c.house.start)
		}
		starting.Wait()
	})
}

// goLive is the life of one live.
func (c *channel) goLive(title string, again bool) {
	b := c.create(title)
	if b == nil {
		// The streamer presses again.
		if b = c.create(title); b == nil {
			return
		}
	}
	b.start()
	b.look()
	b.stop()
	if again {
		b.start()
	}
}

func (c *channel) create(title string) *broadcasts {
	live, err := c.family.session().CreateLive(c.ctx(), c.id, prismtest.NewLive{Title: title})
	acknowledged := c.acknowledged(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !acknowledged {
		c.unknown[title]++
		return nil
	}
	b := &broadcasts{channel: c, live: live}
	c.made = append(c.made, b)
	return b
}

func (b *broadcasts) start() {
	b.mu.Lock()
	b.asked++
	b.stopped, b.startAt = false, time.Time{}
	b.mu.Unlock()
	live, err := b.family.session().StartLive(b.ctx(), b.live.ID)
	if !b.acknowledged(err) {
		return
	}
	if live.Status != prism.StatusOnAir {
		b.errorf("start was acknowledged with %s", live.Status)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.counted {
		b.counted = true
		b.certain++
	}
	if b != b.house {
		b.startAt = live.StartAt
	}
}

func (b *broadcasts) stop() {
	live, err := b.family.session().StopLive(b.ctx(), b.live.ID)
	acknowledged := b.acknowledged(err)
	if acknowledged && live.Status == prism.StatusOnAir {
		b.errorf("stop was acknowledged with %s", live.Status)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = acknowledged
	if acknowledged {
		b.counted = false
	}
}

// look reads the live after its start.
func (b *broadcasts) look() {
	b.mu.Lock()
	startAt := b.startAt
	b.mu.Unlock()
	live, err := b.family.session().Live(b.ctx(), b.live.ID)
	if !b.acknowledged(err) || startAt.IsZero() {
		return
	}
	if live.Status == prism.StatusReserved || !live.StartAt.Equal(startAt) {
		b.errorf("live info after an acknowledged start: %s since %v, want since %v", live.Status, live.StartAt, startAt)
	}
}

// liveRow is a live as the database has it.
type liveRow struct {
	id, channel, title string
	status             prism.Status
	broadcast          int
	startedAt          time.Time
}

func readLives(db *sql.DB) (map[string]liveRow, error) {
	rows, err := db.Query("SELECT id, channel_id, title, status, broadcast, coalesce(started_at, 0) FROM prism_live")
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	lives := map[string]liveRow{}
	for rows.Next() {
		var r liveRow
		var micros int64
		if err := rows.Scan(&r.id, &r.channel, &r.title, &r.status, &r.broadcast, &micros); err != nil {
			return nil, err
		}
		r.startedAt = time.UnixMicro(micros)
		lives[r.id] = r
	}
	return lives, rows.Err()
}

// sum of what is checked in the end.
type broadcastSum struct{ creates, lost, starts, certain, broadcasts, onAir int }

// check holds the lives of the channel in the database against what was
// acknowledged. repeated is how often nginx sent a start of a live again.
func (c *channel) check(lives map[string]liveRow, repeated map[string]int, sum *broadcastSum) {
	onAir, rows := 0, map[string]int{}
	for _, r := range lives {
		if r.channel != c.id {
			continue
		}
		rows[r.title]++
		sum.broadcasts += r.broadcast
		if r.status == prism.StatusOnAir {
			onAir++
		}
	}
	if onAir > 1 {
		c.t.Errorf("%s has %d lives on air", c.id, onAir)
	}
	sum.onAir += onAir
	acknowledged := map[string]int{}
	for _, b := range c.made {
		acknowledged[b.live.Title]++
		sum.creates++
		sum.starts += b.asked
		sum.certain += b.certain
		b.check(lives[b.live.ID], repeated[b.live.ID])
	}
	for title, n := range rows {
		if n < acknowledged[title] || n > acknowledged[title]+c.unknown[title] {
			c.t.Errorf("%s has %d lives %q, of which %d were acknowledged and %d not", c.id, n, title, acknowledged[title], c.unknown[title])
		}
		sum.lost += n - acknowledged[title]
	}
}

func (b *broadcasts) check(r liveRow, repeated int) {
	if r.id == "" || r.channel != b.id || r.title != b.live.Title {
		b.t.Errorf("the live %q of %s was acknowledged, the database has %+v", b.live.Title, b.id, r)
		return
	}
	if r.broadcast < b.certain || r.broadcast > b.asked+repeated {
		b.t.Errorf("%s, %s: %d broadcasts, want %d to %d", b.id, r.title, r.broadcast, b.certain, b.asked+repeated)
	}
	if b.stopped && r.status == prism.StatusOnAir {
		b.t.Errorf("%s, %s: the stop was acknowledged, but it is on air", b.id, r.title)
	}
	if b.certain > 0 && r.status == prism.StatusReserved {
		b.t.Errorf("%s, %s: the start was acknowledged, but it is %s", b.id, r.title, r.status)
	}
	if !b.startAt.IsZero() && !r.startedAt.Truncate(time.Second).Equal(b.startAt) {
		b.t.Errorf("%s, %s: started at %v, acknowledged was %v", b.id, r.title, r.startedAt, b.startAt)
	}
}
