package console

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestLatencyBuckets(t *testing.T) {
	t.Parallel()
	for bucket := range latencyBuckets - 1 {
		low, high := bucketBounds(bucket)
		if got := latencyBucket(low); got != bucket {
			t.Errorf("%v, the start of bucket %d, is in %d", low, bucket, got)
		}
		if got := latencyBucket(high - 1); got != bucket {
			t.Errorf("%v, the end of bucket %d, is in %d", high-1, bucket, got)
		}
		if next, _ := bucketBounds(bucket + 1); next != high {
			t.Errorf("bucket %d ends at %v, the next begins at %v", bucket, high, next)
		}
		if bucket >= 8 && float64(high-low) > .125*float64(low) {
			t.Errorf("bucket %d, %v to %v, is wider than an eighth", bucket, low, high)
		}
	}
	for _, d := range []time.Duration{64 * time.Second, time.Hour, math.MaxInt64} {
		if got := latencyBucket(d); got != latencyBuckets-1 {
			t.Errorf("%v is in bucket %d", d, got)
		}
	}
	if got := latencyBucket(-time.Second); got != 0 {
		t.Errorf("a negative duration is in bucket %d", got)
	}
}

// A percentile is off by no more than the width of the exact one's bucket.
func TestPercentileProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		durations := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
			// Of all magnitudes alike.
			return time.Duration(math.Exp(rapid.Float64Range(math.Log(1e3), math.Log(6e10)).Draw(t, "log ns")))
		}), 1, 300).Draw(t, "durations")
		p := rapid.SampledFrom([]float64{.5, .9, .95, .99, 1}).Draw(t, "p")
		var l latencies
		for _, d := range durations {
			l.counts[latencyBucket(d)]++
			l.total++
			l.longest = max(l.longest, d)
		}
		slices.Sort(durations)
		exact := durations[max(int(math.Ceil(p*float64(len(durations)))), 1)-1]
		low, high := bucketBounds(latencyBucket(exact))
		if got := l.percentile(p); got < low || got > high || got > l.longest {
			t.Fatalf("p%v is %v; exact is %v, in the bucket from %v to %v; the longest is %v", 100*p, got, exact, low, high, l.longest)
		}
	})
}

func TestPercentileOfNothing(t *testing.T) {
	t.Parallel()
	if got := new(latencies).percentile(.99); got != 0 {
		t.Errorf("got %v", got)
	}
}
