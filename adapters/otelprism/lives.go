package otelprism

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/b2bprism/b2bprism/prism"
)

// LiveLister lists lives on air: prism.Audience, which the ready stores are.
type LiveLister interface {
	// LivesOnAir returns up to limit lives on air.
	LivesOnAir(ctx context.Context, limit int) ([]prism.Live, error)
}

// CountLives returns a function for Options.LivesOnAir that counts the lives
// of a ready store. It reads them, up to limit, which is then the highest
// number that is reported; a host with thousands of lives should rather count
// in its database. CountLives panics if lives is nil or limit is not positive.
func CountLives(lives LiveLister, limit int) func(context.Context) (int, error) {
	if lives == nil || limit <= 0 {
		panic("otelprism: CountLives: needs a store and a positive limit")
	}
	return func(ctx context.Context) (int, error) {
		list, err := lives.LivesOnAir(ctx, limit)
		if err != nil {
			return 0, fmt.Errorf("otelprism: counting lives on air: %w", err)
		}
		return len(list), nil
	}
}

// livesOnAir asks the host at every collection. A nil count does nothing.
type livesOnAir struct {
	count    func(context.Context) (int, error)
	timeout  time.Duration
	gauge    metric.Int64ObservableGauge
	failures metric.Int64Counter
}

// observe leaves the number out when it is not known. It reports no error: a
// periodic reader exports nothing at all of a collection that had one.
func (l *livesOnAir) observe(ctx context.Context, observer metric.Observer) {
	if l.count == nil {
		return
	}
	n, err := l.ask(ctx)
	if err != nil {
		l.failures.Add(ctx, 1)
		return
	}
	observer.ObserveInt64(l.gauge, int64(n))
}

func (l *livesOnAir) beginAtZero() {
	if l.count != nil {
		l.failures.Add(context.Background(), 0)
	}
}

// ask turns a panic into an error: it runs in a goroutine of the reader, where
// it would end the process.
func (l *livesOnAir) ask(ctx context.Context) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("otelprism: Options.LivesOnAir panicked: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	return l.count(ctx)
}
