package oauth_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/b2bprism/b2bprism/oauth"
)

var rotationStart = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestRotate(t *testing.T) {
	t.Parallel()
	const grace = time.Minute
	within, edge, after := rotationStart.Add(30*time.Second), rotationStart.Add(grace), rotationStart.Add(grace+1)
	for _, c := range []struct {
		name       string
		generation int // presented; the current one is 5
		used       bool
		pairs      int
		now        time.Time
		grace      time.Duration
		want       oauth.Outcome
	}{
		{"current", 5, false, 1, within, grace, oauth.OutcomeRotated},
		{"current, used", 5, true, 1, after, grace, oauth.OutcomeRotated},
		{"current, full", 5, true, oauth.MaxPairs, after, 0, oauth.OutcomeRotated},
		{"one before, in grace", 4, true, 1, within, grace, oauth.OutcomeSibling},
		{"one before, at the end of grace", 4, true, 1, edge, grace, oauth.OutcomeSibling},
		{"one before, after grace, unused", 4, false, 1, after, grace, oauth.OutcomeSibling},
		{"one before, a year later, unused", 4, false, 1, after.AddDate(1, 0, 0), grace, oauth.OutcomeSibling},
		{"one before, after grace, used", 4, true, 1, after, grace, oauth.OutcomeReused},
		{"one before, no grace, used", 4, true, 1, rotationStart, 0, oauth.OutcomeReused},
		{"one before, no grace, unused", 4, false, 1, after, 0, oauth.OutcomeSibling},
		{"one before, last pair", 4, false, oauth.MaxPairs - 1, within, grace, oauth.OutcomeSibling},
		{"one before, full", 4, false, oauth.MaxPairs, within, grace, oauth.OutcomeRefused},
		{"two before, in grace", 3, false, 1, within, grace, oauth.OutcomeRefused},
		{"two before, after grace", 3, false, 1, after, grace, oauth.OutcomeReused},
		{"two before, no grace", 3, false, 1, rotationStart, 0, oauth.OutcomeReused},
		{"first", 1, true, 1, after, grace, oauth.OutcomeReused},
		{"from the future", 6, false, 1, after, grace, oauth.OutcomeRefused},
	} {
		before := oauth.Family{ID: "f", Generation: 5, RotatedAt: rotationStart, Used: c.used, Pairs: c.pairs, ExpiresAt: rotationStart.AddDate(9, 0, 0)}
		want := before
		switch c.want {
		case oauth.OutcomeRotated:
			want.Generation, want.RotatedAt, want.Pairs, want.Used = 6, c.now, 1, false
		case oauth.OutcomeSibling:
			want.Pairs++
		case oauth.OutcomeReused:
			want.RevokedAt = c.now
		case oauth.OutcomeRefused:
		}
		got, family := before.Rotate(c.generation, c.now, c.grace)
		if got != c.want {
			t.Errorf("%s: outcome %d, want %d", c.name, got, c.want)
		}
		if diff := cmp.Diff(want, family); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestRotateProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grace := time.Duration(rapid.IntRange(0, 300).Draw(t, "grace")) * time.Second
		now := rotationStart
		f := oauth.Family{ID: "f", Generation: 1, RotatedAt: now, Pairs: 1, ExpiresAt: now.AddDate(1, 0, 0)}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "pause")) * time.Second)
			if rapid.Bool().Draw(t, "use") {
				f.Used = true
			}
			generation := rapid.IntRange(1, f.Generation).Draw(t, "generation")
			outcome, next := f.Rotate(generation, now, grace)
			if next.ID != f.ID || next.ExpiresAt != f.ExpiresAt {
				t.Fatal("Rotate changed what it must not")
			}
			if next.Pairs < 1 || next.Pairs > oauth.MaxPairs {
				t.Fatalf("%d pairs", next.Pairs)
			}
			if (next.RevokedAt.IsZero()) == (outcome == oauth.OutcomeReused) {
				t.Fatalf("outcome %d with RevokedAt %v", outcome, next.RevokedAt)
			}
			if generation == f.Generation && outcome != oauth.OutcomeRotated {
				t.Fatalf("the current token gave outcome %d", outcome)
			}
			if generation == f.Generation-1 && !f.Used && outcome == oauth.OutcomeReused {
				t.Fatal("an answer that may have been lost counted as reuse")
			}
			if outcome == oauth.OutcomeReused && grace > 0 && !now.After(f.RotatedAt.Add(grace)) {
				t.Fatal("reuse within the grace time")
			}
			if next.Generation-f.Generation != map[bool]int{true: 1}[outcome == oauth.OutcomeRotated] {
				t.Fatalf("generation %d to %d by outcome %d", f.Generation, next.Generation, outcome)
			}
			f = next
			if outcome == oauth.OutcomeReused {
				return
			}
		}
	})
}
