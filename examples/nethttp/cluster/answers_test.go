package cluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// longest is how long an answer may take: the deadline of a request, and what
// two busy processors add.
const longest = prism.DefaultDeadline + 1500*time.Millisecond

// kind is what came back for one request.
type kind string

const (
	fine        kind = "2xx, 3xx"
	refused     kind = "400 invalid_grant"
	unavailable kind = "503"
	timedOut    kind = "504"
	lost        kind = "502 of nginx"
	wrong       kind = "other"
)

var kinds = []kind{fine, refused, unavailable, timedOut, lost, wrong}

// answers counts every answer of a run, and complains about those that no part
// of it explains.
type answers struct {
	t *testing.T

	mu      sync.Mutex
	phase   string
	allowed []kind
	counts  map[string]map[kind]int
	slowest time.Duration

	total, failed int
	// These channels are closed when so many have come.
	waiting, hurt map[chan struct{}]int
}

func newAnswers(t *testing.T) *answers {
	return &answers{t: t, counts: map[string]map[kind]int{}, waiting: map[chan struct{}]int{}, hurt: map[chan struct{}]int{}}
}

// expect begins a phase in which answers of these kinds may come, beside those
// that always may.
func (a *answers) expect(phase string, allowed ...kind) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.phase, a.allowed = phase, append(allowed, fine, refused)
}

// after returns a channel that is closed n answers from now.
func (a *answers) after(n int) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := make(chan struct{})
	a.waiting[c] = a.total + n
	return c
}

// afterFailures is after for requests that are not served.
func (a *answers) afterFailures(n int) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := make(chan struct{})
	a.hurt[c] = a.failed + n
	return c
}

// failures is how many requests were not served so far.
func (a *answers) failures() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

// record is the Recorder of the Gateway.
func (a *answers) record(x prismtest.Exchange) {
	k := kindOf(x)
	a.mu.Lock()
	defer a.mu.Unlock()
	api := strings.TrimPrefix(x.Method+" "+x.Route, "GET ")
	if a.counts[api] == nil {
		a.counts[api] = map[kind]int{}
	}
	a.counts[api][k]++
	a.total++
	if k != fine && k != refused {
		a.failed++
	}
	if !slices.Contains(a.allowed, k) {
		a.t.Errorf("%s: %s was answered with %s (status %d, %v) %.300s", a.phase, api, k, x.Status, x.Err, x.ResponseBody)
	}
	if isPage(x) {
		// A sign-in hashes a password, and is not bound by the deadline.
	} else if a.slowest = max(a.slowest, x.Duration); x.Duration > longest {
		a.t.Errorf("%s: the answer to %s took %v, want at most %v", a.phase, api, x.Duration, longest)
	}
	closeReached(a.waiting, a.total)
	closeReached(a.hurt, a.failed)
}

func closeReached(waiting map[chan struct{}]int, number int) {
	for c, n := range waiting {
		if number >= n {
			close(c)
			delete(waiting, c)
		}
	}
}

// isPage tells the steps of a sign-in, which are for a browser.
func isPage(x prismtest.Exchange) bool { return !strings.HasPrefix(x.Route, "/v1/") }

// kindOf tells what an answer is by its form, not by its status alone.
func kindOf(x prismtest.Exchange) kind {
	var body struct {
		Success   *bool
		ErrorCode int
		ErrorName string
		Error     string
	}
	isJSON := json.Unmarshal(x.ResponseBody, &body) == nil
	envelope := isJSON && body.Success != nil && !*body.Success && body.ErrorCode > 0 && body.ErrorName != ""
	token := isJSON && body.Error == "temporarily_unavailable"
	nginx := strings.HasPrefix(x.ResponseHeader.Get("Content-Type"), "text/html") && !isPage(x)
	switch {
	case x.Err != nil:
		return wrong
	case x.Status >= http.StatusOK && x.Status < http.StatusBadRequest:
		return fine
	case x.Status == http.StatusBadRequest && body.Error == "invalid_grant":
		return refused
	case x.Status == http.StatusServiceUnavailable && (envelope || token || isPage(x)):
		return unavailable
	case x.Status == http.StatusGatewayTimeout && (envelope || token):
		return timedOut
	case x.Status == http.StatusBadGateway && (nginx || isPage(x)):
		return lost
	}
	return wrong
}

// table is the counts, one line for each API.
func (a *answers) table() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(table, "answers\t")
	for _, k := range kinds {
		_, _ = fmt.Fprintf(table, "%s\t", k)
	}
	_, _ = fmt.Fprintln(table)
	for _, api := range slices.Sorted(maps.Keys(a.counts)) {
		_, _ = fmt.Fprintf(table, "%s\t", api)
		for _, k := range kinds {
			_, _ = fmt.Fprintf(table, "%d\t", a.counts[api][k])
		}
		_, _ = fmt.Fprintln(table)
	}
	_ = table.Flush() // a strings.Builder does not fail
	return fmt.Sprintf("%s%d answers, the slowest of an API after %v\n", text.String(), a.total, a.slowest.Round(time.Millisecond))
}
