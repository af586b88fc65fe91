package sqlstore

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// onEachEngine runs a test on a store with its tables, on every engine.
func onEachEngine(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	for name, dsn := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "prism.db") },
		"PostgreSQL": func(t *testing.T) string { t.Helper(); return sqlstoretest.PostgreSQL(t) },
		"MySQL":      func(t *testing.T) string { t.Helper(); return sqlstoretest.MySQL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, filled(t, dsn(t), nil))
		})
	}
}

// The rules hold for whoever writes, not only for this package.
func TestDatabaseHoldsItsRules(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *Store) {
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
		for _, tc := range []struct {
			name, statement string
			rule            []string // one of these is in the error
		}{
			{"a second live on air", `UPDATE prism_live SET status = 'ON_AIR' WHERE id = 'b'`, []string{"UNIQUE", "prism_live_one_on_air"}},
			{"a live in a state that there is not", `UPDATE prism_live SET status = 'PAUSED' WHERE id = 'b'`, []string{"CHECK", "check", "CONSTRAINT"}},
			{"a channel of nobody", `UPDATE prism_channel SET owner_id = 'nobody' WHERE id = 'c'`, []string{"FOREIGN KEY", "foreign key"}},
			{"a message of no live", `INSERT INTO prism_chat (live_id, seq, at, author_id, text) VALUES ('none', 1, 1, 'u', 'x')`, []string{"FOREIGN KEY", "foreign key"}},
			{"a token of no family", `INSERT INTO prism_oauth_token (digest, kind, family_id, generation, expires_at)
				SELECT key_digest, 'access', 'none', 1, 1 FROM prism_live WHERE id = 'a'`, []string{"FOREIGN KEY", "foreign key"}},
			{"fewer tokens than none", `INSERT INTO prism_oauth_family (id, client_id, user_id, scope, created_at, expires_at, generation, rotated_at, pairs, used, tokens)
				VALUES ('f', 'c', 'u', '', 1, 1, 1, 1, 1, 0, -1)`, []string{"CHECK", "check", "CONSTRAINT"}},
		} {
			_, err := s.writer.ExecContext(ctx, tc.statement)
			refused := false
			for _, rule := range tc.rule {
				refused = refused || (err != nil && strings.Contains(err.Error(), rule))
			}
			if !refused {
				t.Errorf("%s: got %v, want a violation of %v", tc.name, err, tc.rule)
			}
		}
		// A channel goes with all that belongs to it.
		if _, err := s.writer.ExecContext(ctx, `DELETE FROM prism_channel WHERE id = 'c'`); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := s.writer.QueryRowContext(ctx, `SELECT COUNT(*) FROM prism_live_stat`).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d statistics are left of a channel that was deleted (error %v)", left, err)
		}
	})
}

// Every step can be undone and done again.
func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *Store) {
		steps, err := s.steps()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := steps.DownTo(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		for _, table := range prismTables {
			if _, err := s.writer.ExecContext(t.Context(), "SELECT 1 FROM "+table); err == nil {
				t.Errorf("%s is left after going down", table)
			}
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.PutUser(t.Context(), prism.User{ID: "u"}); err != nil {
			t.Error(err)
		}
	})
}

// A database of the first step is brought up with all that is in it.
func TestSecondStepKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		steps, err := s.steps()
		if err != nil {
			t.Fatal(err)
		}
		want := prism.LiveStats{Views: 3, Likes: 2, Chats: 1}
		for _, err := range []error{
			s.PutUser(ctx, prism.User{ID: "u"}),
			s.PutChannel(ctx, "u", prism.Channel{ID: "c", Enabled: true}),
			s.PutLive(ctx, prism.Live{ID: "l", ChannelID: "c", Status: prism.StatusOnAir, Stats: want}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := steps.DownTo(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Live(ctx, "u", "l"); !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("Live on the tables of the first step: got %v, want UNAVAILABLE", err)
		}
		if err := s.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		got, err := s.Live(ctx, "u", "l")
		if err != nil || got.Stats != want {
			t.Errorf("statistics after the second step: %+v (error %v), want %+v", got.Stats, err, want)
		}
	})
}

// The viewers of the present broadcast are so after the third step, and on the
// way back nobody takes others for them.
func TestThirdStepKeepsTheViewers(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		steps, err := s.steps()
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			s.PutUser(ctx, prism.User{ID: "u"}),
			s.PutChannel(ctx, "u", prism.Channel{ID: "c", Enabled: true}),
			s.PutLive(ctx, prism.Live{ID: "l", ChannelID: "c", Status: prism.StatusOnAir, Broadcast: 4}),
			s.ViewerSeen(ctx, "l", "gone"),
			s.ViewerSeen(ctx, "l", "new"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.writer.ExecContext(ctx, `UPDATE prism_viewer SET broadcast = 3 WHERE viewer_id = 'gone'`); err != nil {
			t.Fatal(err)
		}
		if _, err := steps.DownTo(ctx, 2); err != nil {
			t.Fatal(err)
		}
		// What the version before writes.
		if _, err := s.writer.ExecContext(ctx, `INSERT INTO prism_viewer (live_id, viewer_id, seen_at) SELECT live_id, 'old', seen_at FROM prism_viewer`); err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		// That version, while it runs beside this one.
		if _, err := s.writer.ExecContext(ctx, `INSERT INTO prism_viewer (live_id, viewer_id, seen_at) SELECT live_id, 'beside', seen_at FROM prism_viewer WHERE viewer_id = 'old'`); err != nil {
			t.Fatal(err)
		}
		for _, want := range []prism.LiveStats{{Views: 2, Viewers: 2}, {Views: 3, Viewers: 3}} {
			got, err := s.Live(ctx, "u", "l")
			if err != nil || got.Stats != want {
				t.Errorf("statistics %+v (error %v), want %+v", got.Stats, err, want)
			}
			for _, viewer := range []string{"old", "new", "beside"} {
				if err := s.ViewerSeen(ctx, "l", viewer); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// MySQL commits each CREATE, so a migration can end half-way. The next one
// does the rest.
func TestMigrationGoesOnWhereOneEndedHalfway(t *testing.T) {
	t.Parallel()
	s := filled(t, sqlstoretest.MySQL(t), nil)
	for _, statement := range []string{
		"DROP TABLE prism_oauth_token", "DROP TABLE prism_viewer",
		"DROP INDEX prism_ban_by_end ON prism_ban", "DROP TABLE prism_lease",
		"DELETE FROM " + VersionTable,
	} {
		if _, err := s.writer.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range prismTables {
		if _, err := s.writer.ExecContext(t.Context(), "SELECT 1 FROM "+table); err != nil {
			t.Error(err)
		}
	}
}
