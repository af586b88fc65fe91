package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// sessionCookie has the __Host- prefix: the browser takes it over HTTPS
	// only, and no other host can set it (RFC 6265bis section 4.1.3).
	sessionCookie = "__Host-session"
	// sessionLife is how long a browser stays signed in.
	sessionLife = 12 * time.Hour
	// maxSessionCookie is the most bytes of a cookie that are looked at.
	maxSessionCookie = 4096
)

// session is what the cookie says, with a signature behind it. So any instance
// that has the same credentials.json knows it.
type session struct {
	Login string `json:"login"`
	ID    string `json:"id"`
	// From is when the browser signed in, in microseconds since 1970.
	From int64 `json:"from"`
}

// sessions are the browsers that are signed in. What ended before its time is
// kept in the memory of this process: elsewhere a copy of the cookie would go
// on, but the browser has lost its own.
type sessions struct {
	accounts *accountDirectory
	now      func() time.Time

	// maxEnded bounds the memory for sessions that were ended early.
	maxEnded int

	mu sync.Mutex
	// ended has the ids of sessions, with the time when they are over anyway.
	ended map[string]time.Time
	// endedAll is until when the sessions of an account began that are over.
	endedAll map[*account]time.Time
}

func newSessions(accounts *accountDirectory, now func() time.Time) *sessions {
	return &sessions{accounts: accounts, now: now, maxEnded: 100_000, ended: map[string]time.Time{}, endedAll: map[*account]time.Time{}}
}

// start signs the browser in. The session it had before is over, so that one
// which someone planted is worth nothing (session fixation).
func (s *sessions) start(w http.ResponseWriter, r *http.Request, a *account) {
	s.forget(r)
	made := session{Login: a.login, ID: rand.Text(), From: s.now().UnixMicro()}
	http.SetCookie(w, newSessionCookie(made.seal(a.sessionKey), 0))
}

// account returns who is signed in, or nil.
func (s *sessions) account(r *http.Request) *account {
	_, who := s.read(r)
	return who
}

// end signs the browser out.
func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	s.forget(r)
	http.SetCookie(w, newSessionCookie("", -1))
}

// endAll signs an account out everywhere.
func (s *sessions) endAll(a *account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endedAll[a] = s.now()
}

// read returns the session of a request and its account, which is nil if the
// session is none, or over.
func (s *sessions) read(r *http.Request) (session, *account) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}, nil
	}
	found, who := s.open(c.Value)
	if who == nil || s.now().Sub(found.from()) >= sessionLife {
		return session{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ended := s.ended[found.ID]; ended {
		return session{}, nil
	}
	if until, ended := s.endedAll[who]; ended && !found.from().After(until) {
		return session{}, nil
	}
	return found, who
}

// forget ends the session of a request, if it has one.
func (s *sessions) forget(r *http.Request) {
	found, who := s.read(r)
	if who == nil {
		return
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ended) >= s.maxEnded {
		maps.DeleteFunc(s.ended, func(_ string, over time.Time) bool { return !now.Before(over) })
	}
	if len(s.ended) < s.maxEnded {
		s.ended[found.ID] = found.from().Add(sessionLife)
	}
}

func (e session) from() time.Time { return time.UnixMicro(e.From) }

// seal writes a session as text with its signature.
func (e session) seal(key []byte) string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and a number only
	}
	return base64.RawURLEncoding.EncodeToString(text) + "." + base64.RawURLEncoding.EncodeToString(signature(key, text))
}

// open reads what seal wrote. The account is nil for anything else.
func (s *sessions) open(value string) (session, *account) {
	if len(value) > maxSessionCookie {
		return session{}, nil
	}
	first, second, _ := strings.Cut(value, ".")
	text, textErr := base64.RawURLEncoding.DecodeString(first)
	mac, macErr := base64.RawURLEncoding.DecodeString(second)
	var found session
	if textErr != nil || macErr != nil || json.Unmarshal(text, &found) != nil {
		return session{}, nil
	}
	who := s.accounts.byLogin[found.Login]
	if who == nil || !hmac.Equal(mac, signature(who.sessionKey, text)) {
		return session{}, nil
	}
	return found, who
}

func signature(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

func newSessionCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
