package console

import (
	"strings"
	"sync"
	"time"
)

// maxSeen bounds how many lives lastSeen knows.
const maxSeen = 2048

// seenFor is how long a live is remembered that was not seen again.
const seenFor = time.Hour

// maxIDLength is the most bytes of an id from outside that are kept.
const maxIDLength = 200

// lastSeen remembers when something was last seen of a live.
type lastSeen struct {
	mu    sync.Mutex
	at    map[string]time.Time
	swept time.Time
}

func (s *lastSeen) note(liveID string, now time.Time) {
	if liveID == "" || len(liveID) > maxIDLength {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.at[liveID]; !ok {
		if !s.hasRoom(now) {
			return
		}
		liveID = strings.Clone(liveID) // it is a part of a longer path
	}
	s.at[liveID] = now
}

// hasRoom makes room among lives that were not seen for long, once a minute at
// most. A live that finds none is unknown to the page.
func (s *lastSeen) hasRoom(now time.Time) bool {
	if s.at == nil {
		s.at = map[string]time.Time{}
	}
	if len(s.at) < maxSeen {
		return true
	}
	if now.Sub(s.swept) < time.Minute {
		return false
	}
	s.swept = now
	for id, at := range s.at {
		if now.Sub(at) > seenFor {
			delete(s.at, id)
		}
	}
	return len(s.at) < maxSeen
}

func (s *lastSeen) forget(liveID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.at, liveID)
}

// times returns those of the lives that are known.
func (s *lastSeen) times(liveIDs []string) map[string]time.Time {
	known := make(map[string]time.Time, len(liveIDs))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range liveIDs {
		if at, ok := s.at[id]; ok {
			known[id] = at
		}
	}
	return known
}
