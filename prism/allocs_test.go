//go:build !race

package prism_test

import (
	"net/http"
	"testing"
)

// TestLiveInfoAllocations guards the call that PRISM makes every five seconds
// for every live. The race detector allocates of its own, so it is left out
// there.
func TestLiveInfoAllocations(t *testing.T) {
	const most = 16
	svc, r := newPoll(t)
	w := &discard{header: http.Header{}}
	got := testing.AllocsPerRun(100, func() {
		clear(w.header)
		svc.ServeHTTP(w, r)
	})
	if got > most {
		t.Errorf("live info takes %v allocations, want at most %d", got, most)
	}
}
