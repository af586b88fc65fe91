package promprism_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/promprism"
	"github.com/b2bprism/b2bprism/prism"
)

type dashboard struct {
	UID, Title string
	Panels     []struct {
		ID          int
		Type, Title string
		Datasource  struct{ Type, UID string }
		GridPos     struct{ X, Y, W, H int }
		FieldConfig struct {
			Defaults struct {
				Unit       string
				Thresholds struct {
					Steps []struct{ Value *float64 }
				}
			}
		}
		Targets []struct{ RefID, Expr, LegendFormat string }
	}
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	raw, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	metricName = regexp.MustCompile(`b2bprism_[a-z0-9_]+`)
	// A selector is a metric and its matchers, a grouping the labels of by.
	selector = regexp.MustCompile(`(b2bprism_[a-z0-9_]+)\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`^([a-zA-Z_]+)(=|!=|=~|!~)"[^"]*"$`)
	grouping = regexp.MustCompile(`by \(([^)]*)\)`)
	legend   = regexp.MustCompile(`\{\{([^}]*)\}\}`)
)

// exported returns the names of the samples of every metric, each with its
// labels: a histogram has three.
func exported(t *testing.T) map[string]map[string]bool {
	t.Helper()
	reg, m := newMetrics(t, promprism.Options{LivesOnAir: promprism.CountLives(newStore(t), 1)})
	request(t, m.PRISMTrace(), "GET", "/r", 200, time.Second)
	m.PRISMTrace().BadData(t.Context(), prism.BadData{Adapter: "a", Field: "f"})
	m.OAuthTrace().TokenRefused(t.Context(), refusedEvent("v"))
	if err := m.Ingest(&scripted{errs: []error{nil}}).Ended(t.Context(), publish("v")); err != nil {
		t.Fatal(err)
	}
	samples := map[string]map[string]bool{}
	for name, f := range gathered(t, reg) {
		labels := f.labels()
		labels["job"], labels["instance"] = true, true // of every scrape
		if f.GetMetric()[0].GetHistogram() == nil {
			samples[name] = labels
			continue
		}
		samples[name+"_sum"], samples[name+"_count"] = labels, labels
		samples[name+"_bucket"] = map[string]bool{"le": true}
		for label := range labels {
			samples[name+"_bucket"][label] = true
		}
	}
	return samples
}

func TestDashboardQueries(t *testing.T) {
	t.Parallel()
	samples := exported(t)
	used := map[string]bool{}
	d := readDashboard(t)
	for _, v := range d.Templating.List {
		for _, name := range metricName.FindAllString(v.Definition, -1) {
			if samples[name] == nil {
				t.Errorf("variable %s: no metric is named %s", v.Name, name)
			}
		}
	}
	for _, p := range d.Panels {
		if (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("%q is a %s with %d queries", p.Title, p.Type, len(p.Targets))
		}
		for _, q := range p.Targets {
			for _, pair := range []string{"()", "[]", "{}"} {
				if strings.Count(q.Expr, pair[:1]) != strings.Count(q.Expr, pair[1:]) {
					t.Errorf("%q: unbalanced %s in %s", p.Title, pair, q.Expr)
				}
			}
			names, selectors := metricName.FindAllString(q.Expr, -1), selector.FindAllStringSubmatch(q.Expr, -1)
			if len(names) == 0 || len(names) != len(selectors) {
				t.Errorf("%q: want a selector for each metric in %s", p.Title, q.Expr)
			}
			for _, s := range selectors {
				used[s[1]] = true
				if samples[s[1]] == nil {
					t.Errorf("%q: no metric is named %s", p.Title, s[1])
					continue
				}
				for one := range strings.SplitSeq(s[2], ",") {
					m := matcher.FindStringSubmatch(one)
					if m == nil || !samples[s[1]][m[1]] {
						t.Errorf("%q: %s has no label for the matcher %s", p.Title, s[1], one)
					}
				}
				if strings.HasSuffix(s[1], "_total") && !strings.Contains(q.Expr, "rate("+s[0]) && !strings.Contains(q.Expr, "increase("+s[0]) {
					t.Errorf("%q: %s is a counter: take its rate", p.Title, s[1])
				}
			}
			by := map[string]bool{}
			for _, g := range grouping.FindAllStringSubmatch(q.Expr, -1) {
				for label := range strings.SplitSeq(g[1], ",") {
					label = strings.TrimSpace(label)
					by[label] = true
					if !samples[names[0]][label] {
						t.Errorf("%q: %s has no label %s to group by", p.Title, names[0], label)
					}
				}
			}
			for _, l := range legend.FindAllStringSubmatch(q.LegendFormat, -1) {
				if !by[l[1]] {
					t.Errorf("%q: the legend has %s, which the query sums away", p.Title, l[1])
				}
			}
		}
	}
	for name := range samples {
		if !used[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

func TestDashboardPanels(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	if d.UID == "" || d.Title == "" {
		t.Error("the dashboard has no uid or no title")
	}
	ids, marked := map[int]bool{}, 0
	for i, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 || p.Title == "" {
			t.Errorf("panel %d %q: the id or the title is missing or there twice", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.GridPos.W < 1 || p.GridPos.H < 1 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%q does not fit the grid: %+v", p.Title, p.GridPos)
		}
		for _, q := range d.Panels[:i] {
			a, b := p.GridPos, q.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%q and %q overlap", p.Title, q.Title)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource.Type != "prometheus" || p.Datasource.UID != "${datasource}" {
			t.Errorf("%q: data source %+v, want the variable", p.Title, p.Datasource)
		}
		defaults := p.FieldConfig.Defaults
		if defaults.Unit != "s" {
			continue
		}
		marked++
		at := map[float64]bool{}
		for _, s := range defaults.Thresholds.Steps {
			if s.Value != nil {
				at[*s.Value] = true
			}
		}
		if !at[1] || !at[3] || len(at) != 2 {
			t.Errorf("%q shows times with thresholds %v, want 1 s and 3 s", p.Title, at)
		}
	}
	if marked < 3 {
		t.Errorf("%d panels show times, want at least 3", marked)
	}
}
