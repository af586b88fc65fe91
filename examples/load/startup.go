package main

import (
	"context"
	"errors"
	"slices"
	"time"
)

// starts is how many starts are timed.
const starts = 9

// measureStartup times the quickstart from its start to the first answer that
// says it is ready, with a database that is there.
func (b *bench) measureStartup(ctx context.Context) error {
	b.rep.say("%d starts", starts)
	times := make([]time.Duration, 0, starts)
	for range starts {
		begin := time.Now()
		a, err := b.start(ctx, 0)
		if err != nil {
			return err
		}
		times = append(times, time.Since(begin))
		if err := errors.Join(a.stop(), ctx.Err()); err != nil {
			return err
		}
	}
	slices.Sort(times)
	median := times[starts/2]
	b.rep.print("start to ready, %s with %d lives\n\n", b.dbName(), b.lives)
	b.rep.table([]string{"starts", "fastest ms", "median ms", "slowest ms"},
		[][]string{{"9", milliseconds(times[0]), milliseconds(median), milliseconds(times[starts-1])}})
	b.rep.print("\n")
	b.rep.goal(median <= b.goals.ready, "ready within %v (%s ms)", b.goals.ready, milliseconds(median))
	return nil
}
