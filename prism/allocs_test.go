//go:build !race

package prism_test

import "testing"

// TestAllocations guards what is called all the time. The race detector
// allocates of its own, so it is left out there.
func TestAllocations(t *testing.T) {
	p := newPolled(t)
	for _, call := range p.shots(t) {
		got := testing.AllocsPerRun(200, func() {
			if status := call.shot.serve(p.svc); status != call.status {
				t.Fatalf("%s: status %d, want %d", call.name, status, call.status)
			}
		})
		if got > call.allocs {
			t.Errorf("%s takes %v allocations, want at most %v", call.name, got, call.allocs)
		}
	}
}
