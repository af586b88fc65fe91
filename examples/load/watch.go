package main

import (
	"context"
	"errors"
	"os/exec"
	"time"
)

// memoryUse is the resident memory of the largest process, in bytes: the mean
// of the second and of the last quarter of the time, and the most. In the first
// quarter the pools and caches fill.
type memoryUse struct {
	early, late, most int64
}

// memoryWatch samples the memory of processes.
type memoryWatch struct {
	cancel  context.CancelFunc
	done    chan struct{}
	samples []int64
}

func watchMemory(ctx context.Context, apps []*app) *memoryWatch {
	ctx, cancel := context.WithCancel(ctx)
	w := &memoryWatch{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			largest := int64(0)
			for _, a := range apps {
				largest = max(largest, a.resident())
			}
			w.samples = append(w.samples, largest)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return w
}

func (w *memoryWatch) stop() memoryUse {
	w.cancel()
	<-w.done
	n := len(w.samples)
	var use memoryUse
	for _, sample := range w.samples {
		use.most = max(use.most, sample)
	}
	use.early, use.late = mean(w.samples[n/4:n/2]), mean(w.samples[3*n/4:])
	return use
}

func mean(samples []int64) int64 {
	if len(samples) == 0 {
		return 0
	}
	sum := int64(0)
	for _, sample := range samples {
		sum += sample
	}
	return sum / int64(len(samples))
}

// ignoreQuit drops the exit code of processes that were ended for the sake of
// their goroutines.
func ignoreQuit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}
