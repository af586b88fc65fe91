// Package report writes the outcome of prismcheck: as text for a terminal, as
// JSON, as JUnit XML for a CI server, and as one HTML page to send to somebody.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// severities in the order of the reports.
var severities = []check.Severity{check.Required, check.Security, check.Recommended}

// clean takes control characters out of text that came from a server: a
// terminal would obey them.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.In(r, unicode.Bidi_Control) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// timing is the times of one call.
type timing struct {
	Name               string
	Count              int
	P50, P95, P99, Max time.Duration
	// times are sorted.
	times []time.Duration
}

// timings groups the calls of a report by name, slowest first.
func timings(r check.Report) []timing {
	byName := map[string][]time.Duration{}
	for _, c := range r.Calls {
		byName[c.Name] = append(byName[c.Name], c.Duration)
	}
	var list []timing
	for name, times := range byName {
		if !documented(name) {
			continue
		}
		slices.Sort(times)
		list = append(list, timing{
			Name: name, Count: len(times), times: times, Max: times[len(times)-1],
			P50: check.Percentile(times, 0.5), P95: check.Percentile(times, 0.95), P99: check.Percentile(times, 0.99),
		})
	}
	slices.SortFunc(list, func(a, b timing) int {
		if a.P95 != b.P95 {
			return int(b.P95 - a.P95)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

// documented tells whether a call is one that PRISM makes.
func documented(name string) bool {
	return slices.Contains(check.Calls(), name)
}

// verdict is the outcome in one sentence.
func verdict(r check.Report) string {
	switch {
	case r.Interrupted:
		return "The run was cut short."
	case r.Count(check.Failed, check.Required) > 0:
		return "PRISM does not work with this service yet."
	case r.Count(check.Failed, check.Security) > 0:
		return "PRISM works with this service, which is not safe yet."
	case !r.Complete():
		return "Nothing wrong was found in what could be checked."
	case r.Count(check.Failed, "") > 0:
		return "PRISM works with this service; some things could be better."
	case r.Count(check.Passed, "") == 0:
		return "Nothing was checked."
	case r.Partial || len(r.Gaps()) > 0:
		return "Nothing wrong was found in what was asked for."
	}
	return "This service is ready for PRISM."
}

// tone is good, slow or bad, as the verdict is.
func tone(r check.Report) string {
	live, _ := r.Result("create.live")
	switch {
	case r.Interrupted, r.Count(check.Failed, check.Required)+r.Count(check.Failed, check.Security) > 0,
		live.State == check.Skipped || live.State == "", r.Count(check.Passed, "") == 0:
		return "bad"
	case !r.Complete(), r.Count(check.Failed, "") > 0:
		return "slow"
	}
	return "good"
}

// notChecked names in one line what was not checked, and the flags that would
// let it; "" if all was.
func notChecked(r check.Report) string {
	var missing, extra []string
	for _, g := range r.Gaps() {
		text := fmt.Sprintf("%s (%s)", areas(g.IDs), g.Missing)
		if g.Extra {
			extra = append(extra, text)
		} else {
			missing = append(missing, text)
		}
	}
	var lines []string
	if len(missing) > 0 {
		lines = append(lines, "Not checked: "+strings.Join(missing, "; ")+".")
	}
	if len(extra) > 0 {
		lines = append(lines, "Not asked for: "+strings.Join(extra, "; ")+".")
	}
	return strings.Join(lines, " ")
}

// areas names checks by their areas, with how many they are, and a single one
// by its ID.
func areas(ids []string) string {
	var order []string
	count := map[string]int{}
	first := map[string]string{}
	for _, id := range ids {
		area, _, _ := strings.Cut(id, ".")
		if count[area]++; count[area] == 1 {
			order, first[area] = append(order, area), id
		}
	}
	for i, area := range order {
		if n := count[area]; n > 1 {
			order[i] = fmt.Sprintf("%d of %s", n, area)
		} else {
			order[i] = first[area]
		}
	}
	return strings.Join(order, ", ")
}

// round shortens a time for reading.
func round(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

// skips groups the skipped checks by reason, in order.
func skips(r check.Report) (reasons []string, ids map[string][]string) {
	ids = map[string][]string{}
	for _, result := range r.Results {
		if result.State != check.Skipped || r.Partial && result.Reason == check.NotAsked {
			continue
		}
		if ids[result.Reason] == nil {
			reasons = append(reasons, result.Reason)
		}
		ids[result.Reason] = append(ids[result.Reason], result.ID)
	}
	return reasons, ids
}
