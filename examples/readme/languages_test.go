package readme

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// TestLanguagesAreInStep compares what does not depend on the language:
// headings by their level, code to the letter, tables by their rows, and in
// each section the identifiers, figures and links.
func TestLanguagesAreInStep(t *testing.T) {
	t.Parallel()
	want := readPage(t, languages[0])
	for _, name := range languages[1:] {
		got := readPage(t, name)
		if len(got) != len(want) {
			t.Errorf("%s has %d headings, %s has %d", name, len(got)-1, languages[0], len(want)-1)
		}
		for i := range min(len(got), len(want)) {
			if problem := outOfStep(got[i], want[i]); problem != "" {
				t.Errorf("%s, %q, is not in step with %q of %s:\n%s", name, got[i].heading, want[i].heading, languages[0], problem)
			}
		}
	}
}

// figure is a number, a version or a share, with its unit if it has one.
var figure = regexp.MustCompile(`\d[\d.,]*`)

// outOfStep tells how two sections differ, or "".
func outOfStep(got, want section) string {
	facts := func(s section) map[string]any {
		code := inlineCode.FindAllString(s.text, -1)
		figures := figure.FindAllString(inlineCode.ReplaceAllString(s.text, ""), -1)
		for i := range figures {
			figures[i] = strings.TrimRight(figures[i], ".,")
		}
		targets := slices.DeleteFunc(s.links(), func(target string) bool { return slices.Contains(languages, target) })
		for _, list := range [][]string{code, figures, targets} {
			slices.Sort(list)
		}
		blocks := make([]string, len(s.code))
		for i, b := range s.code {
			blocks[i] = fmt.Sprintf("%s\n%s", b.language, b.text)
		}
		cells := make([]int, len(s.rows))
		for i, row := range s.rows {
			cells[i] = strings.Count(inlineCode.ReplaceAllString(row, ""), "|")
		}
		return map[string]any{
			"level": s.level, "code blocks": blocks, "table rows by their cells": cells,
			"inline code": code, "figures": figures, "links": targets,
		}
	}
	return cmp.Diff(facts(want), facts(got))
}

func TestOutOfStep(t *testing.T) {
	t.Parallel()
	const text = "## A\n\nUse `x`, 10 at most: [page](p.md).\n\n    go vet\n\n| a | b |\n"
	same := "## 가\n\n[쪽](p.md)에 `x`는 10개까지.\n\n    go vet\n\n| 가 | 나 |\n"
	if diff := outOfStep(parse(same)[1], parse(text)[1]); diff != "" {
		t.Errorf("a translation differs:\n%s", diff)
	}
	for what, edit := range map[string][2]string{
		"level": {"## ", "# "}, "code block": {"vet", "test"}, "row": {"| 나 ", ""},
		"identifier": {"`x`", "`y`"}, "figure": {"10", "11"}, "link": {"p.md", "q.md"},
	} {
		if outOfStep(parse(strings.Replace(same, edit[0], edit[1], 1))[1], parse(text)[1]) == "" {
			t.Errorf("another %s is not found", what)
		}
	}
}

func TestPagesCountTheChecks(t *testing.T) {
	t.Parallel()
	want := strconv.Itoa(len(check.All()))
	number := regexp.MustCompile(`(\d+) checks|검사 (\d+)개`)
	for _, name := range languages {
		var found [][]string
		for _, s := range readPage(t, name) {
			found = append(found, number.FindAllStringSubmatch(s.text+strings.Join(s.rows, "\n"), -1)...)
		}
		if len(found) < 2 {
			t.Errorf("%s says %d times how many checks there are, want twice", name, len(found))
		}
		for _, f := range found {
			if f[1]+f[2] != want {
				t.Errorf("%s says %q, there are %s", name, f[0], want)
			}
		}
	}
}
