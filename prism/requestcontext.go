package prism

import (
	"context"
	"sync/atomic"
	"time"
)

// requestContext is the context of a request: with the exchange and the
// deadline. Most requests are answered without anybody waiting for the end of
// their context, so the timer is set only when somebody does. Until then the
// clock is asked.
type requestContext struct {
	parent   context.Context
	x        *exchange
	deadline time.Time
	timed    atomic.Pointer[timedContext]
}

// timedContext is a child of requestContext.parent that has the timer.
type timedContext struct {
	context.Context
	cancel context.CancelFunc
}

// requestOver stands in requestContext.timed after the end of a request for
// which nobody waited.
var requestOver = func() *timedContext {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return &timedContext{ctx, cancel}
}()

// Deadline is that of the service, or of the host's server if that is earlier.
func (c *requestContext) Deadline() (time.Time, bool) {
	if earlier, ok := c.parent.Deadline(); ok && earlier.Before(c.deadline) {
		return earlier, true
	}
	return c.deadline, true
}

// Done sets the timer.
func (c *requestContext) Done() <-chan struct{} { return c.wait().Done() }

// Err asks the clock, unless there is a timer.
func (c *requestContext) Err() error {
	if t := c.timed.Load(); t != nil {
		return t.Err()
	}
	if c.parent.Err() == nil && time.Until(c.deadline) > 0 {
		return nil
	}
	// From now on, every answer must be the same.
	return c.wait().Err()
}

// Value hands on to the context that has the timer, so that package context
// finds that one and starts no goroutine for a child of this one.
func (c *requestContext) Value(key any) any {
	if key == (exchangeKey{}) {
		return c.x
	}
	if t := c.timed.Load(); t != nil && t != requestOver {
		return t.Value(key)
	}
	return c.parent.Value(key)
}

func (c *requestContext) wait() *timedContext {
	if t := c.timed.Load(); t != nil {
		return t
	}
	ctx, cancel := context.WithDeadline(c.parent, c.deadline)
	t := &timedContext{ctx, cancel}
	if !c.timed.CompareAndSwap(nil, t) {
		cancel()
		return c.timed.Load()
	}
	return t
}

// end ends the context and its timer. It may be called more than once.
func (c *requestContext) end() {
	if !c.timed.CompareAndSwap(nil, requestOver) {
		c.timed.Load().cancel()
	}
}
