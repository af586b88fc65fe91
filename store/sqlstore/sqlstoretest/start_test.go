//go:build unix

package sqlstoretest

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The installer starts a server too, and that one deletes the temporary tables
// of every other in its temporary folder.
func TestInstallersShareNoTemporaryFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := places{folder: folder, data: filepath.Join(folder, "data")}
	find := func(program string) string { return program }
	installer, err := mariaDB.install(find, at, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for what, args := range map[string][]string{
		"installer": installer.Args,
		"server":    mariaDB.serve(at, "127.0.0.1", "1", false),
	} {
		if !slices.Contains(args, "--tmpdir="+folder) {
			t.Errorf("the %s keeps its temporary tables outside of its own folder: %q", what, args)
		}
	}
}

// A server that ends by itself is reported at once, with what it said.
func TestServerThatDoesNotStart(t *testing.T) {
	t.Parallel()
	PostgreSQL(t) // skips the test where there is none
	k := postgreSQL
	k.serve = func(places, string, string, bool) []string { return []string{"--no-such-option"} }
	_, err := k.start(false, "")
	if err == nil || !strings.Contains(err.Error(), "ended by itself") || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("got %v, want that the server ended by itself, and its log", err)
	}
}

func TestServerThatIsNotInstalled(t *testing.T) {
	t.Parallel()
	k := postgreSQL
	k.programs = []string{"no-such-database"}
	if _, err := k.start(false, ""); !errors.Is(err, errNotInstalled) || !strings.Contains(err.Error(), "no-such-database") {
		t.Errorf("got %v, want that no-such-database is not installed", err)
	}
}
