//go:build !race

package oauth_test

import (
	"context"
	"net/http"
	"testing"
)

// The most allocations of one request, from the http.Request to the written
// answer, with the store in memory: what was measured and two more, for a
// store that changes. The race detector allocates of its own, so it
// is left out there.
var mostAllocations = map[string]float64{
	"exchange":          16,
	"refresh":           13,
	"standard exchange": 21,
	"standard refresh":  18,
	"introspect":        13,
}

func TestTokenRequestAllocations(t *testing.T) {
	const runs = 200
	for name, most := range mostAllocations {
		endpoint, requests := tokenJobs[name](t, benchServer(t), runs+1) // the first run is not counted
		w := &discard{header: http.Header{}}
		got := testing.AllocsPerRun(runs, func() {
			if !w.answered(endpoint, requests[0]) {
				t.Fatalf("%s: status %d", name, w.status)
			}
			requests = requests[1:]
		})
		t.Logf("%s: %v", name, got)
		if got > most {
			t.Errorf("%s takes %v allocations, want at most %v", name, got, most)
		}
	}
}

// TestVerificationAllocations guards what every call of the resource API does:
// with the token remembered, without a cache, and when it is not remembered yet.
func TestVerificationAllocations(t *testing.T) {
	const most = 3
	const runs = 200
	ctx := context.Background()
	cached, uncached := benchServer(t), benchServer(t, withoutCache)
	token, other := benchPair(t, cached).AccessToken, benchPair(t, uncached).AccessToken
	fresh := make([]string, runs+1)
	for i := range fresh {
		fresh[i] = benchPair(t, cached).AccessToken
	}
	for name, check := range map[string]func() error{
		"remembered": func() error {
			_, err := cached.Verify(ctx, token)
			return err
		},
		"without a cache": func() error {
			_, err := uncached.Verify(ctx, other)
			return err
		},
		"first time": func() error {
			_, err := cached.Verify(ctx, fresh[0])
			fresh = fresh[1:]
			return err
		},
	} {
		got := testing.AllocsPerRun(runs, func() {
			if err := check(); err != nil {
				t.Fatal(name, err)
			}
		})
		t.Logf("%s: %v", name, got)
		if got > most {
			t.Errorf("%s: %v allocations, want at most %d", name, got, most)
		}
	}
}
