package prism

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"go.uber.org/zap"
)

// maxIsolated is how many isolated calls may hang before further ones are
// refused.
const maxIsolated = 4096

// panicError is a panic of an adapter, as an error. The stack is in the log.
type panicError struct {
	adapter string
}

func (e *panicError) Error() string { return "prism: panic in " + e.adapter }

// call runs a call into an adapter: with its panics caught, and aside from the
// request's goroutine when Config.Isolate is set.
func call[T any](ctx context.Context, s *Service, adapter any, fn func(context.Context) (T, error)) (T, error) {
	if !s.cfg.Isolate {
		return guarded(ctx, s, adapter, fn)
	}
	var zero T
	if !s.isolated.begin() {
		return zero, fmt.Errorf("prism: %d calls hang in adapters: %w", maxIsolated, ErrUnavailable)
	}
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		defer s.isolated.end()
		value, err := guarded(ctx, s, adapter, fn)
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return zero, fmt.Errorf("prism: %s did not return in time: %w", adapterName(adapter), ctx.Err())
	}
}

func guarded[T any](ctx context.Context, s *Service, adapter any, fn func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			name := adapterName(adapter)
			s.log.Error("prism: an adapter panicked", zap.String("request_id", RequestID(ctx)), zap.String("adapter", name),
				zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			err = &panicError{adapter: name}
		}
	}()
	return fn(ctx)
}

// isolation counts the isolated calls that run.
type isolation struct {
	mu      sync.Mutex
	running int
	idle    chan struct{}
}

func (i *isolation) begin() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.running >= maxIsolated {
		return false
	}
	i.running++
	return true
}

func (i *isolation) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.running--
	if i.running == 0 && i.idle != nil {
		close(i.idle)
		i.idle = nil
	}
}

func (i *isolation) wait() {
	i.mu.Lock()
	if i.running == 0 {
		i.mu.Unlock()
		return
	}
	if i.idle == nil {
		i.idle = make(chan struct{})
	}
	idle := i.idle
	i.mu.Unlock()
	<-idle
}
