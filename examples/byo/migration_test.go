package main

import (
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// The migration keeps what a site has, and mends what the new rules forbid.
func TestMigrationOfExistingData(t *testing.T) {
	t.Parallel()
	m := &market{newPool(t), "https://market.example.com", "rtmp://ingest.example.com/live"}
	exec(t, m, siteSchema)
	exec(t, m, `
		INSERT INTO members (login, nickname, password_hash) VALUES ('minji', 'Min-ji', '');
		INSERT INTO studios (slug, title) VALUES ('old', 'Old studio');
		INSERT INTO studio_members SELECT s.id, m.id, 'owner' FROM studios s, members m;
		INSERT INTO broadcasts (studio_id, headline) SELECT id, 'planned' FROM studios;
		INSERT INTO broadcasts (studio_id, headline, state, live_since, over_since)
			SELECT id, 'over', 2, now() - interval '9 hours', now() - interval '8 hours' FROM studios;
		INSERT INTO broadcasts (studio_id, headline, state, live_since)
			SELECT id, h, 1, now() - age FROM studios, (VALUES ('forgotten', interval '5 hours'), ('live', interval '1 hour')) v (h, age);
		INSERT INTO broadcast_counters (broadcast_id, views) SELECT id, 12 FROM broadcasts WHERE headline = 'live';
		INSERT INTO comments (broadcast_id, author_id, body)
			SELECT b.id, m.id, 'c' || n FROM generate_series(1, 5) n, broadcasts b, members m WHERE b.headline IN ('live', 'over')`)
	exec(t, m, prismMigration)

	owner := member(t, m, "minji")
	lives, err := m.Lives(t.Context(), owner, studio(t, m, "old"), prism.LiveFilter{})
	must(t, err)
	want := map[string]prism.Live{
		"planned":   {Status: prism.StatusReserved},
		"over":      {Status: prism.StatusEnd, Broadcast: 1, Stats: prism.LiveStats{Chats: 5}},
		"forgotten": {Status: prism.StatusEnd, Broadcast: 1},
		"live":      {Status: prism.StatusOnAir, Broadcast: 1, Stats: prism.LiveStats{Views: 12, Chats: 5}},
	}
	if len(lives) != len(want) {
		t.Errorf("%d lives, want %d", len(lives), len(want))
	}
	for _, l := range lives {
		w := want[l.Title]
		if l.Status != w.Status || l.Broadcast != w.Broadcast || l.Stats != w.Stats {
			t.Errorf("%s: %s, broadcast %d, %+v; want %s, %d, %+v", l.Title, l.Status, l.Broadcast, l.Stats, w.Status, w.Broadcast, w.Stats)
		}
		if w.Stats.Chats == 0 {
			continue
		}
		must(t, m.SendMessage(t.Context(), owner, l.ID, "c6"))
		page, err := m.Messages(t.Context(), owner, l.ID, prism.ChatQuery{After: new(int64(3)), Limit: 10})
		must(t, err)
		if n := len(page.Messages); n != 3 || page.Messages[0].Text != "c4" || page.Messages[2].Text != "c6" || page.Next != 6 {
			t.Errorf("%s: the chat after the third comment is %+v", l.Title, page)
		}
	}
}
