// Package sessions counts the publishers of media servers.
package sessions

import (
	"sync"
	"time"
)

// most bounds the memory of Sessions; no media server feeds so many
// publishers to one instance.
const most = 10_000

// Sessions knows the publishers that were heard of lately. A count of starts
// and ends would drift: an end may get lost, or come to another instance.
type Sessions struct {
	timeout time.Duration

	mu   sync.Mutex
	last map[string]time.Time
}

// New makes Sessions that forget a session which was not heard of for timeout.
func New(timeout time.Duration) *Sessions {
	return &Sessions{timeout: timeout, last: map[string]time.Time{}}
}

// Seen notes that a session was heard of now.
func (s *Sessions) Seen(session string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.last[session]; !known && len(s.last) >= most {
		if s.dropSilent(now); len(s.last) >= most {
			return
		}
	}
	s.last[session] = now
}

// Over forgets a session that has ended.
func (s *Sessions) Over(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.last, session)
}

// dropSilent forgets sessions that were not heard of for too long.
func (s *Sessions) dropSilent(now time.Time) {
	for session, at := range s.last {
		if now.Sub(at) > s.timeout {
			delete(s.last, session)
		}
	}
}

// Count returns how many sessions were heard of lately.
func (s *Sessions) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropSilent(time.Now())
	return len(s.last)
}
