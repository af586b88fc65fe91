package report

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

//go:embed page.gohtml
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"clean": clean,
	"round": round,
	"short": func(name string) string { return strings.Replace(name, "/v1/service", "", 1) },
	"upper": func(s check.Severity) string { return strings.ToUpper(string(s)) },
}).Parse(pageText))

// pageData is what the page shows.
type pageData struct {
	check.Report
	Verdict, NotChecked string
	// Tone is good, slow or bad.
	Tone                                                  string
	Passed, Failed, Skipped, Required, Security, Advisory int
	Failures                                              []check.Result
	Areas                                                 []area
	Skips                                                 []skip
	Rows                                                  []row
	Scale, Course                                         template.HTML
}

type area struct {
	Name    string
	Results []check.Result
}

type skip struct {
	Reason string
	IDs    []string
}

type row struct {
	timing
	Plot template.HTML
	Tone string
}

// HTML writes a report as one page that needs nothing else.
func HTML(w io.Writer, r check.Report) error {
	d := pageData{
		Report: r, Verdict: verdict(r), NotChecked: notChecked(r), Tone: tone(r), Passed: r.Count(check.Passed, ""), Failed: r.Count(check.Failed, ""),
		Skipped: r.Count(check.Skipped, ""), Required: r.Count(check.Failed, check.Required),
		Security: r.Count(check.Failed, check.Security), Advisory: r.Count(check.Failed, check.Recommended),
		Scale: scale(), Course: course(r),
	}
	d.Duration = r.Duration.Round(100 * time.Millisecond)
	for _, severity := range severities {
		for _, result := range r.Results {
			if result.State == check.Failed && result.Severity == severity {
				d.Failures = append(d.Failures, result)
			}
		}
	}
	index := map[string]int{}
	for _, result := range r.Results {
		if result.State != check.Passed {
			continue
		}
		at, ok := index[result.Area()]
		if !ok {
			at = len(d.Areas)
			index[result.Area()] = at
			d.Areas = append(d.Areas, area{Name: result.Area()})
		}
		d.Areas[at].Results = append(d.Areas[at].Results, result)
	}
	reasons, ids := skips(r)
	for _, reason := range reasons {
		d.Skips = append(d.Skips, skip{clean(reason), ids[reason]})
	}
	for _, t := range timings(r) {
		d.Rows = append(d.Rows, row{t, strip(t, r), speed(t.P95, r)})
	}
	return page.Execute(w, d)
}
