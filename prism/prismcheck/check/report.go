package check

import (
	"slices"
	"time"
)

// State is the outcome of a check.
type State string

// The outcomes.
const (
	Passed  State = "passed"
	Failed  State = "failed"
	Skipped State = "skipped"
)

// NotAsked is the reason of checks that Target.Only left out.
const NotAsked = "not asked for"

// Report is the outcome of a run. It holds no secret.
type Report struct {
	// ServiceAPIDomain is what was checked.
	ServiceAPIDomain string
	Start            time.Time
	Duration         time.Duration
	// Interrupted tells that the run was cut short.
	Interrupted bool
	// Partial tells that only some checks were asked for.
	Partial bool
	// RecommendedTime and MaxTime are the bounds of an answer.
	RecommendedTime, MaxTime time.Duration
	Results                  []Result
	// Calls are all answers of the API with their times, in the order in which
	// they came.
	Calls []Call
	// LeftBehind says what the run made and could not remove.
	LeftBehind []string
}

// Result is the outcome of one check.
type Result struct {
	Check
	State State
	// Reason says why the check was skipped.
	Reason string
	// Missing names the flags without whose input the check was skipped; ""
	// for any other reason, as an optional API that the service has not got.
	Missing string
	// Extra tells that Missing asks for more than a run does by itself, as a
	// load, or was waived.
	Extra    bool
	Problems []Problem
	Duration time.Duration
}

// Problem is one thing that is wrong.
type Problem struct {
	// Text says what was found and what is wanted.
	Text string
	// Sent and Came are a request and its answer, as text with secrets
	// redacted; "" when no single exchange shows the problem.
	Sent, Came string
	// Times is how often it occurred.
	Times int
}

// Call is one answer of the API.
type Call struct {
	// Name is method and path template.
	Name string
	// Start counts from the start of the run.
	Start, Duration time.Duration
	Status          int
	// Load tells that the call was part of the polling load.
	Load bool
}

// Count returns how many checks came to a state, with one severity, or any for
// "".
func (r Report) Count(state State, severity Severity) int {
	n := 0
	for _, result := range r.Results {
		if result.State == state && (severity == "" || result.Severity == severity) {
			n++
		}
	}
	return n
}

// Result returns the result of the check with this ID.
func (r Report) Result(id string) (Result, bool) {
	for _, result := range r.Results {
		if result.ID == id {
			return result, true
		}
	}
	return Result{}, false
}

// Complete tells whether the run could go live, and no required and no security
// check was skipped for want of input. Those that were not asked for do not
// count.
func (r Report) Complete() bool {
	result, ok := r.Result("create.live")
	if !ok || result.State == Skipped || r.Interrupted {
		return false
	}
	return !slices.ContainsFunc(r.Gaps(), func(g Gap) bool { return !g.Extra })
}

// Gap is what was not checked for want of the same input.
type Gap struct {
	// Missing names the flags that give it.
	Missing string
	// Extra tells that nobody asked for it: the run is complete all the same.
	Extra bool
	// IDs are those of the required and security checks that were skipped.
	IDs []string
}

// Gaps are what the run did not check for want of input, in the order of the
// checks, and those that nobody asked for last.
func (r Report) Gaps() []Gap {
	var gaps []Gap
	for _, result := range r.Results {
		if result.State != Skipped || result.Missing == "" || result.Severity == Recommended {
			continue
		}
		i := slices.IndexFunc(gaps, func(g Gap) bool { return g.Missing == result.Missing && g.Extra == result.Extra })
		if i < 0 {
			i = len(gaps)
			gaps = append(gaps, Gap{Missing: result.Missing, Extra: result.Extra})
		}
		gaps[i].IDs = append(gaps[i].IDs, result.ID)
	}
	slices.SortStableFunc(gaps, func(a, b Gap) int {
		switch {
		case a.Extra == b.Extra:
			return 0
		case b.Extra:
			return -1
		}
		return 1
	})
	return gaps
}
