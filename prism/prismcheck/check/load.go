package check

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

// What the gateway asks of a live on air: live info every 5 s and chat every
// 4 s, 27 calls per minute. The documentation says 15 to 30.
const (
	infoEvery = 5 * time.Second
	chatEvery = 4 * time.Second
)

var loadChecks = []Check{
	{
		ID: "load.errors", Severity: Required, Source: srcCaution + ": 15 to 30 calls per live and minute",
		Title: "Under the polling load every call succeeds.",
		Fix:   "Take rate limits off PRISM's calls, and size connections and database for lives x 30 calls per minute.",
		run:   checkLoad,
	},
	{
		ID: "load.time", Severity: Required, Source: srcOverview + ": 3 s",
		Title: "Under the polling load no answer takes longer than the longest time.",
		Fix:   "Find what the slow calls wait for: a missing index, a lock, a call to another service.",
		run:   func(p *probe) { checkTimes(p, true, p.MaxTime, 1) },
	},
	{
		ID: "load.recommended-time", Severity: Recommended, Source: srcOverview + ": 1 s",
		Title: "Under the polling load 95 of 100 answers come within the recommended time.",
		Fix:   "Serve live info and chat from an index or a cache of seconds.",
		run:   func(p *probe) { checkTimes(p, true, p.RecommendedTime, 0.95) },
	},
	{
		ID: "answer.recommended-time", Severity: Recommended, Source: srcOverview + ": 1 s",
		Title: "Without load 95 of 100 answers come within the recommended time.",
		Fix:   "Find what the slow calls wait for; the report lists times per call.",
		run:   func(p *probe) { checkTimes(p, false, p.RecommendedTime, 0.95) },
	},
}

// checkLoad polls one live as PRISM polls many. Each imitated live begins at a
// time of its own within the interval.
func checkLoad(p *probe) {
	m := p.withLives()
	if p.Lives == 0 {
		p.extra("-lives", "no load was asked for (-lives)")
	}
	if !p.stateless {
		_, err := m.start(p.first.ID)
		p.must(err, "start")
	}
	token := ""
	if p.apis[APIChat] {
		token = m.endOfChat(p.first.ID)
	}
	p.setLoading(true)
	defer p.setLoading(false)
	ctx, cancel := context.WithTimeout(p.ctx, p.LoadTime)
	defer cancel()

	var wg sync.WaitGroup
	poll := func(every, offset time.Duration, call func() error, what string) {
		wg.Go(func() {
			timer := time.NewTimer(offset)
			defer timer.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-timer.C:
				}
				timer.Reset(every)
				if err := call(); err != nil && p.ctx.Err() == nil {
					p.fail("%s under load: %v", what, reason(err))
				}
			}
		})
	}
	for i := range p.Lives {
		part := func(every time.Duration) (time.Duration, time.Duration) {
			every = min(every, p.LoadTime)
			return every, every * time.Duration(i) / time.Duration(p.Lives)
		}
		every, offset := part(infoEvery)
		poll(every, offset, func() error { _, err := m.live(p.first.ID); return err }, "live info")
		if p.apis[APIChat] {
			every, offset = part(chatEvery)
			poll(every, offset, func() error { _, err := m.chat(p.first.ID, &token, 100); return err }, "the chat")
		}
	}
	wg.Wait()
}

func (p *probe) setLoading(on bool) {
	p.run.mu.Lock()
	defer p.run.mu.Unlock()
	p.loading = on
}

// checkTimes holds a share of the times against a bound.
func checkTimes(p *probe, load bool, most time.Duration, share float64) {
	if load && p.Lives == 0 {
		p.extra("-lives", "no load was asked for (-lives)")
	}
	p.run.mu.Lock()
	byName := map[string][]time.Duration{}
	total := 0
	for _, c := range p.calls {
		if c.Load == load && c.Status != http.StatusMethodNotAllowed {
			byName[c.Name] = append(byName[c.Name], c.Duration)
			total++
		}
	}
	p.run.mu.Unlock()
	if total == 0 {
		p.skip("no calls were made")
	}
	p.last = gateway.Exchange{}
	for name, times := range inOrder(byName) {
		slices.Sort(times)
		if at := Percentile(times, share); at > most {
			p.fail("%s: %s at the %.3g percentile of %d calls, want at most %s", name, at.Round(time.Millisecond), share*100, len(times), most)
		}
	}
}

// Percentile returns the value below which a share of sorted times lies: 0.5
// is the median, 1 the longest.
func Percentile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
