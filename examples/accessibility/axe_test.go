package accessibility

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/examples/internal/chromium"
	"github.com/b2bprism/b2bprism/examples/internal/npm"
)

// looks are how every page is looked at. 320 px is the width of WCAG 2.2
// criterion 1.4.10.
var looks = []chromium.Look{
	{Width: 320}, {Width: 320, Dark: true}, {Width: 390}, {Width: 390, Dark: true}, {Width: 1280}, {Width: 1280, Dark: true},
}

// audit is axe with all its rules for WCAG 2.2 A and AA, and its best
// practices. target-size is off by default.
const audit = `axe.run(document, {rules: {"target-size": {enabled: true}}}).then(result => {
	const list = found => found.map(rule => rule.id + ": " + rule.help + "\n" +
		rule.nodes.map(node => node.target.join(" ") + "\n    " + node.html + "\n    " + node.failureSummary).join("\n"));
	return {
		passes: result.passes.length,
		violations: list(result.violations),
		incomplete: list(result.incomplete),
		width: document.documentElement.scrollWidth,
	};
})`

type findings struct {
	Passes     int      `json:"passes"`
	Violations []string `json:"violations"`
	Incomplete []string `json:"incomplete"`
	Width      int64    `json:"width"`
}

// auditor is a browser with axe.
type auditor struct {
	*chromium.Browser
	axe string
}

func newAuditor(t *testing.T) *auditor {
	t.Helper()
	chromium.Need(t)
	source, err := os.ReadFile(filepath.Join(npm.Modules(t, "testdata"), "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(string(source))
	if err != nil {
		t.Fatal(err)
	}
	// As a string, so that the result of the evaluation is none of axe's.
	return &auditor{chromium.New(t), "(0, eval)(" + string(quoted) + "), true"}
}

func (a *auditor) on(t *testing.T) *auditor { return &auditor{a.On(t), a.axe} }

// clean holds the page that is open against axe, in every look.
func (a *auditor) clean(t *testing.T) {
	t.Helper()
	for _, problem := range a.problems() {
		t.Error(problem)
	}
}

func (a *auditor) problems() []string {
	a.Scripts(true) // for axe; a page that loaded without stays as it is
	chromium.Eval[bool](a.Browser, a.axe)
	var problems []string
	for _, look := range looks {
		a.Show(look)
		found := chromium.Eval[findings](a.Browser, audit)
		for _, violation := range found.Violations {
			problems = append(problems, fmt.Sprintf("%s: %s", look, violation))
		}
		for _, doubt := range found.Incomplete {
			problems = append(problems, fmt.Sprintf("%s: axe cannot tell: %s", look, doubt))
		}
		if found.Width > look.Width {
			problems = append(problems, fmt.Sprintf("%s: the page is %d px wide", look, found.Width))
		}
		if found.Passes < 10 {
			problems = append(problems, fmt.Sprintf("%s: only %d rules had anything to look at", look, found.Passes))
		}
	}
	return problems
}

// TestAuditFinds shows that a bad page does not pass: its text has too little
// contrast in the dark, it overflows a narrow phone, and its image has a text
// with JavaScript only.
func TestAuditFinds(t *testing.T) {
	a := newAuditor(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!DOCTYPE html><html lang="en"><title>Bad</title>
			<meta name="viewport" content="width=device-width, initial-scale=1">
			<style>@media (prefers-color-scheme: dark) { body { background: #777; color: #888 } } main { min-width: 350px }</style>
			<main><h1>Bad</h1><img src="x"><ul><li>One</ul></main><script>document.querySelector("img").alt = "A text"</script>`)
	}))
	t.Cleanup(page.Close)
	for _, scripts := range []bool{false, true} {
		a.Scripts(scripts)
		a.Open("the page", http.StatusOK, chromedp.Navigate(page.URL))
		var got []string
		for _, problem := range a.problems() {
			first, _, _ := strings.Cut(problem, ": Elem")
			first, _, _ = strings.Cut(first, ": Image")
			got = append(got, first)
		}
		var want []string
		for _, look := range looks {
			if look.Dark {
				want = append(want, look.String()+": color-contrast")
			}
			if !scripts {
				want = append(want, look.String()+": image-alt")
			}
			if look.Width < 358 {
				want = append(want, look.String()+": the page is 358 px wide")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("JavaScript %t (-want +got):\n%s", scripts, diff)
		}
	}
}
