package check

import "time"

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
	Reason   string
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

// Complete tells whether the run could go live, so that what was not asked to
// be left out was checked.
func (r Report) Complete() bool {
	result, ok := r.Result("create.live")
	return ok && result.State != Skipped && !r.Interrupted
}
