package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// TestMemoryBound adds up the most that can be kept against what the package
// documentation promises.
func TestMemoryBound(t *testing.T) {
	t.Parallel()
	const promised = 4 << 20
	kinds := map[string]uintptr{
		"minutes":  (maxAPIs + 1) * (minutesKept*unsafe.Sizeof(minute{}) + unsafe.Sizeof(series{})),
		"tallies":  (maxBadData + maxRefusals + 8) * unsafe.Sizeof(tally{}),
		"failures": 2 * failuresKept * (unsafe.Sizeof(failure{}) + 3*3*maxIDLength),
		// A map keeps up to twice the room that it needs.
		"last seen": 2 * maxSeen * (2*(unsafe.Sizeof("")+unsafe.Sizeof(time.Time{})) + maxIDLength),
	}
	var sum uintptr
	for _, size := range kinds {
		sum += size
	}
	if sum > promised {
		t.Errorf("%d bytes may be kept, promised are %d: %v", sum, promised, kinds)
	}
}

func TestFloodOfDistinctValues(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := newTestConsole(t, testConfig(now))
	trace, auth := c.Trace(), c.OAuthTrace()
	ctx := context.Background()
	const flood = 10_000
	for i := range flood {
		value := fmt.Sprint("value", i)
		call(c, http.MethodGet, value, prism.RequestResult{Status: 200})
		call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 200, LiveID: value, UserID: value})
		call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 500, LiveID: value, UserID: strings.Repeat(value, 1000)})
		call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 404, LiveID: value})
		trace.BadData(ctx, prism.BadData{Adapter: value, Field: value})
		auth.TokenRefused(ctx, oauth.RefusedEvent{Endpoint: value, Code: value, Reason: value})
	}
	for _, kept := range []struct {
		what    string
		n, most int
	}{
		{"APIs", len(c.requests.known()), maxAPIs},
		{"kinds of bad data", len(c.badData.known()), maxBadData},
		{"reasons", len(c.tokens.refused.known()), maxRefusals},
		{"polled lives", len(c.polls.at), maxSeen},
	} {
		if kept.n != kept.most {
			t.Errorf("%d %s are kept, want %d", kept.n, kept.what, kept.most)
		}
	}
	var rest hour
	rest.add(&c.requests.rest, c.minute())
	if want := uint64(flood - maxAPIs); rest.sum.requests < want {
		t.Errorf("%d requests were counted together, want %d", rest.sum.requests, want)
	}
	if got := c.tokens.refused.rest.sum(c.minute()); got != flood-maxRefusals {
		t.Errorf("%d refusals were counted together, want %d", got, flood-maxRefusals)
	}
	for _, f := range c.failed.since(time.Time{}) {
		if len(f.userID) > maxIDLength {
			t.Fatalf("a user id of %d bytes is kept", len(f.userID))
		}
	}
	body := get(t, c, "").Body
	if body.Len() > 400<<10 {
		t.Errorf("the page has %d bytes", body.Len())
	}
}

// Methods and paths that no API has do not take the places of those that there
// are.
func TestStrangeRequestsShareOnePlace(t *testing.T) {
	t.Parallel()
	c := newTestConsole(t, testConfig(newClock()))
	for i := range 100 {
		route := fmt.Sprint("/v1/service/route", i)
		call(c, http.MethodOptions, route, prism.RequestResult{Status: 405})
		call(c, "OTHER", route, prism.RequestResult{Status: 403, ErrorCode: prism.ErrTLSRequired.Code})
		call(c, http.MethodDelete, route, prism.RequestResult{Status: 405, ErrorCode: prism.ErrMethodNotAllowed.Code})
		call(c, http.MethodGet, route, prism.RequestResult{Status: 403, ErrorCode: prism.ErrTLSRequired.Code})
		call(c, http.MethodPut, route, prism.RequestResult{Status: 404, ErrorCode: prism.ErrNoSuchAPI.Code})
	}
	call(c, http.MethodGet, "unknown", prism.RequestResult{Status: 404})
	if n := len(c.requests.known()); n != 1 {
		t.Errorf("they take %d places", n)
	}
}

// Lives that are polled no more make room after an hour; a live that ends does
// at once.
func TestLastSeenMakesRoom(t *testing.T) {
	t.Parallel()
	now := newClock()
	var s lastSeen
	for i := range maxSeen {
		s.note(fmt.Sprint(i), now.now())
	}
	s.note("new", now.now())
	if len(s.times([]string{"new"})) != 0 {
		t.Error("there was room for one more")
	}
	s.forget("7")
	s.note("new", now.now())
	if len(s.times([]string{"new", "7", "8"})) != 2 {
		t.Error("the end of a live made no room")
	}
	now.advance(seenFor + time.Minute)
	s.note("8", now.now())
	s.note("newer", now.now())
	if got := s.times([]string{"new", "newer", "8"}); len(got) != 2 {
		t.Errorf("an hour later: %v", got)
	}
	s.note(strings.Repeat("x", maxIDLength+1), now.now())
	s.note("", now.now())
	if len(s.at) != 2 {
		t.Errorf("%d lives are kept", len(s.at))
	}
}

// Refused requests, which anybody can make, do not drive out failed ones.
func TestFailuresAreKeptApart(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := newTestConsole(t, testConfig(now))
	call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 500, UserID: "first"})
	call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 200, UserID: "late", Duration: lostAfter + 1})
	for i := range 1000 {
		now.advance(time.Second / 10)
		call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 401, UserID: fmt.Sprint("u", i)})
	}
	failed, refused := c.failed.since(time.Time{}), c.refused.since(time.Time{})
	if len(failed) != 2 || len(refused) != failuresKept || refused[0].userID != "u999" || refused[failuresKept-1].userID != "u950" {
		t.Errorf("%d failed; %d refused, from %s to %s", len(failed), len(refused), refused[0].userID, refused[len(refused)-1].userID)
	}
	if left := c.failed.since(now.now().Add(-time.Minute)); len(left) != 0 {
		t.Errorf("%d are told although they are too old", len(left))
	}
}
