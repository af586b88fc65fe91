package main

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/ratio"
)

// The command measures every row, here too shortly to say anything.
func TestReport(t *testing.T) {
	var out bytes.Buffer
	if err := report(&out, ratio.Options{Run: time.Nanosecond, MaxN: 1}); err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (code exchange|refresh|verification)[^|]*\| b2bprism`).FindAllString(out.String(), -1)
	if len(rows) != 12 {
		t.Errorf("%d rows, want 12:\n%s", len(rows), &out)
	}
}
