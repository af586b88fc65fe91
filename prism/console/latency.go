package console

import (
	"math"
	"math/bits"
	"time"
)

// A request is counted in a bucket of its duration. The first eight buckets are
// one latencyUnit wide; after them every doubling has eight, so that a bucket
// is at most an eighth of its lower bound wide. The last one takes everything
// from 63 s on.
const (
	latencyUnit    = 8 * time.Microsecond
	latencyBuckets = 168
)

func latencyBucket(d time.Duration) int {
	if d < 0 {
		return 0
	}
	v := uint64(d / latencyUnit)
	if v < 8 {
		return int(v)
	}
	shift := bits.Len64(v) - 4
	return min(8+shift*8+int(v>>shift&7), latencyBuckets-1)
}

// bucketBounds returns the least duration of a bucket, and that of the next.
func bucketBounds(bucket int) (low, high time.Duration) {
	if bucket < 8 {
		return time.Duration(bucket) * latencyUnit, time.Duration(bucket+1) * latencyUnit
	}
	shift, step := (bucket-8)/8, (bucket-8)%8
	return time.Duration((8+step)<<shift) * latencyUnit, time.Duration((9+step)<<shift) * latencyUnit
}

// latencies is a sum of buckets.
type latencies struct {
	counts  [latencyBuckets]uint64
	total   uint64
	longest time.Duration
}

// percentile returns the duration that the share p of the requests did not
// exceed (nearest rank), within the bucket that the exact one is in. 0 requests
// give 0.
func (l *latencies) percentile(p float64) time.Duration {
	rank := max(uint64(math.Ceil(p*float64(l.total))), 1)
	var before uint64
	for bucket, n := range &l.counts {
		if before+n < rank {
			before += n
			continue
		}
		low, high := bucketBounds(bucket)
		within := low + time.Duration(float64(high-low)*float64(rank-before)/float64(n))
		return min(within, l.longest)
	}
	return l.longest
}
