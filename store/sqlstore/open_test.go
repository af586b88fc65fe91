package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"}
	for _, tc := range []struct {
		name, dsn string
		opt       prism.StoreOptions
		want      string
	}{
		{"a DSN without a scheme", "prism.db", good, `want "sqlite:FILE"`},
		{"a DSN without a file", "sqlite:", good, "names no file"},
		{"SQLite in memory", "sqlite::memory:", good, "store/memory"},
		{"an unknown engine", "oracle://user:hunter2@db/prism", good, `no engine "oracle" in this version: want "sqlite:FILE", "postgres://…" or "mysql://…"`},
		{"a password with a slash", "postgres://user:hunter2/x@db/prism", good, "the DSN is no URL"},
		{"a password with a percent sign", "mysql://user:hunter2%@db/prism", good, "the DSN is no URL"},
		{"a bad parameter of PostgreSQL", "postgres://user:hunter2@db/prism?sslmode=never", good, "sslmode is invalid"},
		{"a password that is a bad parameter", "postgres://user:hunter2@db/prism?sslmode=hunter2", good, "the DSN is refused"},
		{"a certificate that is not there", "postgres://user@db/prism?password=hunter2&sslmode=verify-full&sslrootcert=/none", good, "/none"},
		{"a bad parameter of MySQL", "mysql://user:hunter2@db/prism?timeout=soon", good, "the DSN is refused"},
		{"parameters that are not encoded", "mysql://user:hunter2@db/prism?a=%zz", good, "not URL-encoded"},
		{"a MySQL server without a database", "mysql://user:hunter2@db", good, "names no database"},
		{"a pool of no connections", "postgres://user:hunter2@db/prism?pool_max_conns=0", good, "pool_max_conns"},
		{"a pool of many words", "mysql://user:hunter2@db/prism?pool_max_conns=hunter2", good, "pool_max_conns"},
		{"a PostgreSQL server that is not there", "postgres://user:hunter2@127.0.0.1:1/prism", good, "connection refused"},
		{"a MySQL server that is not there", "mysql://user:hunter2@127.0.0.1:1/prism", good, "connection refused"},
		{"a base that is no RTMP URL", "sqlite:x.db", prism.StoreOptions{RTMPBase: "https://example.com/live"}, "StoreOptions.RTMPBase"},
		{"a negative chat limit", "sqlite:x.db", prism.StoreOptions{RTMPBase: good.RTMPBase, ChatLimit: -1}, "StoreOptions.ChatLimit is -1"},
		{"a folder that is not there", "sqlite:" + filepath.Join(t.TempDir(), "no", "prism.db"), good, "no such file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, err := sqlstore.Open(t.Context(), tc.dsn, tc.opt)
			if err == nil {
				t.Fatalf("Open succeeded: %v", s.Close())
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %q, want it to contain %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error holds the password: %q", err)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	opt := prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"}
	if _, err := sqlstore.New(nil, sqlstore.SQLite, opt); err == nil {
		t.Error("New took a nil database")
	}
	db := hostDB(t, newFile(t), "")
	if _, err := sqlstore.New(db, "oracle", opt); err == nil || !strings.Contains(err.Error(), `"oracle"`) {
		t.Errorf("New with an unknown dialect: got error %v, want one that names it", err)
	}
}

// A wrong password, a right one, and special characters in it.
func TestOpenOnServers(t *testing.T) {
	t.Parallel()
	onEach(t, servers, func(t *testing.T, e testEngine) {
		dsn := e.migrated(t)
		u, err := url.Parse(dsn)
		must(t, err)
		const password = "p@ss/w:or?d#%'\\ 암호"
		create := "CREATE ROLE %s LOGIN SUPERUSER PASSWORD '%s'"
		name := strings.ReplaceAll(u.Query().Get("search_path")+strings.TrimPrefix(u.Path, "/"), "test", "user")
		if e.dialect == sqlstore.MySQL {
			create = "CREATE USER %s IDENTIFIED BY '%s'"
		}
		quoted := strings.ReplaceAll(password, "'", "''")
		if e.dialect == sqlstore.MySQL {
			quoted = strings.ReplaceAll(quoted, "\\", "\\\\")
		}
		db := e.host(t, dsn)
		execute(t, db, fmt.Sprintf(create, name, quoted))
		if e.dialect == sqlstore.MySQL {
			execute(t, db, "GRANT ALL ON *.* TO "+name)
		}
		t.Cleanup(func() { execute(t, e.host(t, dsn), "DROP USER "+name) })

		u.User = url.UserPassword(name, "wrong hunter2")
		_, err = sqlstore.Open(t.Context(), u.String(), options(newClock()))
		if !errors.Is(err, prism.ErrUnavailable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open with a wrong password: got %v, want UNAVAILABLE without it", err)
		}
		u.User = url.UserPassword(name, password)
		seed(t, openDSN(t, u.String(), options(newClock())))

		u.Scheme = map[sqlstore.Dialect]string{sqlstore.PostgreSQL: "postgresql", sqlstore.MySQL: "mariadb"}[e.dialect]
		if _, err := openDSN(t, u.String(), options(newClock())).User(t.Context(), "owner"); err != nil {
			t.Errorf("Open with the scheme %s: %v", u.Scheme, err)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := sqlstore.Open(cancelled, u.String(), options(newClock())); !errors.Is(err, context.Canceled) {
			t.Errorf("Open with a context that is over: got %v, want its error", err)
		}
	})
}

// Without clientFoundRows, a change to what a row holds already looks like one
// of a row that is not there.
func TestPoolThatCountsChangedRows(t *testing.T) {
	t.Parallel()
	e := engines[2]
	dsn := e.migrated(t)
	s := onPool(t, hostPool(t, "mysql", mysqlDSN(t, dsn, "")), e.dialect, options(newClock()))
	err := s.PutUser(t.Context(), prism.User{ID: "u"})
	if !errors.Is(err, prism.ErrUnavailable) || !strings.Contains(err.Error(), "clientFoundRows=true") {
		t.Errorf("PutUser on a pool without clientFoundRows: got %v, want UNAVAILABLE that names the parameter", err)
	}
	seed(t, e.onHost(t, dsn, options(newClock())))
}

// A path is taken as it is, whatever it would mean within a URI.
func TestOpenTakesAnyPath(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.db", "a b.db", "50%.db", "a?mode=ro&x=1.db", "a#b.db", "a+b.db", "방송.db", "a%20b.db"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), name)
			s := openFile(t, file, options(newClock()))
			must(t, s.Migrate(t.Context()))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(filepath.Dir(file))
			must(t, err)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if diff := cmp.Diff([]string{name}, names); diff != "" {
				t.Errorf("files in the folder (-want +got):\n%s", diff)
			}
		})
	}
}

