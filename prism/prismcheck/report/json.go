package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// The forms of JSON. Times are in milliseconds.
type (
	jsonReport struct {
		ServiceAPIDomain string       `json:"serviceApiDomain"`
		Start            time.Time    `json:"start"`
		DurationMS       float64      `json:"durationMs"`
		Verdict          string       `json:"verdict"`
		Complete         bool         `json:"complete"`
		NotChecked       []jsonGap    `json:"notChecked"`
		Interrupted      bool         `json:"interrupted"`
		Passed           int          `json:"passed"`
		Failed           jsonFailed   `json:"failed"`
		Skipped          int          `json:"skipped"`
		Checks           []jsonCheck  `json:"checks"`
		Times            []jsonTiming `json:"times"`
		LeftBehind       []string     `json:"leftBehind"`
	}
	// jsonGap is what was not checked for want of input.
	jsonGap struct {
		Missing  string   `json:"missing"`
		AskedFor bool     `json:"askedFor"`
		Checks   []string `json:"checks"`
	}
	jsonFailed struct {
		Required    int `json:"required"`
		Security    int `json:"security"`
		Recommended int `json:"recommended"`
	}
	jsonCheck struct {
		ID         string         `json:"id"`
		Severity   check.Severity `json:"severity"`
		State      check.State    `json:"state"`
		Title      string         `json:"title"`
		Source     string         `json:"source"`
		Fix        string         `json:"fix"`
		Reason     string         `json:"reason,omitempty"`
		Missing    string         `json:"missing,omitempty"`
		DurationMS float64        `json:"durationMs"`
		Problems   []jsonProblem  `json:"problems,omitempty"`
	}
	jsonProblem struct {
		Text  string `json:"text"`
		Times int    `json:"times"`
		Sent  string `json:"sent,omitempty"`
		Came  string `json:"came,omitempty"`
	}
	jsonTiming struct {
		Call     string  `json:"call"`
		Count    int     `json:"count"`
		MedianMS float64 `json:"medianMs"`
		P95MS    float64 `json:"p95Ms"`
		P99MS    float64 `json:"p99Ms"`
		MaxMS    float64 `json:"maxMs"`
	}
)

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// JSON writes a report for programs. Its names are stable.
func JSON(w io.Writer, r check.Report) error {
	out := jsonReport{
		ServiceAPIDomain: r.ServiceAPIDomain, Start: r.Start, DurationMS: ms(r.Duration), Verdict: verdict(r), Interrupted: r.Interrupted,
		Complete: r.Complete(), NotChecked: []jsonGap{},
		Passed: r.Count(check.Passed, ""), Skipped: r.Count(check.Skipped, ""),
		Failed: jsonFailed{
			r.Count(check.Failed, check.Required), r.Count(check.Failed, check.Security), r.Count(check.Failed, check.Recommended),
		},
		Checks: []jsonCheck{}, Times: []jsonTiming{}, LeftBehind: append([]string{}, r.LeftBehind...),
	}
	for _, g := range r.Gaps() {
		out.NotChecked = append(out.NotChecked, jsonGap{g.Missing, !g.Extra, g.IDs})
	}
	for _, result := range r.Results {
		c := jsonCheck{
			ID: result.ID, Severity: result.Severity, State: result.State, Title: result.Title, Source: result.Source, Fix: result.Fix,
			Reason: result.Reason, Missing: result.Missing, DurationMS: ms(result.Duration),
		}
		for _, p := range result.Problems {
			c.Problems = append(c.Problems, jsonProblem{p.Text, p.Times, p.Sent, p.Came})
		}
		out.Checks = append(out.Checks, c)
	}
	for _, t := range timings(r) {
		out.Times = append(out.Times, jsonTiming{t.Name, t.Count, ms(t.P50), ms(t.P95), ms(t.P99), ms(t.Max)})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// The forms of JUnit XML.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"time,attr"`
		// Properties are the same in each: JUnit XML has none of the whole.
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		total      time.Duration
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
		Skipped *junitSkipped `xml:"skipped,omitempty"`
		// Recommended failures do not fail a build, unless asked for.
		Out string `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
)

// JUnit writes a report for a CI server: one suite per area, one case per
// check. Recommended checks that failed are failures only if strict is set;
// otherwise their text is the case's output. The verdict, and what was not
// checked, are properties of each suite.
func JUnit(w io.Writer, r check.Report, strict bool) error {
	out := junitSuites{Name: "prismcheck " + r.ServiceAPIDomain, Time: seconds(r.Duration)}
	properties := []junitProperty{{"verdict", verdict(r)}}
	if line := notChecked(r); line != "" {
		properties = append(properties, junitProperty{"notChecked", line})
	}
	index := map[string]int{}
	for _, result := range r.Results {
		area := result.Area()
		at, ok := index[area]
		if !ok {
			at = len(out.Suites)
			index[area] = at
			out.Suites = append(out.Suites, junitSuite{Name: area, Properties: properties})
		}
		suite := &out.Suites[at]
		c := junitCase{Name: result.ID + ": " + result.Title, Class: "prismcheck." + area, Time: seconds(result.Duration)}
		switch {
		case result.State == check.Skipped:
			c.Skipped = &junitSkipped{clean(result.Reason)}
			suite.Skipped++
		case result.State == check.Failed && (strict || result.Severity != check.Recommended):
			c.Failure = &junitFailure{clean(result.Problems[0].Text), string(result.Severity), failureText(result)}
			suite.Failures++
			out.Failures++
		case result.State == check.Failed:
			c.Out = failureText(result)
		}
		suite.Tests++
		suite.total += result.Duration
		suite.Time = seconds(suite.total)
		out.Tests++
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func failureText(r check.Result) string {
	var b strings.Builder
	for _, p := range r.Problems {
		b.WriteString("- " + p.Text + "\n")
		if p.Sent != "" {
			b.WriteString("\n" + p.Sent + "\n\n" + p.Came + "\n\n")
		}
	}
	b.WriteString("Source: " + r.Source + "\nFix: " + r.Fix + "\n")
	return clean(b.String())
}
