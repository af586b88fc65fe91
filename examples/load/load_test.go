package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/b2bprism/b2bprism/examples/benchmarks/seed"
)

// TestMain lets the test binary stand for the command, which starts itself to
// serve the bare handler.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "-mode" && os.Args[2] == "bare" {
		main()
	}
	os.Exit(m.Run())
}

// runs runs the command with goals that any machine meets, and returns what it
// printed.
func runs(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	easy := []string{"-goal-p99", "1m", "-goal-ready", "1m", "-goal-ratio", "0.001", "-goal-size", "1000", "-goal-rss", "4000"}
	if code := run(t.Context(), append(args, easy...), &stdout, &stderr); code != 0 {
		if strings.Contains(stderr.String(), "is not installed") && os.Getenv("CI") == "" {
			t.Skip(stderr.String())
		}
		t.Fatalf("exit code %d\n%s\n%s", code, stdout.String(), stderr.String())
	}
	return stdout.String()
}

func wantAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

func TestLoadOnSQLite(t *testing.T) {
	t.Parallel()
	out := runs(t, "-lives", "30", "-rate", "120", "-duration", "2s", "-instances", "2")
	wantAll(t, out, "30 lives on air, 120 requests per second for 2s, sqlite, 2 process(es)", "| live info | 96 | 200: 96 |",
		"| refresh | 2 | 200: 2 |", "- met: no error (100.0000 % of the answers are good)")
	if strings.Contains(out, "| unknown |") || strings.Contains(out, "| 0 |\n") {
		t.Errorf("no memory, or no goroutines:\n%s", out)
	}
}

func TestLoadOnPostgreSQL(t *testing.T) {
	t.Parallel()
	wantAll(t, runs(t, "-db", "postgres", "-lives", "10", "-rate", "120", "-duration", "1s"), "PostgreSQL", "| chat list | 68 | 200: 68 |")
}

func TestCompareInMemory(t *testing.T) {
	t.Parallel()
	wantAll(t, runs(t, "-mode", "compare", "-db", "memory:", "-duration", "50ms"), "memory:, 5 lives", "| **ratio** (range) |")
}

func TestCompareWithWRK(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("wrk"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("this test needs wrk: %v", err)
		}
		t.Skip("apt-get install wrk to run this test")
	}
	wantAll(t, runs(t, "-mode", "compare", "-db", "memory:", "-duration", "1s", "-wrk"), "memory:, 5 lives", "| **ratio** (range) |")
}

func TestCompareOnSQLite(t *testing.T) {
	t.Parallel()
	wantAll(t, runs(t, "-mode", "compare", "-lives", "50", "-duration", "50ms"), "sqlite, 50 lives")
}

func TestStartup(t *testing.T) {
	t.Parallel()
	wantAll(t, runs(t, "-mode", "startup", "-lives", "10"), "| 9 |", "- met: ready within")
}

func TestSize(t *testing.T) {
	t.Parallel()
	wantAll(t, runs(t, "-mode", "size", "-lives", "600", "-tokens", "2400", "-duration", "500ms"),
		"600 lives on air, 2400 tokens, 6000 chat messages against 500, 1000, 1000", "| token check |", "| live list |")
}

func TestMissedGoal(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-mode", "startup", "-lives", "1", "-goal-ready", "1ns"}, &stdout, &stderr); code != 1 {
		t.Errorf("exit code %d, want 1\n%s", code, stderr.String())
	}
	wantAll(t, stdout.String(), "- **missed**: ready within 1ns")
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, problem string }{
		{"-mode nothing", "-mode"},
		{"-db oracle", "-db"},
		{"-db memory:", "-mode compare"},
		{"-mode size -db postgres", "sqlite"},
		{"-mode size -tokens 10", "-tokens"},
		{"-lives -1", "-lives"},
		{"-instances 17", "-instances"},
		{"more", "unexpected"},
		{"-none", "-none"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(tt.args), &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), tt.problem) {
			t.Errorf("%s: exit code %d, %q, want 2 and %q", tt.args, code, stderr.String(), tt.problem)
		}
	}
	s, err := parseFlags([]string{"-db", "postgres"}, &bytes.Buffer{})
	if err != nil || s.lives != 10_000 || s.rate != 5000 || s.duration != time.Minute || s.goals.p99 != 250*time.Millisecond {
		t.Errorf("the defaults are %+v, %v", s, err)
	}
}

// TestTrafficHasItsShares: each broadcast gets as many calls of each kind as the
// others, and each call is known again by its URL.
func TestTrafficHasItsShares(t *testing.T) {
	t.Parallel()
	const lives = 12
	b := &bench{settings: settings{lives: lives}, plan: seed.Plan{Secret: "s", Broadcasts: lives}}
	tr := newTraffic(b, []*app{{addr: "a"}, {addr: "b"}})
	var seen [calls][lives]int
	for range 10 * lives * 12 {
		var to vegeta.Target
		if err := tr.target(&to); err != nil {
			t.Fatal(err)
		}
		kind, i := kindOf(to.Method, to.URL)
		seen[kind][i]++
	}
	for kind, want := range cycle {
		for i, got := range seen[kind] {
			if got != want {
				t.Errorf("broadcast %d has %d of %v, want %d", i, got, call(kind), want)
			}
		}
	}
	longest, since := 0, 0
	for _, kind := range mixed() {
		if since++; kind == liveInfo {
			since = 0
		}
		longest = max(longest, since)
	}
	if longest > 3 {
		t.Errorf("%d calls without live info: they are not spread", longest)
	}
}

func TestLearn(t *testing.T) {
	t.Parallel()
	b := &bench{settings: settings{lives: 2}, plan: seed.Plan{Secret: "s", Broadcasts: 2}}
	tr := newTraffic(b, []*app{{addr: "a"}})
	tr.learn(chatList, 1, []byte(`{"data":{"nextPageToken":"page-7","messages":[]}}`))
	tr.learn(refreshToken, 1, []byte(`{"refresh_token":"token-8"}`))
	tr.learn(refreshToken, 0, []byte(`{"error":"invalid_grant"}`))
	var page, refresh, other vegeta.Target
	tr.fill(&page, chatList, 1, "")
	tr.fill(&refresh, refreshToken, 1, "")
	tr.fill(&other, refreshToken, 0, "")
	if !strings.Contains(string(page.Body), `"pageToken":"page-7"`) || !strings.Contains(refresh.URL, "=token-8&") ||
		!strings.Contains(other.URL, "="+b.plan.RefreshToken(0, 0)+"&") {
		t.Errorf("%s, %s, %s", page.Body, refresh.URL, other.URL)
	}
}
