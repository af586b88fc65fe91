package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// answerTimeout is when the generator gives up, as the PRISM PC client does.
const answerTimeout = 15 * time.Second

// fewGoroutines are what a process has with no live at all, and some.
const fewGoroutines = 100

// load runs the traffic at its rate and holds the answers against the goals.
func (b *bench) load(ctx context.Context) (err error) {
	apps, err := b.startAll(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreQuit(stopAll(apps))) }()
	t := newTraffic(b, apps)
	if err := b.warmUp(ctx, t); err != nil {
		return err
	}
	b.rep.say("%d requests per second for %v", b.rate, b.duration)
	watch, before, ownBefore := watchMemory(ctx, apps), cpuOf(apps), cpuTime(os.Getpid())
	measured := b.attack(ctx, t.target, b.rate, b.duration, t.learn)
	used := usage{memoryUse: watch.stop(), cpu: cpuOf(apps) - before, own: cpuTime(os.Getpid()) - ownBefore}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, a := range apps {
		n, err := a.goroutines()
		if err != nil {
			return err
		}
		used.goroutines = max(used.goroutines, n)
	}
	b.tell(measured, used)
	return nil
}

// usage is what the processes took: the processor time of all, and of the
// generator, the memory and the goroutines of the largest.
type usage struct {
	memoryUse
	cpu, own   time.Duration
	goroutines int
}

func cpuOf(apps []*app) (sum time.Duration) {
	for _, a := range apps {
		sum += a.cpu()
	}
	return sum
}

// warmUp asks once for each live, at a quarter of the rate, so that the caches are as
// they are in the midst of a broadcast.
func (b *bench) warmUp(ctx context.Context, t *traffic) error {
	b.rep.say("warming up")
	var asked atomic.Int64
	all := func(to *vegeta.Target) error {
		n := int(asked.Add(1) - 1)
		t.fill(to, chatList, n%b.lives, t.origins[n/b.lives%len(t.origins)])
		return nil
	}
	n := b.lives * len(t.origins)
	rate := max(b.rate/4, 1)
	measured := b.attack(ctx, all, rate, time.Duration(n)*time.Second/time.Duration(rate), t.learn)
	if codes := measured.total.StatusCodes; len(codes) != 1 || codes["200"] == 0 {
		return fmt.Errorf("warming up: answers %v, errors %v", codes, measured.total.Errors)
	}
	return ctx.Err()
}

// maxWorkers bounds the requests that are under way. A service that falls behind
// that far has missed the goals, and the generator must not fall with it.
const maxWorkers = 2000

// urlInError is what makes each error of a client another one. It can hold a
// refresh token.
var urlInError = regexp.MustCompile(`^\w+ "[^"]*": |\d+\.\d+\.\d+\.\d+:\d+(->)?`)

// measured are the answers of an attack.
type measured struct {
	total vegeta.Metrics
	kinds [calls]vegeta.Metrics
}

func (b *bench) attack(ctx context.Context, target vegeta.Targeter, rate int, d time.Duration, learn func(call, int, []byte)) *measured {
	options := []func(*vegeta.Attacker){vegeta.Timeout(answerTimeout), vegeta.Connections(1000), vegeta.Workers(64), vegeta.MaxWorkers(maxWorkers)}
	if b.connections > 0 {
		options = append(options, vegeta.MaxConnections(b.connections))
	}
	attacker := vegeta.NewAttacker(options...)
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()
	m := &measured{}
	for result := range attacker.Attack(target, vegeta.ConstantPacer{Freq: rate, Per: time.Second}, d, "") {
		kind, i := kindOf(result.Method, result.URL)
		learn(kind, i, result.Body)
		result.Error = urlInError.ReplaceAllString(result.Error, "")
		m.total.Add(result)
		m.kinds[kind].Add(result)
	}
	m.total.Close()
	for i := range m.kinds {
		m.kinds[i].Close()
	}
	return m
}

// tell prints the tables and the goals.
func (b *bench) tell(m *measured, used usage) {
	rep := b.rep
	rep.print("%d lives on air, %d requests per second for %v, %s, %d process(es)\n\n", b.lives, b.rate, b.duration, b.dbName(), b.instances)
	row := func(name string, m *vegeta.Metrics) []string {
		l := m.Latencies
		return []string{name, strconv.FormatUint(m.Requests, 10), statuses(m), milliseconds(l.P50), milliseconds(l.P95), milliseconds(l.P99), milliseconds(l.Max)}
	}
	rows := make([][]string, 0, calls+1)
	for kind := range calls {
		rows = append(rows, row(call(kind).String(), &m.kinds[kind]))
	}
	rows = append(rows, row("**all**", &m.total))
	rep.table([]string{"call", "requests", "answers", "p50 ms", "p95 ms", "p99 ms", "max ms"}, rows)
	rep.print("\n")
	rep.table([]string{"requests/s, sent", "CPU per request, µs", "CPU, cores", "of the generator", "memory MiB, second quarter", "memory MiB, last quarter", "memory MiB, most", "goroutines"},
		[][]string{{fmt.Sprintf("%.0f", m.total.Rate), fmt.Sprintf("%.0f", float64(used.cpu.Microseconds())/float64(max(m.total.Requests, 1))),
			fmt.Sprintf("%.2f", used.cpu.Seconds()/b.duration.Seconds()), fmt.Sprintf("%.2f", used.own.Seconds()/b.duration.Seconds()), mebibytes(used.early), mebibytes(used.late), mebibytes(used.most),
			strconv.Itoa(used.goroutines)}})
	rep.print("\n")

	for _, problem := range m.total.Errors {
		rep.print("- error: %s\n", problem)
	}
	rep.goal(m.total.Success == 1, "no error (%.4f %% of the answers are good)", 100*m.total.Success)
	rep.goal(m.total.Rate > 0.99*float64(b.rate), "%d requests per second were sent (%.0f)", b.rate, m.total.Rate)
	if b.goals.p99 > 0 {
		rep.goal(m.total.Latencies.P99 <= b.goals.p99, "p99 at most %v (%s ms)", b.goals.p99, milliseconds(m.total.Latencies.P99))
	}
	if b.goals.rss > 0 {
		rep.goal(used.most <= int64(b.goals.rss)<<20, "at most %d MiB resident (%s)", b.goals.rss, mebibytes(used.most))
	}
	if b.goals.steady {
		rep.goal(float64(used.late) <= 1.1*float64(used.early), "steady memory: the last quarter at most a tenth above the second (%s, %s MiB)",
			mebibytes(used.late), mebibytes(used.early))
		rep.goal(used.goroutines < max(b.lives/10, fewGoroutines), "no goroutine per live (%d for %d lives)", used.goroutines, b.lives)
	}
}

func (b *bench) dbName() string {
	if strings.HasPrefix(b.dsn, "postgres://") {
		return "PostgreSQL"
	}
	return b.db
}

// statuses lists the answers by status; 0 is no answer.
func statuses(m *vegeta.Metrics) string {
	parts := make([]string, 0, len(m.StatusCodes))
	for _, code := range slices.Sorted(maps.Keys(m.StatusCodes)) {
		parts = append(parts, fmt.Sprintf("%s: %d", code, m.StatusCodes[code]))
	}
	return strings.Join(parts, ", ")
}
