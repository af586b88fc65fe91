package sqlstore

import (
	"iter"
	"math/bits"
	"strings"
)

// largestBatch is how many rows one statement names at most. Larger ones save
// little more, and the arguments of a statement are bounded on every engine.
const largestBatch = 128

// batches cuts a list for statements that name many rows. The lengths are
// powers of two, so that there are few texts of each statement: drivers keep
// what they have prepared by its text.
func batches[T any](items []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for len(items) > 0 {
			n := min(largestBatch, 1<<(bits.Len(uint(len(items)))-1))
			if !yield(items[:n]) {
				return
			}
			items = items[n:]
		}
	}
}

// repeated writes a part of a statement n times.
func repeated(part, separator string, n int) string {
	return part + strings.Repeat(separator+part, n-1)
}

// in writes the right side of an IN with n arguments.
func in(n int) string { return "(" + repeated("?", ", ", n) + ")" }

// anyOf makes arguments of a list.
func anyOf[T any](items []T) []any {
	args := make([]any, len(items))
	for i, item := range items {
		args[i] = item
	}
	return args
}
