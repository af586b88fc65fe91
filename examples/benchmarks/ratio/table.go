package ratio

import (
	"fmt"
	"io"
	"time"
)

// Row is one line of a Table.
type Row struct {
	// Job is what both subjects did.
	Job  string
	A, B Subject
	// Goal is the most that A may cost of B's time, 0 for none.
	Goal float64
	Result
}

// Compare measures a against b and returns the line that tells of it.
func Compare(job string, a, b Subject, goal float64, opt Options) Row {
	return Row{Job: job, A: a, B: b, Goal: goal, Result: Measure(a, b, opt)}
}

// WriteTable writes the rows as a Markdown table.
func WriteTable(w io.Writer, rows []Row) error {
	if _, err := fmt.Fprint(w, "| job | A | B | time per call, A and B | time, A of B (range) | allocations per call, A and B | allocations, A of B | goal |\n"+
		"|---|---|---|---|---|---|---|---|\n"); err != nil {
		return err
	}
	for _, r := range rows {
		goal := "none"
		if r.Goal > 0 {
			goal = fmt.Sprintf("%.2f", r.Goal)
		}
		if _, err := fmt.Fprintf(w, "| %s | %s | %s | %s, %s | **%.2f** (%.2f to %.2f) | %.1f, %.1f | **%.2f** | %s |\n",
			r.Job, r.A.Name, r.B.Name, perCall(r.Result.A), perCall(r.Result.B), r.Time, r.Lowest, r.Highest,
			r.Result.A.Allocs, r.Result.B.Allocs, r.Allocs, goal); err != nil {
			return err
		}
	}
	return nil
}

// perCall writes the time of one operation in three digits or so.
func perCall(c Cost) string {
	d := time.Duration(c.Nanoseconds)
	switch {
	case d >= 100*time.Microsecond:
		return d.Round(time.Microsecond).String()
	case d >= time.Microsecond:
		return d.Round(10 * time.Nanosecond).String()
	}
	return d.String()
}
