package main

import (
	"crypto/rand"
	"crypto/sha256"
	"maps"
	"net/http"
	"sync"
	"time"
)

const (
	// sessionCookie has the __Host- prefix: the browser takes it over HTTPS
	// only, and no other host can set it (RFC 6265bis section 4.1.3).
	sessionCookie = "__Host-session"
	// sessionIdle ends a session that was not used, sessionLife any.
	sessionIdle = 12 * time.Hour
	sessionLife = 7 * 24 * time.Hour
	// maxSessions bounds the memory.
	maxSessions = 100_000
)

type session struct {
	account  *account
	from     time.Time
	lastSeen time.Time
}

// sessions are the browsers that are signed in. They live in the memory of this
// process under the digest of their cookie, and end with it.
type sessions struct {
	now func() time.Time
	mu  sync.Mutex
	set map[[sha256.Size]byte]session
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, set: map[[sha256.Size]byte]session{}}
}

// start signs the browser in under a new id, so that an id which someone
// planted before is worth nothing (session fixation).
func (s *sessions) start(w http.ResponseWriter, r *http.Request, a *account) {
	id := rand.Text()
	now := s.now()
	s.mu.Lock()
	delete(s.set, sessionDigest(r))
	if len(s.set) >= maxSessions {
		maps.DeleteFunc(s.set, func(_ [sha256.Size]byte, e session) bool { return e.over(now) })
	}
	if len(s.set) < maxSessions {
		s.set[sha256.Sum256([]byte(id))] = session{account: a, from: now, lastSeen: now}
	}
	s.mu.Unlock()
	http.SetCookie(w, newSessionCookie(id, 0))
}

// account returns who is signed in, or nil.
func (s *sessions) account(r *http.Request) *account {
	digest := sessionDigest(r)
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.set[digest]
	if !ok {
		return nil
	}
	if e.over(now) {
		delete(s.set, digest)
		return nil
	}
	e.lastSeen = now
	s.set[digest] = e
	return e.account
}

// end signs the browser out.
func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	delete(s.set, sessionDigest(r))
	s.mu.Unlock()
	http.SetCookie(w, newSessionCookie("", -1))
}

// endAll signs an account out everywhere.
func (s *sessions) endAll(a *account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.set, func(_ [sha256.Size]byte, e session) bool { return e.account == a })
}

func (e session) over(now time.Time) bool {
	return now.Sub(e.lastSeen) >= sessionIdle || now.Sub(e.from) >= sessionLife
}

func sessionDigest(r *http.Request) [sha256.Size]byte {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return [sha256.Size]byte{}
	}
	return sha256.Sum256([]byte(c.Value))
}

func newSessionCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
