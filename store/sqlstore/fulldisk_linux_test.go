package sqlstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// smallDisk mounts a file system of this size in memory. Without the right to
// mount one the test is skipped, except where CI is set.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "sqlstore-disk")
	must(t, err)
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0755", megabytes)); err != nil {
		must(t, os.Remove(folder))
		if os.Getenv("CI") == "" && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES)) {
			t.Skipf("this test mounts a small file system, which takes root: %v", err)
		}
		t.Fatalf("mount a small file system, which takes root: %v", err)
	}
	t.Cleanup(func() {
		must(t, syscall.Unmount(folder, 0))
		must(t, os.Remove(folder))
	})
	return folder
}

// fill leaves this much room on a file system. What it returns gives the rest
// back.
func fill(t *testing.T, folder string, room int64) (free func()) {
	t.Helper()
	var stat syscall.Statfs_t
	must(t, syscall.Statfs(folder, &stat))
	file := filepath.Join(folder, "ballast")
	f, err := os.Create(file)
	must(t, err)
	size := int64(stat.Bavail)*stat.Bsize - room
	if size <= 0 {
		t.Fatalf("the file system has no room for %d bytes: make it larger", room)
	}
	must(t, syscall.Fallocate(int(f.Fd()), 0, 0, size))
	must(t, f.Close())
	return func() { must(t, os.Remove(file)) }
}

// diskTest is a server whose data, or all of it, is on a small disk, and a
// service on it.
type diskTest struct {
	store   *sqlstore.Store
	service http.Handler
	token   string
	// created are the ids of the lives that were acknowledged.
	mu      sync.Mutex
	created []string
}

func newDiskTest(t *testing.T, dsn string) *diskTest {
	t.Helper()
	s := openDSN(t, dsn, prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	must(t, s.Migrate(t.Context()))
	seed(t, s)
	d := &diskTest{store: s}
	d.service, d.token = serve(t, s)
	return d
}

// send sends a request as PRISM does.
func (d *diskTest) send(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "https://api.example.com/v1/service"+path, strings.NewReader(body))
	r.Header.Set("X-Prism-Access-Token", d.token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.service.ServeHTTP(w, r)
	return w
}

// create asks for a live and returns the status of the answer.
func (d *diskTest) create() (int, error) {
	body, err := json.Marshal(map[string]string{
		"title": "A", "description": noise(), "scope": "PUBLIC", "reservedAt": "2026-11-22T12:00:00+0000",
	})
	if err != nil {
		return 0, err
	}
	w := d.send(http.MethodPost, "/channel/enabled/live", string(body))
	var answer struct {
		Success bool
		Data    struct{ Live struct{ LiveID string } }
	}
	body = w.Body.Bytes()
	if err := json.Unmarshal(body, &answer); err != nil {
		return w.Code, err
	}
	wanted := w.Code == http.StatusServiceUnavailable
	if w.Code == http.StatusOK {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.created = append(d.created, answer.Data.Live.LiveID)
		wanted = answer.Data.Live.LiveID != ""
	}
	if answer.Success != (w.Code == http.StatusOK) || !wanted {
		return w.Code, fmt.Errorf("create: got %d %.200s, want a live or a 503", w.Code, body)
	}
	return w.Code, nil
}

// await creates lives until the answer is this one.
func (d *diskTest) await(status int) (calls int, err error) {
	return d.awaitWithin(time.Minute, status)
}

func (d *diskTest) awaitWithin(patience time.Duration, status int) (calls int, err error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		calls++
		got, err := d.create()
		if got == status || err != nil {
			return calls, err
		}
	}
	return calls, fmt.Errorf("waited in vain for an answer of %d", status)
}

// check holds what is there against what was acknowledged.
func (d *diskTest) check(t *testing.T) {
	t.Helper()
	lives, err := d.store.Lives(t.Context(), "owner", "enabled", prism.LiveFilter{})
	must(t, err)
	there := map[string]bool{}
	for _, l := range lives {
		there[l.ID] = len([]rune(l.Description)) == 5000
	}
	for _, id := range d.created {
		if !there[id] {
			t.Errorf("live %q was acknowledged and is not there as it was", id)
		}
	}
}

