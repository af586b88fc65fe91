package promprism_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	alertRules = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	alertRule  = regexp.MustCompile(`(?m)^- alert: (\w+)\n  expr: (.+)\n(?:  for: (\S+)\n)?`)
	counter    = regexp.MustCompile(`(rate|increase)\((b2bprism_[a-z0-9_]+)(\{[^}]*\})?\[(\w+)\]\)`)
	threshold  = regexp.MustCompile(`\) (>|<|>=|<=|==|!=) [0-9.]+$`)
)

// The rules of the README ask for metrics and labels that exist, take the rate
// of counters, and compare with a number.
func TestAlertRules(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	samples, alerts := exported(t), map[string]bool{}
	for _, block := range alertRules.FindAllStringSubmatch(string(readme), -1) {
		rules := alertRule.FindAllStringSubmatch(block[1], -1)
		var read strings.Builder
		for _, rule := range rules {
			read.WriteString(rule[0])
			name, expr, hold := rule[1], rule[2], rule[3]
			if alerts[name] {
				t.Errorf("%s is there twice", name)
			}
			alerts[name] = true
			if _, err := time.ParseDuration(hold); hold != "" && err != nil {
				t.Errorf("%s: for: %v", name, err)
			}
			checkAlert(t, name, expr, samples)
		}
		if read.String() != block[1] {
			t.Errorf("not every line is of a rule:\n%s", block[1])
		}
	}
	if len(alerts) < 2 {
		t.Errorf("%d rules found, want at least 2", len(alerts))
	}
}

func checkAlert(t *testing.T, name, expr string, samples map[string]map[string]bool) {
	t.Helper()
	for _, pair := range []string{"()", "[]", "{}"} {
		if strings.Count(expr, pair[:1]) != strings.Count(expr, pair[1:]) {
			t.Errorf("%s: unbalanced %s in %s", name, pair, expr)
		}
	}
	if !threshold.MatchString(expr) {
		t.Errorf("%s: no comparison with a number in %s", name, expr)
	}
	rated := map[string]bool{}
	for _, c := range counter.FindAllStringSubmatch(expr, -1) {
		rated[c[2]] = true
		if _, err := time.ParseDuration(c[4]); err != nil {
			t.Errorf("%s: range: %v", name, err)
		}
	}
	names := metricName.FindAllString(expr, -1)
	if len(names) == 0 {
		t.Errorf("%s: no metric in %s", name, expr)
	}
	for _, metric := range names {
		if samples[metric] == nil {
			t.Errorf("%s: no metric is named %s", name, metric)
		}
		if (strings.HasSuffix(metric, "_total") || strings.HasSuffix(metric, "_bucket")) && !rated[metric] {
			t.Errorf("%s: %s is a counter: take its rate", name, metric)
		}
		for _, s := range selector.FindAllStringSubmatch(expr, -1) {
			for one := range strings.SplitSeq(s[2], ",") {
				if m := matcher.FindStringSubmatch(one); m == nil || !samples[s[1]][m[1]] {
					t.Errorf("%s: %s has no label for the matcher %s", name, s[1], one)
				}
			}
		}
		for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(g[1], ",") {
				if !samples[metric][strings.TrimSpace(label)] {
					t.Errorf("%s: %s has no label %s to group by", name, metric, label)
				}
			}
		}
	}
	if strings.Contains(expr, "histogram_quantile(") && (!strings.Contains(expr, "_bucket") || !strings.Contains(expr, "le")) {
		t.Errorf("%s: a quantile needs the buckets by le", name)
	}
}
