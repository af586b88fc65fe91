package ratio

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sleeper is a Subject whose operations take a known time. In a synctest
// bubble the clock is exact.
func sleeper(name string, perOp time.Duration, runs *[]string) Subject {
	return Subject{Name: name, Prepare: func(n int) func() {
		time.Sleep(time.Hour) // preparing is not measured
		return func() {
			*runs = append(*runs, name)
			time.Sleep(time.Duration(n) * perOp)
		}
	}}
}

func TestMeasureTakesTheRatioOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs []string
		got := Measure(sleeper("a", time.Millisecond, &runs), sleeper("b", 4*time.Millisecond, &runs), Options{Run: time.Second})
		if got.Time != 0.25 || got.Lowest != 0.25 || got.Highest != 0.25 {
			t.Errorf("ratio %v (%v to %v), want 0.25", got.Time, got.Lowest, got.Highest)
		}
		if got.A.Nanoseconds != 1e6 || got.B.Nanoseconds != 4e6 {
			t.Errorf("%v and %v ns, want 1e6 and 4e6", got.A.Nanoseconds, got.B.Nanoseconds)
		}
		if took := time.Duration(got.N) * 4 * time.Millisecond; took < time.Second {
			t.Errorf("%d operations, %v, want a second or more", got.N, took)
		}
		if last := strings.Join(runs[len(runs)-2*Pairs:], ""); last != "ababababab" {
			t.Errorf("the runs came as %s, want in turns", last)
		}
	})
}

func TestMeasureIgnoresADisturbedPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		a := Subject{Prepare: func(int) func() {
			calls++
			return func() {
				time.Sleep(time.Second)
				if calls%5 == 0 {
					time.Sleep(time.Minute)
				}
			}
		}}
		b := Plain("b", func(int) { time.Sleep(2 * time.Second) })
		if got := Measure(a, b, Options{Run: time.Second}); got.Time != 0.5 || got.Highest != 30.5 {
			t.Errorf("ratio %v up to %v, want 0.5 up to 30.5", got.Time, got.Highest)
		}
	})
}

func TestMeasureStopsAtMaxN(t *testing.T) {
	nothing := Plain("", func(int) {})
	if got := Measure(nothing, nothing, Options{Run: time.Hour, MaxN: 100}); got.N != 100 {
		t.Errorf("%d operations, want 100", got.N)
	}
}

func TestNothingIsAsMuchAsNothing(t *testing.T) {
	if got := perPair([Pairs]Cost{}, [Pairs]Cost{}, Cost.allocs); got != [Pairs]float64{1, 1, 1, 1, 1} {
		t.Errorf("%v, want ones", got)
	}
}

var sink []byte

func TestMeasureCountsAllocations(t *testing.T) {
	allocates := func(perOp int) Subject {
		return Plain("", func(n int) {
			for range n * perOp {
				sink = make([]byte, 64)
			}
		})
	}
	got := Measure(allocates(1), allocates(2), Options{Run: 5 * time.Millisecond})
	if got.Allocs < 0.49 || got.Allocs > 0.51 || got.A.Bytes < 64 || got.A.Bytes > 70 {
		t.Errorf("%+v, want half of the allocations at 64 bytes each", got)
	}
}

func TestWriteTable(t *testing.T) {
	row := Row{
		Job: "refresh", A: Subject{Name: "ours"}, B: Subject{Name: "theirs"}, Goal: 0.4,
		Result: Result{
			A: Cost{Nanoseconds: 12_345, Allocs: 20}, B: Cost{Nanoseconds: 1_234_567, Allocs: 200},
			Time: 0.01, Allocs: 0.1, Lowest: 0.005, Highest: 0.02,
		},
	}
	var out bytes.Buffer
	if err := WriteTable(&out, []Row{row, {Job: "verify"}}); err != nil {
		t.Fatal(err)
	}
	want := "| refresh | ours | theirs | 12.35µs, 1.235ms | **0.01** (0.01 to 0.02) | 20.0, 200.0 | **0.10** | 0.40 |"
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || lines[2] != want || !strings.HasSuffix(lines[3], "| none |") {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
