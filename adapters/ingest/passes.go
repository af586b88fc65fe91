package ingest

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// passes runs a check again and again in a goroutine of its own.
type passes struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// startPasses makes a pass every interval. A failed one is logged with what
// failed.
func startPasses(interval time.Duration, check func(context.Context) error, log *zap.Logger, failed string) passes {
	ctx, cancel := context.WithCancel(context.Background())
	p := passes{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := check(ctx); err != nil && ctx.Err() == nil {
				log.Error(failed, zap.Error(err))
			}
		}
	}()
	return p
}

// stop waits for a pass that runs. It may be called again.
func (p passes) stop() {
	p.cancel()
	<-p.done
}
