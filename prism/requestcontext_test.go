package prism

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

type contextKey struct{}

func newRequestContext(parent context.Context, limit time.Duration) *requestContext {
	return &requestContext{parent: parent, x: &exchange{id: [1]string{"id"}}, deadline: time.Now().Add(limit)}
}

// over reports the error of a context whose Done is closed, else nil.
func over(t *testing.T, ctx context.Context) error {
	t.Helper()
	synctest.Wait()
	select {
	case <-ctx.Done():
		if ctx.Err() == nil {
			t.Error("Done is closed and Err is nil")
		}
		return ctx.Err()
	default:
		return nil
	}
}

func TestRequestContextEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]func(*testing.T, context.Context){
		"nobody waits":     func(*testing.T, context.Context) {},
		"somebody asks":    func(t *testing.T, ctx context.Context) { wantErr(t, ctx, nil) },
		"somebody waits":   func(_ *testing.T, ctx context.Context) { ctx.Done() },
		"it has a child":   func(t *testing.T, ctx context.Context) { _, cancel := context.WithCancel(ctx); t.Cleanup(cancel) },
		"asks after waits": func(t *testing.T, ctx context.Context) { ctx.Done(); wantErr(t, ctx, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := newRequestContext(t.Context(), time.Second)
				first(t, ctx)
				if at, ok := ctx.Deadline(); !ok || time.Until(at) != time.Second {
					t.Errorf("Deadline in %v, %v", time.Until(at), ok)
				}
				time.Sleep(time.Second - time.Nanosecond)
				wantErr(t, ctx, nil)
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				wantErr(t, ctx, context.DeadlineExceeded)
				if err := over(t, ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("over with %v", err)
				}
				if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
					t.Errorf("cause %v", cause)
				}
				ctx.end()
				wantErr(t, ctx, context.DeadlineExceeded)
			})
		})
	}
}

func wantErr(t *testing.T, ctx context.Context, want error) {
	t.Helper()
	if err := ctx.Err(); !errors.Is(err, want) {
		t.Errorf("Err() = %v, want %v", err, want)
	}
}

func TestRequestContextEndsWithTheClient(t *testing.T) {
	t.Parallel()
	for _, waits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			parent, goAway := context.WithCancelCause(context.WithValue(t.Context(), contextKey{}, "host's"))
			ctx := newRequestContext(parent, time.Second)
			if waits {
				ctx.Done()
			}
			if ctx.Value(contextKey{}) != "host's" || RequestID(ctx) != "id" || ctx.Value("other") != nil {
				t.Error("a value is lost")
			}
			goAway(errors.New("gone"))
			wantErr(t, ctx, context.Canceled)
			if err := over(t, ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("over with %v", err)
			}
			if cause := context.Cause(ctx); cause == nil || cause.Error() != "gone" {
				t.Errorf("cause %v", cause)
			}
			time.Sleep(time.Hour)
			wantErr(t, ctx, context.Canceled)
		})
	}
}

func TestRequestContextEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	for _, waits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx := newRequestContext(context.WithValue(t.Context(), contextKey{}, "host's"), time.Second)
			var child context.Context
			if waits {
				var cancel context.CancelFunc
				child, cancel = context.WithCancel(ctx)
				defer cancel()
			}
			ctx.end()
			ctx.end()
			wantErr(t, ctx, context.Canceled)
			if err := over(t, ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("over with %v", err)
			}
			if child != nil && !errors.Is(over(t, child), context.Canceled) {
				t.Error("the child lives on")
			}
			late, cancel := context.WithCancel(ctx)
			defer cancel()
			if !errors.Is(over(t, late), context.Canceled) || late.Value(contextKey{}) != "host's" {
				t.Error("a context that is made too late")
			}
		})
	}
}

func TestRequestContextKeepsAnEarlierDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ctx := newRequestContext(parent, time.Minute)
		if at, ok := ctx.Deadline(); !ok || time.Until(at) != time.Second {
			t.Errorf("Deadline in %v, %v", time.Until(at), ok)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		wantErr(t, ctx, context.DeadlineExceeded)
	})
}