// The file holds stream keys.
func TestFileIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	s := openFile(t, file, options(newClock()))
	must(t, s.Migrate(t.Context()))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(file + suffix)
		must(t, err)
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %v, want 0600", file+suffix, got)
		}
	}
}

func TestOpenRefusesAnotherFile(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	text := []byte(strings.Repeat("This is no database. ", 100))
	must(t, os.WriteFile(file, text, 0o600))
	s, err := sqlstore.Open(t.Context(), "sqlite:"+file, options(newClock()))
	if err == nil {
		t.Fatalf("Open succeeded: %v", s.Close())
	}
	if !errors.Is(err, prism.ErrUnavailable) || !strings.Contains(err.Error(), "not a database") {
		t.Errorf("got error %q, want UNAVAILABLE with the driver's text", err)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(text) {
		t.Errorf("the file was changed (error %v)", err)
	}
}

func TestOpenTakesARelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	s := openFile(t, "prism.db", options(newClock()))
	must(t, s.Migrate(t.Context()))
	t.Chdir(t.TempDir())
	seed(t, s)
	if _, err := s.User(t.Context(), "owner"); err != nil {
		t.Errorf("User after the working folder changed: %v", err)
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	t.Parallel()
	file, c := newFile(t), newClock()
	s := openFile(t, file, options(c))
	must(t, s.Migrate(t.Context()))
	seed(t, s)
	live := start(t, s, create(t, s, "A").ID).Live
	must(t, s.SendMessage(t.Context(), "owner", live.ID, "hello"))
	must(t, s.ViewerSeen(t.Context(), live.ID, "v1"))
	must(t, s.AddLikes(t.Context(), live.ID, 3))
	must(t, s.BanUser(t.Context(), "owner", live.ID, "viewer", 0))
	must(t, s.IngestStarted(t.Context(), live.ID, live.Broadcast, "s1"))

	type content struct {
		User     prism.User
		Channels []prism.Channel
		Lives    []prism.Live
		Chat     prism.ChatPage
	}
	read := func(s *sqlstore.Store) (c content) {
		var errs [4]error
		c.User, errs[0] = s.User(t.Context(), "owner")
		c.Channels, errs[1] = s.Channels(t.Context(), "owner")
		c.Lives, errs[2] = s.Lives(t.Context(), "owner", "enabled", prism.LiveFilter{})
		c.Chat, errs[3] = s.Messages(t.Context(), "owner", live.ID, prism.ChatQuery{Limit: 100})
		must(t, errors.Join(errs[:]...))
		return c
	}
	before := read(s)
	must(t, s.Close())

	again := openFile(t, file, options(c))
	if diff := cmp.Diff(before, read(again)); diff != "" {
		t.Errorf("after reopening (-before +after):\n%s", diff)
	}
	if len(before.Lives) != 1 || before.Lives[0].Stats != (prism.LiveStats{Views: 1, Viewers: 1, Likes: 3, Chats: 1}) {
		t.Errorf("lives: %+v", before.Lives)
	}
	if err := again.PostChat(t.Context(), live.ID, "viewer", "hi"); !errors.Is(err, prism.ErrForbidden) {
		t.Errorf("PostChat of a banned user after reopening: got %v, want FORBIDDEN", err)
	}
	must(t, again.IngestSeen(t.Context(), live.ID, "s1"))

	moved := options(c)
	moved.RTMPBase = "rtmps://other.example.com:443/app"
	elsewhere, err := openFile(t, file, moved).Live(t.Context(), "owner", live.ID)
	must(t, err)
	if want := strings.Replace(live.RTMPPath, "rtmp://ingest.example.com/live", moved.RTMPBase, 1); elsewhere.RTMPPath != want {
		t.Errorf("RTMPPath with another base: the key or the base differs")
	}
}

func TestClosedStore(t *testing.T) {
	t.Parallel()
	s, _ := seeded(t)
	live := create(t, s, "A")
	if _, err := s.Live(t.Context(), "owner", live.ID); err != nil {
		t.Fatal(err)
	}
	must(t, s.Close())
	must(t, s.Close())
	_, readErr := s.Live(t.Context(), "owner", live.ID)
	_, writeErr := s.StartLive(t.Context(), "owner", live.ID)
	for call, err := range map[string]error{
		"Live": readErr, "StartLive": writeErr, "Migrate": s.Migrate(context.Background()),
	} {
		if !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("%s of a closed store: got %v, want UNAVAILABLE", call, err)
		}
	}
}
