package idp

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// digest is the SHA-256 of a token: what caches and flights know it by.
type digest = [sha256.Size]byte

// maxJobs is how many calls may run at once. It bounds what callers with
// made-up tokens can occupy while the upstream hangs.
const maxJobs = 1024

var (
	errClosed = fmt.Errorf("idp: the bridge is closed: %w", prism.ErrUnavailable)
	errBusy   = fmt.Errorf("idp: %d calls to the upstream hang: %w", maxJobs, prism.ErrUnavailable)
)

// jobs are the goroutines of a Bridge. Each ends within the timeout, or at
// once on close.
type jobs struct {
	timeout time.Duration
	log     *zap.Logger
	// quit ends when the bridge is closed.
	quit   context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	running int
	wg      sync.WaitGroup
}

func newJobs(timeout time.Duration, log *zap.Logger) *jobs {
	j := &jobs{timeout: timeout, log: log}
	j.quit, j.cancel = context.WithCancel(context.Background())
	return j
}

// start runs fn in a goroutine, with the values of ctx but without its
// deadline: a call that several wait for must not end with the first of them,
// and the answer to a refresh must not be lost.
func (j *jobs) start(ctx context.Context, fn func(context.Context)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.quit.Err() != nil:
		return errClosed
	case j.running >= maxJobs:
		return errBusy
	}
	j.running++
	j.wg.Go(func() {
		defer func() {
			j.mu.Lock()
			j.running--
			j.mu.Unlock()
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), j.timeout)
		defer cancel()
		stop := context.AfterFunc(j.quit, cancel)
		defer stop()
		fn(ctx)
	})
	return nil
}

func (j *jobs) close() {
	j.mu.Lock()
	j.cancel()
	j.mu.Unlock()
	j.wg.Wait()
}

// flight makes one call per key at a time. Those who ask meanwhile get its
// answer.
type flight[T any] struct {
	jobs *jobs

	mu    sync.Mutex
	calls map[digest]*sharedCall[T]
}

type sharedCall[T any] struct {
	done     chan struct{}
	value    T
	err      error
	panicked any
}

// do returns what fn returned, or the error of ctx if that ends first; the
// call then goes on for others. A panic of fn comes out of do.
func (f *flight[T]) do(ctx context.Context, key digest, fn func(context.Context) (T, error)) (T, error) {
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, waitError(err)
	}
	c, err := f.join(ctx, key, fn)
	if err != nil {
		return zero, err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return zero, waitError(ctx.Err())
	}
	if c.panicked != nil {
		panic(c.panicked)
	}
	return c.value, c.err
}

func (f *flight[T]) join(ctx context.Context, key digest, fn func(context.Context) (T, error)) (*sharedCall[T], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.calls[key]; ok {
		return c, nil
	}
	c := &sharedCall[T]{done: make(chan struct{})}
	err := f.jobs.start(ctx, func(ctx context.Context) {
		defer func() {
			if p := recover(); p != nil {
				c.panicked = p
				f.jobs.log.Error("idp: panic", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			}
			f.mu.Lock()
			delete(f.calls, key)
			f.mu.Unlock()
			close(c.done)
		}()
		c.value, c.err = fn(ctx)
	})
	if err != nil {
		return nil, err
	}
	if f.calls == nil {
		f.calls = map[digest]*sharedCall[T]{}
	}
	f.calls[key] = c
	return c, nil
}

// waitError says what the end of a caller's context means for the answer.
func waitError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("idp: the upstream did not answer in time: %w", errors.Join(prism.ErrTimeout, err))
	}
	return fmt.Errorf("idp: the caller went away: %w", err)
}
