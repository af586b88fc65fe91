package check_test

import (
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// A correct service passes every check but those of RTMP, which were not asked
// for, and is left without a live on air.
func TestCorrectServicePasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.target.Expect = check.APIs()
	report := w.run(t)
	for _, r := range report.Results {
		switch {
		case r.State == check.Failed:
			t.Errorf("%s: %s\n%s\n%s", r.ID, r.Problems[0].Text, r.Problems[0].Sent, r.Problems[0].Came)
		case r.State == check.Skipped && r.Area() != "rtmp":
			t.Errorf("%s was skipped: %s", r.ID, r.Reason)
		}
	}
	gaps(t, report, "-rtmp")
	if report.Interrupted || !report.Complete() || len(report.Calls) == 0 {
		t.Errorf("interrupted %t, %d calls", report.Interrupted, len(report.Calls))
	}
	lives, err := w.store.LivesOnAir(t.Context(), 100)
	if err != nil || len(lives) > 0 {
		t.Errorf("on air after the run: %v, %v", lives, err)
	}
	all, err := w.store.Lives(t.Context(), "minji", "main", prism.LiveFilter{})
	if err != nil || len(all) == 0 {
		t.Fatalf("lives: %v", err)
	}
	for _, l := range all {
		page, err := w.store.Messages(t.Context(), "minji", l.ID, prism.ChatQuery{Limit: prism.MaxChatPage})
		if err != nil || len(page.Messages) > 0 {
			t.Errorf("live %s has %d messages left, %v", l.ID, len(page.Messages), err)
		}
	}
	t.Logf("%d checks, %d calls, %s", len(report.Results), len(report.Calls), report.Duration)
}
