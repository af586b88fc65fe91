package console

import (
	"sync/atomic"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// minutesKept is the hour that the page is about: the minute that runs and
// those before it.
const minutesKept = 60

// PRISM asks for answers within slowAfter and gives up after lostAfter.
const (
	slowAfter = time.Second
	lostAfter = 3 * time.Second
)

// minuteOf numbers the minutes since 1970.
func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// minute has the requests of one minute to one API. Its number is fixed, so
// that writers need no lock against the turn of the minute: the next minute is
// another object.
type minute struct {
	number int64
	// refused were answered 4xx; failed 5xx, or not at all.
	requests, refused, failed atomic.Uint32
	// slow took longer than slowAfter, lost longer than lostAfter.
	slow, lost atomic.Uint32
	longest    atomic.Int64
	buckets    [latencyBuckets]atomic.Uint32
}

func (m *minute) record(result prism.RequestResult) {
	m.requests.Add(1)
	switch {
	case isFailure(result.Status):
		m.failed.Add(1)
	case result.Status >= 400:
		m.refused.Add(1)
	}
	if result.Duration > slowAfter {
		m.slow.Add(1)
		if result.Duration > lostAfter {
			m.lost.Add(1)
		}
	}
	m.buckets[latencyBucket(result.Duration)].Add(1)
	for {
		longest := m.longest.Load()
		if int64(result.Duration) <= longest || m.longest.CompareAndSwap(longest, int64(result.Duration)) {
			return
		}
	}
}

// isFailure reports whether the service is to blame. Status 0 is an answer that
// was not written.
func isFailure(status int) bool { return status >= 500 || status == 0 }

// series has the last hour of one API. It is written and read at the same time
// without a lock.
type series struct {
	slots [minutesKept]atomic.Pointer[minute]
}

func (s *series) record(number int64, result prism.RequestResult) {
	slot := &s.slots[uint64(number)%minutesKept]
	for {
		m := slot.Load()
		// A newer minute than ours is one whose clock was read later.
		if m == nil || m.number < number {
			next := &minute{number: number}
			if !slot.CompareAndSwap(m, next) {
				continue
			}
			m = next
		}
		m.record(result)
		return
	}
}

// hour is what the page reads of one or more series: the sum, and each minute,
// the oldest first.
type hour struct {
	sum     figures
	minutes [minutesKept]figures
}

// figures are those of some requests.
type figures struct {
	requests, refused, failed, slow, lost uint64
	latencies                             latencies
}

// add takes the hour of s that ends with the minute now.
func (h *hour) add(s *series, now int64) {
	for i := range h.minutes {
		number := now - minutesKept + 1 + int64(i)
		m := s.slots[uint64(number)%minutesKept].Load()
		if m == nil || m.number != number {
			continue
		}
		h.minutes[i].add(m)
		h.sum.add(m)
	}
}

func (f *figures) add(m *minute) {
	f.requests += uint64(m.requests.Load())
	f.refused += uint64(m.refused.Load())
	f.failed += uint64(m.failed.Load())
	f.slow += uint64(m.slow.Load())
	f.lost += uint64(m.lost.Load())
	for i := range m.buckets {
		n := uint64(m.buckets[i].Load())
		f.latencies.counts[i] += n
		f.latencies.total += n
	}
	f.latencies.longest = max(f.latencies.longest, time.Duration(m.longest.Load()))
}
