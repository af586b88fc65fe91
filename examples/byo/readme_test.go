package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// adapter is what the README counts; everything else here is the site's, or
// optional.
var adapter = []string{"database.go", "users.go", "channels.go", "lives.go", "chat.go"}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	must(t, err)
	return string(text)
}

func TestAdapterUnder300Lines(t *testing.T) {
	t.Parallel()
	lines := 0
	for _, name := range adapter {
		lines += strings.Count(read(t, name), "\n")
	}
	if lines >= 300 {
		t.Errorf("the adapter has %d lines, and the README says fewer than 300", lines)
	}
	sources, err := filepath.Glob("*.go")
	must(t, err)
	known := append([]string{"main.go", "mount.go", "seed.go", "optional.go"}, adapter...)
	for _, name := range sources {
		if !strings.HasSuffix(name, "_test.go") && !slices.Contains(known, name) {
			t.Errorf("%s is not counted", name)
		}
	}
}

var (
	snippet = regexp.MustCompile("(?ms)^```(go|sql)\n(.*?)^```$")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// Every snippet of the README stands in a file, to the letter, and every link
// leads to one.
func TestReadme(t *testing.T) {
	t.Parallel()
	page := read(t, "README.md")
	snippets := snippet.FindAllStringSubmatch(page, -1)
	if len(snippets) < 8 || strings.Count(page, "```") != 2*len(snippets) {
		t.Errorf("found %d snippets between %d fences", len(snippets), strings.Count(page, "```"))
	}
	for _, s := range snippets {
		files, err := filepath.Glob("*." + s[1])
		must(t, err)
		if !slices.ContainsFunc(files, func(name string) bool { return strings.Contains(read(t, name), s[2]) }) {
			t.Errorf("no file has this snippet:\n%s", s[2])
		}
	}
	for _, l := range link.FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(l[1]); err != nil {
			t.Errorf("link: %v", err)
		}
	}
}

// Every column of the README's table is one of the site's or of the migration.
func TestReadmeColumns(t *testing.T) {
	t.Parallel()
	page, tables := read(t, "README.md"), read(t, "schema.sql")+read(t, "prism.sql")
	rows := regexp.MustCompile("(?m)^\\| `.*\\| (.*) \\|$").FindAllStringSubmatch(page, -1)
	if len(rows) < 10 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		for _, name := range regexp.MustCompile("`([a-z_.]+)`").FindAllStringSubmatch(row[1], -1) {
			table, column, found := strings.Cut(name[1], ".")
			if !found {
				table, column = "", name[1]
			}
			if table != "" && !strings.Contains(tables, "TABLE "+table+" ") || !regexp.MustCompile(`(?m)(^\s*|COLUMN )`+column+`\s`).MatchString(tables) {
				t.Errorf("there is no %s", name[1])
			}
		}
	}
}
