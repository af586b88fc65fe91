package console

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// failuresKept is how many failures of each kind are kept.
const failuresKept = 50

// failure is a request that was not answered as its sender wanted.
type failure struct {
	at                        time.Time
	api                       api
	status, errorCode         int
	requestID, userID, liveID string
	took                      time.Duration
}

// failureRing keeps the latest failures.
type failureRing struct {
	mu   sync.Mutex
	ring [failuresKept]failure
	next int
}

func (r *failureRing) note(f failure) {
	// Ids may be parts of longer texts, which the ring would hold on to.
	f.requestID, f.userID, f.liveID = kept(f.requestID), kept(f.userID), kept(f.liveID)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring[r.next] = f
	r.next = (r.next + 1) % failuresKept
}

func kept(id string) string {
	return strings.ToValidUTF8(strings.Clone(id[:min(len(id), maxIDLength)]), "�")
}

// since returns the failures after t, the latest first.
func (r *failureRing) since(t time.Time) []failure {
	r.mu.Lock()
	all := r.ring
	r.mu.Unlock()
	recent := slices.DeleteFunc(all[:], func(f failure) bool { return !f.at.After(t) })
	slices.SortStableFunc(recent, func(a, b failure) int { return b.at.Compare(a.at) })
	return recent
}
