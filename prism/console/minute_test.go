package console

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

// figuresWant is what a table says of an hour.
type figuresWant struct{ Requests, Refused, Failed, Slow, Lost uint64 }

func summary(f *figures) figuresWant {
	return figuresWant{f.requests, f.refused, f.failed, f.slow, f.lost}
}

func TestFiguresOfResults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		result prism.RequestResult
		want   figuresWant
	}{
		{"success", prism.RequestResult{Status: 200, Duration: time.Millisecond}, figuresWant{Requests: 1}},
		{"redirect", prism.RequestResult{Status: 302}, figuresWant{Requests: 1}},
		{"refused", prism.RequestResult{Status: 404, ErrorCode: 40400}, figuresWant{Requests: 1, Refused: 1}},
		{"failed", prism.RequestResult{Status: 500, ErrorCode: 50000}, figuresWant{Requests: 1, Failed: 1}},
		{"aborted", prism.RequestResult{}, figuresWant{Requests: 1, Failed: 1}},
		{"1 s is in time", prism.RequestResult{Status: 200, Duration: time.Second}, figuresWant{Requests: 1}},
		{"slow", prism.RequestResult{Status: 200, Duration: time.Second + 1}, figuresWant{Requests: 1, Slow: 1}},
		{"3 s is not lost", prism.RequestResult{Status: 200, Duration: 3 * time.Second}, figuresWant{Requests: 1, Slow: 1}},
		{"lost", prism.RequestResult{Status: 200, Duration: 3*time.Second + 1}, figuresWant{Requests: 1, Slow: 1, Lost: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newTestConsole(t, testConfig(newClock()))
			call(c, http.MethodGet, liveRoute, test.result)
			h := hourOf(t, c, http.MethodGet, liveRoute)
			if diff := cmp.Diff(test.want, summary(&h.sum)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if h.sum.latencies.longest != test.result.Duration || h.sum.latencies.total != 1 {
				t.Errorf("the longest of %d is %v", h.sum.latencies.total, h.sum.latencies.longest)
			}
		})
	}
}

// The hour moves with the clock, minute by minute.
func TestHourRollsOver(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := newTestConsole(t, testConfig(now))
	one := func() {
		call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 200, Duration: time.Millisecond})
	}
	steps := []struct {
		name    string
		advance time.Duration
		calls   int
		sum     uint64
		// oldest and latest are the first and the last minute of the hour.
		oldest, latest uint64
	}{
		{"the first minute", 0, 2, 2, 0, 2},
		{"its last second", 29 * time.Second, 1, 3, 0, 3},
		{"the next minute", time.Second, 1, 4, 0, 1},
		{"59 minutes after the first", 58 * time.Minute, 5, 9, 3, 5},
		{"the first has gone", time.Minute, 0, 6, 1, 0},
		{"the second has gone", time.Minute, 1, 6, 0, 1},
		{"a long silence", 90 * time.Minute, 0, 0, 0, 0},
		{"after it, in a slot of old", time.Minute, 1, 1, 0, 1},
	}
	for _, step := range steps {
		now.advance(step.advance)
		for range step.calls {
			one()
		}
		h := hourOf(t, c, http.MethodGet, liveRoute)
		if h.sum.requests != step.sum || h.minutes[0].requests != step.oldest || h.minutes[minutesKept-1].requests != step.latest {
			t.Errorf("%s: %d requests, %d in the oldest minute, %d in the latest; want %d, %d, %d", step.name,
				h.sum.requests, h.minutes[0].requests, h.minutes[minutesKept-1].requests, step.sum, step.oldest, step.latest)
		}
		if h.sum.latencies.total != h.sum.requests {
			t.Errorf("%s: %d durations of %d requests", step.name, h.sum.latencies.total, h.sum.requests)
		}
	}
}

// A clock that goes back loses nothing.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := newTestConsole(t, testConfig(now))
	for _, step := range []time.Duration{0, time.Minute, -2 * time.Minute, time.Hour, -time.Hour} {
		now.advance(step)
		call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 200})
	}
	now.advance(time.Hour)
	if h := hourOf(t, c, http.MethodGet, liveRoute); h.sum.requests == 0 {
		t.Error("the requests are lost")
	}
	now.at = time.Unix(-1000, 0) // before 1970
	call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 200})
	get(t, c, "")
}

func TestRecordingWhileReading(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := newTestConsole(t, testConfig(now))
	const writers, each = 8, 500
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 200, LiveID: "live1", Duration: time.Millisecond})
			}
		})
	}
	for range 20 {
		get(t, c, "?part=live")
		now.advance(time.Second)
	}
	all.Wait()
	if h := hourOf(t, c, http.MethodGet, liveRoute); h.sum.requests != writers*each {
		t.Errorf("%d requests, want %d", h.sum.requests, writers*each)
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	var n tally
	start := minuteOf(newClock().now())
	for _, step := range []struct {
		minute int64
		adds   int
		want   uint64
	}{{0, 3, 3}, {1, 1, 4}, {59, 2, 6}, {60, 0, 3}, {61, 1, 3}, {500, 0, 0}, {500, 1, 1}} {
		for range step.adds {
			n.add(start + step.minute)
		}
		if got := n.sum(start + step.minute); got != step.want {
			t.Errorf("after minute %d: %d, want %d", step.minute, got, step.want)
		}
	}
}
