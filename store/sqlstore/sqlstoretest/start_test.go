//go:build unix

package sqlstoretest

import (
	"errors"
	"strings"
	"testing"
)

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
