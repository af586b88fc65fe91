package report

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// TextOptions are the options of Text.
type TextOptions struct {
	// Colour uses ANSI colours.
	Colour bool
	// Verbose lists the checks that passed, and shows every exchange.
	Verbose bool
	// Width is where lines are broken, 100 if 0.
	Width int
}

// text writes and keeps the first error.
type text struct {
	TextOptions
	w   io.Writer
	err error
}

const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (t *text) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", args...)
	}
}

func (t *text) in(colour, s string) string {
	if !t.Colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// Text writes a report to read at a terminal.
func Text(w io.Writer, r check.Report, opt TextOptions) error {
	if opt.Width == 0 {
		opt.Width = 100
	}
	t := &text{TextOptions: opt, w: w}
	for _, severity := range severities {
		for _, result := range r.Results {
			if result.State == check.Failed && result.Severity == severity {
				t.failure(result)
			}
		}
	}
	if t.Verbose {
		for _, result := range r.Results {
			if result.State == check.Passed {
				t.line("%s  %-24s %s", t.in(green, "ok"), result.ID, result.Title)
			}
		}
		t.line("")
	}
	t.skipped(r)
	t.times(r)
	if len(r.LeftBehind) > 0 {
		t.line("%s", t.in(bold, "Left behind"))
		for _, s := range r.LeftBehind {
			t.wrapped("  ", clean(s))
		}
		t.line("")
	}
	t.summary(r)
	return t.err
}

func (t *text) failure(r check.Result) {
	colour := red
	if r.Severity == check.Recommended {
		colour = yellow
	}
	t.line("%s  %s", t.in(colour+";"+bold, strings.ToUpper(string(r.Severity))), t.in(bold, r.ID))
	t.wrapped("  ", r.Title)
	t.wrapped("  ", t.in(faint, "Source: "+r.Source))
	for i, p := range r.Problems {
		times := ""
		if p.Times > 1 {
			times = fmt.Sprintf(" (%d times)", p.Times)
		}
		t.wrapped("  - ", clean(p.Text)+times)
		if p.Sent != "" && (i == 0 || t.Verbose) {
			t.exchange("> ", p.Sent)
			t.exchange("< ", p.Came)
		}
	}
	t.wrapped("  Fix: ", r.Fix)
	t.line("")
}

// exchange shows a request or an answer, shortened unless Verbose.
func (t *text) exchange(mark, s string) {
	lines := strings.Split(clean(s), "\n")
	for i, line := range lines {
		if i == 12 && !t.Verbose {
			t.line("      %s", t.in(faint, mark+"…"))
			return
		}
		if most := t.Width - 8; utf8.RuneCountInString(line) > most && !t.Verbose {
			line = string([]rune(line)[:most-1]) + "…"
		}
		t.line("      %s", t.in(faint, strings.TrimRight(mark+line, " ")))
	}
}

// wrapped breaks a paragraph; later lines are indented as the first.
func (t *text) wrapped(prefix, s string) {
	indent := strings.Repeat(" ", len(prefix))
	line := prefix
	length := len(prefix)
	for i, word := range strings.Fields(s) {
		n := utf8.RuneCountInString(word)
		if i > 0 && length+1+n > t.Width {
			t.line("%s", line)
			line, length = indent, len(indent)
		} else if i > 0 {
			line += " "
			length++
		}
		line += word
		length += n
	}
	t.line("%s", line)
}

func (t *text) skipped(r check.Report) {
	reasons, ids := skips(r)
	if len(reasons) == 0 {
		return
	}
	t.line("%s", t.in(bold, "Skipped"))
	for _, reason := range reasons {
		list := ids[reason]
		const most = 8
		names := strings.Join(list[:min(len(list), most)], ", ")
		if len(list) > most {
			names += fmt.Sprintf(" and %d more", len(list)-most)
		}
		t.wrapped("  ", clean(reason)+": "+names)
	}
	t.line("")
}

func (t *text) times(r check.Report) {
	list := timings(r)
	if len(list) == 0 {
		return
	}
	t.line("%s", t.in(bold, fmt.Sprintf("Answer times  (PRISM recommends %s, and works up to %s)", r.RecommendedTime, r.MaxTime)))
	t.line("  %-46s %6s %9s %9s %9s", "", "calls", "median", "95 %", "longest")
	for _, row := range list {
		longest := fmt.Sprintf("%9s", round(row.Max))
		if row.Max > r.MaxTime {
			longest = t.in(red, longest)
		} else if row.Max > r.RecommendedTime {
			longest = t.in(yellow, longest)
		}
		t.line("  %-46s %6d %9s %9s %s", strings.Replace(row.Name, "/v1/service", "", 1), row.Count, round(row.P50), round(row.P95), longest)
	}
	t.line("")
}

func (t *text) summary(r check.Report) {
	failed := r.Count(check.Failed, "")
	colour := map[string]string{"good": green, "slow": yellow, "bad": red}[tone(r)]
	t.line("%s", t.in(colour+";"+bold, verdict(r)))
	if line := notChecked(r); line != "" {
		t.line("%s", line)
	}
	counts := fmt.Sprintf("%d checks passed, %d failed", r.Count(check.Passed, ""), failed)
	if failed > 0 {
		counts += fmt.Sprintf(" (%d required, %d security, %d recommended)", r.Count(check.Failed, check.Required),
			r.Count(check.Failed, check.Security), r.Count(check.Failed, check.Recommended))
	}
	t.line("%s, %d skipped; %d calls in %s to %s", counts, r.Count(check.Skipped, ""), len(r.Calls),
		r.Duration.Round(100*time.Millisecond), clean(r.ServiceAPIDomain))
}
