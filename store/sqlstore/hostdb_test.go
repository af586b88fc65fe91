package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// hostDB opens a file as a host might, with transactions that begin deferred.
func hostDB(t *testing.T, file, parameters string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+parameters)
	must(t, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the host's database: %v", err)
		}
	})
	return db
}

func onHostDB(t *testing.T, db *sql.DB, opt prism.StoreOptions) *sqlstore.Store {
	t.Helper()
	return onPool(t, db, sqlstore.SQLite, opt)
}

const hostParameters = "_journal_mode=WAL&_busy_timeout=5000&_foreign_keys=on"

func TestCloseLeavesHostDBOpen(t *testing.T) {
	t.Parallel()
	db := hostDB(t, newFile(t), hostParameters)
	s := onHostDB(t, db, options(newClock()))
	must(t, s.Migrate(t.Context()))
	if _, err := s.User(t.Context(), "nobody"); !errors.Is(err, prism.ErrNotFound) {
		t.Fatalf("User: got %v, want NOT_FOUND", err)
	}
	must(t, s.Close())
	must(t, db.PingContext(t.Context()))
}

// sampleCalls is one call of each kind: a read, a write of each half.
func sampleCalls(s *sqlstore.Store, liveID string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"StartLive": func(ctx context.Context) error {
			_, err := s.StartLive(ctx, "owner", liveID)
			return err
		},
		"SendMessage": func(ctx context.Context) error { return s.SendMessage(ctx, "owner", liveID, strings.Repeat("x", 4096)) },
		"SaveCode": func(ctx context.Context) error {
			return s.SaveCode(ctx, oauth.Code{Digest: oauth.DigestOf("c"), FamilyID: "f", ExpiresAt: time.Now()})
		},
		"RotateRefresh": func(ctx context.Context) error {
			_, _, err := s.RotateRefresh(ctx, oauth.Rotation{Refresh: oauth.DigestOf("r"), Now: time.Now()})
			return err
		},
		"SaveStats": func(ctx context.Context) error {
			return s.SaveStats(ctx, []prism.StatsReport{{LiveID: liveID, Add: prism.LiveStats{Likes: 1}}})
		},
		"SaveViewers": func(ctx context.Context) error {
			return s.SaveViewers(ctx, []prism.ViewerHeartbeat{{LiveID: liveID, ViewerID: "v"}})
		},
		"SweepLives": func(ctx context.Context) error {
			_, err := s.SweepLives(ctx, time.Now(), 10)
			return err
		},
		"SweepBans": func(ctx context.Context) error {
			_, err := s.SweepBans(ctx, 10)
			return err
		},
		"Lease": func(ctx context.Context) error {
			_, err := s.Lease(ctx, "job", "holder", time.Minute)
			return err
		},
	}
}

// lockFile keeps every other writer from the file until the test ends.
func lockFile(t *testing.T, file string) {
	t.Helper()
	db := hostDB(t, file, "_txlock=immediate")
	tx, err := db.BeginTx(context.Background(), nil)
	must(t, err)
	t.Cleanup(func() { must(t, tx.Rollback()) })
}

func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	file, c := newMigratedFile(t), newClock()
	s := openFile(t, file, options(c))
	seed(t, s)
	live := create(t, s, "A")
	impatient := onHostDB(t, hostDB(t, file, "_busy_timeout=20"), options(c))
	lockFile(t, file)

	for name, call := range sampleCalls(s, live.ID) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		err := call(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s on a locked database until the deadline: got %v, want the context's error", name, err)
		}
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("%s took %v with a deadline of 50ms", name, d)
		}
	}
	for name, call := range sampleCalls(impatient, live.ID) {
		if err := call(t.Context()); !errors.Is(err, prism.ErrUnavailable) || !strings.Contains(err.Error(), "SQLITE_BUSY") {
			t.Errorf("%s on a locked database past the busy timeout: got %v, want UNAVAILABLE with the driver's text", name, err)
		}
	}
	// Readers do not wait for a writer.
	if _, err := s.Live(t.Context(), "owner", live.ID); err != nil {
		t.Errorf("Live while another process writes: %v", err)
	}
}

func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	file, c := newMigratedFile(t), newClock()
	s := openFile(t, file, options(c))
	seed(t, s)
	live := create(t, s, "A")
	readOnly := onHostDB(t, hostDB(t, file, "mode=ro"), options(c))
	if _, err := readOnly.Live(t.Context(), "owner", live.ID); err != nil {
		t.Errorf("Live: %v", err)
	}
	for name, call := range sampleCalls(readOnly, live.ID) {
		if err := call(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("%s on a read-only database: got %v, want UNAVAILABLE", name, err)
		}
	}
}

func TestFullDatabase(t *testing.T) {
	t.Parallel()
	c := newClock()
	db := hostDB(t, newFile(t), hostParameters)
	db.SetMaxOpenConns(1) // the limit is one of the connection
	s := onHostDB(t, db, options(c))
	must(t, s.Migrate(t.Context()))
	seed(t, s)
	live := create(t, s, "A")
	if _, err := db.ExecContext(t.Context(), "PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	var sent int64
	for {
		err := s.SendMessage(t.Context(), "owner", live.ID, strings.Repeat("x", 4096))
		if err == nil {
			if sent++; sent > 1000 {
				t.Fatal("the database is never full")
			}
			continue
		}
		if !errors.Is(err, prism.ErrUnavailable) || !strings.Contains(err.Error(), "database or disk is full") {
			t.Errorf("SendMessage into a full database: got %v, want UNAVAILABLE with the driver's text", err)
		}
		break
	}
	got, err := s.Live(t.Context(), "owner", live.ID)
	must(t, err)
	if got.Stats.Chats != sent {
		t.Errorf("%d chats are counted, %d were acknowledged", got.Stats.Chats, sent)
	}
}

func TestDatabaseWithoutTables(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		s := openDSN(t, e.empty(t), options(newClock()))
		missing := map[sqlstore.Dialect]string{
			sqlstore.SQLite: "no such table", sqlstore.PostgreSQL: "does not exist", sqlstore.MySQL: "doesn't exist",
		}[e.dialect]
		_, readErr := s.User(t.Context(), "u")
		for call, err := range map[string]error{
			"User": readErr, "PutUser": s.PutUser(t.Context(), prism.User{ID: "u"}),
		} {
			if !errors.Is(err, prism.ErrUnavailable) || !strings.Contains(err.Error(), missing) {
				t.Errorf("%s before Migrate: got %v, want UNAVAILABLE with the driver's text", call, err)
			}
		}
		must(t, s.Migrate(t.Context()))
		if _, err := s.User(t.Context(), "u"); !errors.Is(err, prism.ErrNotFound) {
			t.Errorf("User after Migrate: got %v, want NOT_FOUND", err)
		}
	})
}

func TestClosedStoreOnEachEngine(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		s, _ := e.seeded(t)
		must(t, s.Close())
		_, readErr := s.User(t.Context(), "owner")
		for call, err := range map[string]error{
			"User": readErr, "PutUser": s.PutUser(t.Context(), prism.User{ID: "u"}), "Migrate": s.Migrate(t.Context()),
		} {
			if !errors.Is(err, prism.ErrUnavailable) {
				t.Errorf("%s of a closed store: got %v, want UNAVAILABLE", call, err)
			}
		}
	})
}
