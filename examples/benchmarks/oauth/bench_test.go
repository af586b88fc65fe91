package main

import (
	"testing"

	"github.com/b2bprism/b2bprism/examples/benchmarks/ratio"
)

// bench runs a job of a contestant, what it prepares aside.
func bench(b *testing.B, job ratio.Subject) {
	b.Run(job.Name, func(b *testing.B) {
		run := job.Prepare(b.N)
		b.ReportAllocs()
		b.ResetTimer()
		run()
	})
}

func BenchmarkExchange(b *testing.B) {
	for _, c := range all(b) {
		bench(b, c.exchange(standard))
	}
}

func BenchmarkRefresh(b *testing.B) {
	for _, c := range all(b) {
		bench(b, c.refresh(standard))
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, c := range all(b) {
		bench(b, c.check())
	}
}
