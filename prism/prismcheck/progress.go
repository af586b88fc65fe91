package main

import (
	"fmt"
	"strings"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// progress shows how far the run is: on a terminal one line that changes, else
// one line per check that ran.
type progress struct {
	console
	quiet, live bool
}

func newProgress(c console, quiet bool) *progress {
	return &progress{console: c, quiet: quiet, live: c.terminal(c.err)}
}

// marks are the outcomes in a line of their own.
var marks = map[check.State]string{check.Passed: "ok  ", check.Failed: "FAIL", check.Skipped: "skip"}

func (p *progress) step(s check.Progress) {
	switch {
	case p.quiet:
	case p.live && s.Result == nil:
		const wide = 24
		done := wide * s.Number / s.Total
		_, _ = fmt.Fprintf(p.err, "\r\x1b[K%s%s %3d/%d  %s", strings.Repeat("━", done), strings.Repeat("╌", wide-done), s.Number, s.Total, s.Check.ID)
	case p.live && s.Result.State == check.Failed:
		_, _ = fmt.Fprintf(p.err, "\r\x1b[K\x1b[31m✗\x1b[0m %s\n", s.Check.ID)
	case !p.live && s.Result != nil:
		p.say("%s %s", marks[s.Result.State], s.Check.ID)
	}
}

// end clears the line.
func (p *progress) end() {
	if p.live && !p.quiet {
		_, _ = fmt.Fprint(p.err, "\r\x1b[K")
	}
}