// The disk of the tables is full: what does not fit is a 503 and an
// ErrUnavailable, reading goes on, what was acknowledged is there, and when
// there is room again the same store goes on.
func TestFullDiskOfTheTables(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]struct {
		dsn       func(t *testing.T, folder string) string
		megabytes int
		text      string
	}{
		"SQLite": {func(_ *testing.T, folder string) string {
			return "sqlite:" + filepath.Join(folder, "prism.db")
		}, 16, "database or disk is full"},
		"PostgreSQL": {func(t *testing.T, folder string) string {
			t.Helper()
			return sqlstoretest.NewPostgreSQLOn(t, folder).Schema(t)
		}, 96, "No space left on device"},
		"MySQL": {func(t *testing.T, folder string) string {
			t.Helper()
			return sqlstoretest.NewMySQLOn(t, folder).Schema(t)
		}, 160, "is full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := smallDisk(t, kind.megabytes)
			d := newDiskTest(t, kind.dsn(t, folder))
			for range 2 {
				free := fill(t, folder, 2<<20)
				var full atomic.Int64
				var writing sync.WaitGroup
				for range 3 {
					writing.Go(func() {
						calls, err := d.await(http.StatusServiceUnavailable)
						full.Add(int64(calls))
						if err != nil {
							t.Error(err)
						}
					})
				}
				writing.Wait()
				if t.Failed() {
					return
				}
				var err error
				for deadline := time.Now().Add(time.Minute); err == nil && time.Now().Before(deadline); {
					_, err = d.store.CreateLive(t.Context(), "owner", "enabled", prism.NewLive{
						Title: "A", Description: noise(), Scope: prism.ScopePublic, ReservedAt: time.Now(),
					})
				}
				if !errors.Is(err, prism.ErrUnavailable) || !strings.Contains(err.Error(), kind.text) {
					t.Errorf("CreateLive on a full disk: got %v, want UNAVAILABLE with the text of the server", err)
				}
				if w := d.send(http.MethodGet, "/live/"+d.created[0], ""); w.Code != http.StatusOK {
					t.Errorf("live info while the disk is full: got %d, want 200: %s", w.Code, w.Body)
				}
				free()
				calls, err := d.await(http.StatusOK)
				must(t, err)
				t.Logf("%d calls until the disk was full, %d until it had room again", full.Load(), calls)
			}
			d.check(t)
		})
	}
}

// The disk of PostgreSQL's write-ahead log is full, which the server does not
// survive: it restarts, and may end. Whatever it does, each error is a 503, and
// once it is up again with room the same store goes on, with all that was
// acknowledged.
func TestFullDiskOfTheLog(t *testing.T) {
	folder := smallDisk(t, 160)
	t.Setenv("TMPDIR", folder) // for the whole server
	server := sqlstoretest.NewPostgreSQL(t)
	dsn := server.Schema(t)
	d := newDiskTest(t, dsn)
	if _, err := d.await(http.StatusOK); err != nil {
		t.Fatal(err)
	}
	admin := hostPool(t, "pgx", dsn)
	free := fill(t, folder, 8<<20) // a segment of the log is 16 MB
	for deadline := time.Now().Add(time.Minute); ; {
		_, err := admin.ExecContext(t.Context(), "SELECT pg_switch_wal()")
		if err != nil {
			t.Logf("the log is full: %v", err)
			break
		}
		if _, err := d.create(); err != nil || time.Now().After(deadline) {
			t.Fatalf("the log is never full (error %v)", err)
		}
	}
	if _, err := d.await(http.StatusServiceUnavailable); err != nil {
		t.Error(err)
	}
	free()
	if _, err := d.awaitWithin(2*time.Second, http.StatusOK); err != nil {
		t.Logf("the server ended: %v", err)
		server.Stop(t)
		server.Start(t)
	}
	if _, err := d.await(http.StatusOK); err != nil {
		t.Error(err)
	}
	d.check(t)
}

// noise is a description as long as one can be, and hard to compress.
func noise() string {
	text := make([]rune, 5000)
	for i := range text {
		text[i] = '가' + rune(rand.N(11172))
	}
	return string(text)
}
