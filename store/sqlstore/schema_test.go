package sqlstore

import (
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// The rule holds for whoever writes, not only for this package.
func TestDatabaseRefusesSecondLiveOnAir(t *testing.T) {
	t.Parallel()
	s := migrated(t)
	ctx := t.Context()
	for _, err := range []error{
		s.PutUser(ctx, prism.User{ID: "u"}),
		s.PutChannel(ctx, "u", prism.Channel{ID: "c", Enabled: true}),
		s.PutLive(ctx, prism.Live{ID: "a", ChannelID: "c", Status: prism.StatusOnAir}),
		s.PutLive(ctx, prism.Live{ID: "b", ChannelID: "c", Status: prism.StatusEnd}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.writer.ExecContext(ctx, `UPDATE prism_live SET status = 'ON_AIR' WHERE id = 'b'`)
	if err == nil || !strings.Contains(err.Error(), "UNIQUE") {
		t.Errorf("a second live on air: got %v, want a UNIQUE violation", err)
	}
	_, err = s.writer.ExecContext(ctx, `INSERT INTO prism_oauth_token VALUES (x'00', 'access', 'no such family', 1, 1)`)
	if err == nil || !strings.Contains(err.Error(), "FOREIGN KEY") {
		t.Errorf("a token of no family: got %v, want a FOREIGN KEY violation", err)
	}
}

// Every step can be undone and done again.
func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	s := migrated(t)
	steps, err := s.steps()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := steps.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var left int
	err = s.writer.QueryRowContext(t.Context(), `
		SELECT COUNT(*) FROM sqlite_master
		WHERE name LIKE 'prism\_%' ESCAPE '\' AND name <> 'prism_schema_version'`).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d tables and indexes are left after going down (error %v)", left, err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.PutUser(t.Context(), prism.User{ID: "u"}); err != nil {
		t.Error(err)
	}
}
