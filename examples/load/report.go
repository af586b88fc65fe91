package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// report prints what was measured and remembers the goals that were missed.
type report struct {
	out, progress io.Writer
	missed        []string
}

// say tells the operator what is being done.
func (r *report) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.progress, format+"\n", args...)
}

func (r *report) print(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format, args...) }

// table prints a Markdown table.
func (r *report) table(head []string, rows [][]string) {
	line := func(cells []string) { r.print("| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	r.print("|%s\n", strings.Repeat("---|", len(head)))
	for _, row := range rows {
		line(row)
	}
}

// goal prints whether a goal is met.
func (r *report) goal(met bool, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if met {
		r.print("- met: %s\n", text)
		return
	}
	r.missed = append(r.missed, text)
	r.print("- **missed**: %s\n", text)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond))
}

func mebibytes(n int64) string {
	if n == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.0f", float64(n)/(1<<20))
}
