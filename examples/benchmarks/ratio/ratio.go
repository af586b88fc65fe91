// Package ratio compares the cost of two implementations of one job on a
// machine that does other work as well. It runs them in turns, A B A B, so that
// whatever else happens hits both, and takes the median of the ratios of the
// pairs, so that one disturbed pair says nothing.
package ratio

import (
	"runtime"
	"slices"
	"time"
)

// Pairs is how many pairs of runs Measure makes.
const Pairs = 5

// DefaultRun is how long one run takes at least, by default.
const DefaultRun = 200 * time.Millisecond

// Subject is one of the two implementations that are compared.
type Subject struct {
	Name string
	// Prepare makes n operations ready and returns what does them. Only the
	// latter is measured. It is called several times; each call must leave the
	// subject as the first found it, or at least as fast.
	Prepare func(n int) (run func())
}

// Plain is a Subject that needs no preparation: do does n operations.
func Plain(name string, do func(n int)) Subject {
	return Subject{Name: name, Prepare: func(n int) func() { return func() { do(n) } }}
}

// Options are the options of Measure. The zero value is the default.
type Options struct {
	// Run is how long one run of the slower subject takes at least: DefaultRun
	// by default.
	Run time.Duration
	// MaxN bounds the operations of one run, for subjects whose preparation
	// takes memory: 1,000,000 by default. A run that reaches it may take less
	// than Run.
	MaxN int
}

func (o Options) withDefaults() Options {
	if o.Run <= 0 {
		o.Run = DefaultRun
	}
	if o.MaxN <= 0 {
		o.MaxN = 1_000_000
	}
	return o
}

// Cost is what one operation costs.
type Cost struct {
	Nanoseconds float64
	// Allocs and Bytes are those of the whole process during the run.
	Allocs, Bytes float64
}

// Result is the outcome of Measure.
type Result struct {
	// A and B are the medians of the runs of each subject.
	A, B Cost
	// Time and Allocs are A's share of B: the median of the ratios of the
	// pairs.
	Time, Allocs float64
	// Lowest and Highest are the extremes of the ratios of time.
	Lowest, Highest float64
	// N is how many operations each run did.
	N int
}

// Measure compares a with b: it looks for the number of operations that takes
// the slower one long enough, and then runs both in turns, Pairs times each.
// It must be the only user of the process meanwhile.
func Measure(a, b Subject, opt Options) Result {
	opt = opt.withDefaults()
	n := calibrate(a, b, opt)
	var costA, costB [Pairs]Cost
	for i := range Pairs {
		costA[i] = measure(a, n)
		costB[i] = measure(b, n)
	}
	times := perPair(costA, costB, Cost.time)
	return Result{
		A:       medianCost(costA),
		B:       medianCost(costB),
		Time:    median(times),
		Allocs:  median(perPair(costA, costB, Cost.allocs)),
		Lowest:  slices.Min(times[:]),
		Highest: slices.Max(times[:]),
		N:       n,
	}
}

// calibrate returns how many operations take the slower of both opt.Run. It
// warms both up.
func calibrate(a, b Subject, opt Options) int {
	for n := 1; ; {
		slower := max(measure(a, n).Nanoseconds, measure(b, n).Nanoseconds) * float64(n)
		if slower >= float64(opt.Run) || n >= opt.MaxN {
			return n
		}
		// What a few operations took says little of what many take.
		wanted := 1.2 * float64(n) * float64(opt.Run) / max(slower, 1)
		n = min(max(n+1, int(min(wanted, float64(n)*50))), opt.MaxN)
	}
}

// measure does one run of n operations on a heap that was just collected.
func measure(s Subject, n int) Cost {
	run := s.Prepare(n)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	run()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return Cost{
		Nanoseconds: float64(took.Nanoseconds()) / float64(n),
		Allocs:      float64(after.Mallocs-before.Mallocs) / float64(n),
		Bytes:       float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}
}

func (c Cost) time() float64   { return c.Nanoseconds }
func (c Cost) allocs() float64 { return c.Allocs }
func (c Cost) bytes() float64  { return c.Bytes }

func perPair(a, b [Pairs]Cost, of func(Cost) float64) (ratios [Pairs]float64) {
	for i := range ratios {
		ratios[i] = 1 // also of nothing to nothing
		if x, y := of(a[i]), of(b[i]); x != y {
			ratios[i] = x / y
		}
	}
	return ratios
}

func medianCost(costs [Pairs]Cost) Cost {
	pick := func(of func(Cost) float64) float64 {
		var values [Pairs]float64
		for i, c := range costs {
			values[i] = of(c)
		}
		return median(values)
	}
	return Cost{Nanoseconds: pick(Cost.time), Allocs: pick(Cost.allocs), Bytes: pick(Cost.bytes)}
}

func median(values [Pairs]float64) float64 {
	slices.Sort(values[:])
	return values[Pairs/2]
}
