package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/ratio"
)

// TestRun keeps the command working. Whether the goal is met is a matter of a
// longer run on a quiet machine.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	if _, err := run(t.Context(), &out, 1, ratio.Options{Run: 5 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "| live info | service | bare handler |") {
		t.Errorf("printed\n%s", out.String())
	}
}
