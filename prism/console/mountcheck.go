package console

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Bounds of a check of the mount.
const (
	mountCheckTime = 30 * time.Second
	maxProblems    = 50
	maxProblemText = 1000
)

// mountCheck runs Config.CheckMount in the background, one at a time.
type mountCheck struct {
	ctx     context.Context // of the Console's life: a check outlives the request that began it
	cancel  context.CancelFunc
	workers sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	running chan struct{} // closed at the end of the run; nil when none runs
	latest  mountResult
}

// mountResult is the outcome of the latest check that ended.
type mountResult struct {
	// at is zero before the first check.
	at       time.Time
	problems []string
}

func (m *mountCheck) init() { m.ctx, m.cancel = context.WithCancel(context.Background()) }

// start begins a check, unless one runs. The channel is closed when the check
// that runs has ended.
func (m *mountCheck) start(check func(context.Context) error, now func() time.Time) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.running != nil:
		return m.running
	case m.closed:
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	done := make(chan struct{})
	m.running = done
	m.workers.Go(func() {
		ctx, cancel := context.WithTimeout(m.ctx, mountCheckTime)
		defer cancel()
		result := mountResult{problems: problemsOf(guarded(ctx, check))}
		result.at = now()
		m.mu.Lock()
		m.latest, m.running = result, nil
		m.mu.Unlock()
		close(done)
	})
	return done
}

// guarded keeps a host's check that panics from ending the process.
func guarded(ctx context.Context, check func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the check panicked: %v", p)
		}
	}()
	return check(ctx)
}

func (m *mountCheck) state() (latest mountResult, running bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.latest, m.running != nil
}

func (m *mountCheck) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.cancel()
	m.workers.Wait()
}

// apart takes joined errors apart.
func apart(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// problemsOf are the texts of joined errors.
func problemsOf(err error) []string {
	if err == nil {
		return nil
	}
	all := apart(err)
	var problems []string
	for _, one := range all[:min(len(all), maxProblems)] {
		text := strings.TrimPrefix(one.Error(), "prism: CheckMount: ")
		problems = append(problems, strings.ToValidUTF8(text[:min(len(text), maxProblemText)], ""))
	}
	return problems
}
