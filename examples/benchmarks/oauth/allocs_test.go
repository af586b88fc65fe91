//go:build !race

package main

import (
	"testing"

	"github.com/b2bprism/b2bprism/examples/benchmarks/ratio"
)

// allocations returns how many one operation of the job makes.
func allocations(job ratio.Subject) float64 {
	const operations = 200
	run := job.Prepare(2 * operations) // makes what is made once
	run()
	var runs []func()
	for range 2 { // AllocsPerRun calls once more than it counts
		runs = append(runs, job.Prepare(operations))
	}
	return testing.AllocsPerRun(1, func() {
		runs[0]()
		runs = runs[1:]
	}) / operations
}

// The goal of the library: redeeming a code and refreshing take at most 0.4 of
// the allocations of go-oauth2's own server with its own memory store.
// Allocations are the same on every machine, so this is a gate; times are
// measured by the command.
func TestAllocationsAgainstGoOAuth2(t *testing.T) {
	ours, _, peer, _, err := contestants()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*dialect{prismDialect, standard} {
		for name, job := range map[string]func(contestant) ratio.Subject{
			"exchange": func(c contestant) ratio.Subject { return c.exchange(d) },
			"refresh":  func(c contestant) ratio.Subject { return c.refresh(d) },
		} {
			got, most := allocations(job(ours)), goal*allocations(job(peer))
			t.Logf("%s, %s: %.1f allocations, at most %.1f", name, d.name, got, most)
			if got > most {
				t.Errorf("%s, %s: %.1f allocations, want at most %.1f", name, d.name, got, most)
			}
		}
	}
	if got := allocations(ours.check()); got > goal*allocations(peer.check()) {
		t.Errorf("verification: %.2f allocations", got)
	}
}
