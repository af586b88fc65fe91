package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(writerFile); file != "" {
		fmt.Fprintln(os.Stderr, writeForever(file))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// clock is a clock that stands still unless it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func options(c *clock) prism.StoreOptions {
	return prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live", Now: c.Now}
}

func newFile(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "prism.db")
}

// migrated is a database file that has its tables and no rows. Making them
// takes longer than most tests do, so it is done once.
var migrated = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "sqlstore")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "prism.db")
	s, err := sqlstore.Open(context.Background(), "sqlite:"+file, options(newClock()))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.Migrate(context.Background()), s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// newMigratedFile returns a database file of the test's own, with its tables.
func newMigratedFile(t *testing.T) string {
	t.Helper()
	content, err := migrated()
	must(t, err)
	file := newFile(t)
	must(t, os.WriteFile(file, content, 0o600))
	return file
}

// openFile opens a database file.
func openFile(t *testing.T, file string, opt prism.StoreOptions) *sqlstore.Store {
	t.Helper()
	return openDSN(t, "sqlite:"+file, opt)
}

// open makes a store on a file of its own.
func open(t *testing.T, opt prism.StoreOptions) *sqlstore.Store {
	t.Helper()
	return openFile(t, newMigratedFile(t), opt)
}

// seed puts the users and channels of the tests into a store.
func seed(t *testing.T, s prism.Directory) {
	t.Helper()
	for _, id := range []string{"owner", "stranger", "viewer"} {
		must(t, s.PutUser(t.Context(), prism.User{ID: id, Name: "Name of " + id, ThumbnailURL: "https://example.com/" + id + ".png"}))
	}
	must(t, s.PutChannel(t.Context(), "owner", prism.Channel{
		ID: "enabled", Name: "Enabled", Enabled: true, Link: "https://example.com/c/enabled",
		Description: "A channel", Tags: []string{"a", "b;c"}, FollowerCount: 7,
	}))
	must(t, s.PutChannel(t.Context(), "owner", prism.Channel{ID: "disabled", Name: "Disabled", Link: "https://example.com/c/disabled"}))
}

func seeded(t *testing.T) (*sqlstore.Store, *clock) {
	t.Helper()
	c := newClock()
	s := open(t, options(c))
	seed(t, s)
	return s, c
}

func create(t *testing.T, s prism.LiveStore, title string) prism.Live {
	t.Helper()
	l, err := s.CreateLive(t.Context(), "owner", "enabled", prism.NewLive{
		Title: title, Scope: prism.ScopePublic, ReservedAt: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func start(t *testing.T, s prism.LiveStore, liveID string) prism.StartResult {
	t.Helper()
	r, err := s.StartLive(t.Context(), "owner", liveID)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
