package otelprism

import (
	"sync"
	"time"
)

// maxSessions bounds the memory of sessions; no media server feeds so many
// publishers to one instance.
const maxSessions = 10_000

// sessions knows the publishers that were heard of lately. A count of starts
// and ends would drift: an end may get lost, or come to another instance.
type sessions struct {
	timeout time.Duration

	mu   sync.Mutex
	last map[string]time.Time
}

func (s *sessions) seen(session string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.last[session]; !known && len(s.last) >= maxSessions {
		if s.dropSilent(now); len(s.last) >= maxSessions {
			return
		}
	}
	s.last[session] = now
}

func (s *sessions) over(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.last, session)
}

// dropSilent forgets sessions that were not heard of for too long.
func (s *sessions) dropSilent(now time.Time) {
	for session, at := range s.last {
		if now.Sub(at) > s.timeout {
			delete(s.last, session)
		}
	}
}

func (s *sessions) count() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropSilent(time.Now())
	return int64(len(s.last))
}
