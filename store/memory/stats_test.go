package memory_test

import (
	"math"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func TestNumbersStayAtTheLargest(t *testing.T) {
	t.Parallel()
	s := open(t, prism.StoreOptions{})
	seed(t, s)
	ctx, l := t.Context(), create(t, s)
	if _, err := s.StartLive(ctx, "minji", l.ID); err != nil {
		t.Fatal(err)
	}
	most := int64(math.MaxInt64)
	report := prism.StatsReport{
		LiveID: l.ID,
		Set:    prism.StatsValues{Views: &most, Viewers: &most, Likes: &most, Chats: &most},
		Add:    prism.LiveStats{Views: 1, Likes: most, Chats: 1},
	}
	for name, call := range map[string]func() error{
		"SaveStats":   func() error { return s.SaveStats(ctx, []prism.StatsReport{report, report}) },
		"ViewerSeen":  func() error { return s.ViewerSeen(ctx, l.ID, "v") },
		"AddLikes":    func() error { return s.AddLikes(ctx, l.ID, 1) },
		"SendMessage": func() error { return s.SendMessage(ctx, "minji", l.ID, "hi") },
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.SaveStats(ctx, []prism.StatsReport{report}); err != nil {
		t.Fatal(err)
	}
	got, err := s.WatchLive(ctx, l.ID)
	if want := (prism.LiveStats{Views: most, Viewers: most, Likes: most, Chats: most}); err != nil || got.Stats != want {
		t.Errorf("Stats is %+v (%v), want %+v", got.Stats, err, want)
	}
}

// What is deleted takes its stream key and its place in the channel with it.
func TestSweepLivesLeavesNothingOfADuplicate(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, prism.StoreOptions{Now: c.Now})
	seed(t, s)
	const made = 500
	for range made {
		if _, err := s.CreateLive(t.Context(), "minji", "games", prism.NewLive{Title: "Again", Scope: prism.ScopePublic}); err != nil {
			t.Fatal(err)
		}
		c.Advance(time.Second)
	}
	n, err := s.SweepLives(t.Context(), c.Now(), 2*made)
	if n != made-1 || err != nil {
		t.Errorf("SweepLives deleted %d (%v), want %d", n, err, made-1)
	}
	left, err := s.Lives(t.Context(), "minji", "games", prism.LiveFilter{})
	if err != nil || len(left) != 1 || !left[0].CreatedAt.Equal(c.Now().Add(-time.Second)) {
		t.Errorf("%d lives are left (%v), want the newest", len(left), err)
	}
}
