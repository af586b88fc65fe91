//go:build !race

package console

import (
	"net/http"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// TestNoAllocations guards what runs in every request. The race detector
// allocates of its own, so it is left out there.
func TestNoAllocations(t *testing.T) {
	c := newTestConsole(t, testConfig(newClock()))
	trace, auth, ctx := c.Trace(), c.OAuthTrace(), t.Context()
	info := prism.RequestInfo{RequestID: "r", Method: http.MethodGet, Route: liveRoute}
	result := prism.RequestResult{Status: 200, UserID: "minji", LiveID: "live1", Duration: time.Millisecond}
	for _, test := range []struct {
		name string
		f    func()
	}{
		{"request", func() {
			_, done := trace.RequestStart(ctx, info)
			done(result)
		}},
		{"token issued", func() { auth.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token"}) }},
		{"token refused", func() {
			auth.TokenRefused(ctx, oauth.RefusedEvent{Endpoint: "token", Code: "invalid_grant", Reason: "code expired"})
		}},
	} {
		if n := testing.AllocsPerRun(500, test.f); n != 0 {
			t.Errorf("%s: %v allocations, want none", test.name, n)
		}
	}
}
