package ingest

import (
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// Source is what records heartbeats in place of a media server that sends none
// by itself: a *Poller or a *LiveStationIngest. It depends on an API that may
// be down, and a Watcher must not take a live for idle that nobody looked at
// (WatcherOptions.Sources).
type Source interface {
	// Watched reports whether the source has looked after the live from the
	// given time on, without a gap: whether packets that came in since then
	// would have been recorded. It is false from a failure on, until that much
	// time has passed after the source could ask and record again, and false
	// when its last look is older than the given time. A live that the source
	// has nothing to do with is watched. Watched must be safe for concurrent
	// use and return at once.
	Watched(live prism.Live, since time.Time) bool
}

// watchedTime is the time from the first good look to the last one, with no
// failed one between them. The zero value is what a failure leaves.
type watchedTime struct{ from, to time.Time }

// goesOn returns w with a good look at now.
func (w watchedTime) goesOn(now time.Time) watchedTime {
	if w.from.IsZero() {
		w.from = now
	}
	w.to = now
	return w
}

func (w watchedTime) covers(since time.Time) bool {
	return !w.from.IsZero() && !w.from.After(since) && w.to.After(since)
}
