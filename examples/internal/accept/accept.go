// Package accept runs the checks of prismcheck on an example app. The tests of
// all examples share it.
package accept

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/internal/demo"
	"github.com/b2bprism/b2bprism/examples/internal/golive"
	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// Test checks an app that is made with a demo.Setup. It serves plain HTTP, so
// that the checks of TLS are skipped.
func Test(t *testing.T, newApp func(context.Context, demo.Setup) (http.Handler, error)) {
	t.Helper()
	app := golive.Start(t, newApp)
	report := Run(t, check.Target{
		ServiceAPIDomain: app.Origin, AuthorizeURL: app.Origin + "/prism/oauth/authorize", AllowHTTP: true,
		ClientID: app.ClientID, ClientSecret: app.ClientSecret, RedirectURI: app.RedirectURI,
		Account: app.Streamer, Second: app.Stranger, HTTPClient: &http.Client{Transport: app.Wire},
	})
	Clean(t, report, "transport", "channel.thumbnail", "create.disabled")
	if leaks := app.Wire.Leaks(app.Log()); len(leaks) > 0 {
		t.Errorf("the log has secrets: %v", leaks)
	}
}

// Run checks a service with all optional APIs, under a small load.
func Run(t *testing.T, target check.Target) check.Report {
	t.Helper()
	target.Expect = check.APIs()
	target.Lives, target.LoadTime, target.Pace = 10, time.Second, 5*time.Millisecond
	report, err := check.Run(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Clean fails the test for every check that failed, and for those that were
// skipped and are not in areas or IDs given here. Times are no matter of a
// test, and RTMP needs a media server.
func Clean(t *testing.T, report check.Report, skipped ...string) {
	t.Helper()
	skipped = append(skipped, "rtmp")
	for _, r := range report.Results {
		switch {
		case r.State == check.Failed && r.ID != "answer.recommended-time" && r.ID != "load.recommended-time":
			for _, p := range r.Problems {
				t.Errorf("%s: %s\n%s\n%s", r.ID, p.Text, p.Sent, p.Came)
			}
		case r.State == check.Skipped && !slices.Contains(skipped, r.ID) && !slices.Contains(skipped, r.Area()):
			t.Errorf("%s was skipped: %s", r.ID, r.Reason)
		}
	}
	if !report.Complete() {
		t.Error("the run could not go live")
	}
}
