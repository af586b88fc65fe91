package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	c := newCredentials()
	c.Users = demoMembers()
	d := newAccountDirectory(c)
	tests := []struct{ name, login, password, user string }{
		{"member", "haneul", c.Users[0].Password, "user-haneul"},
		{"other's password", "haneul", c.Users[1].Password, ""},
		{"no password", "haneul", "", ""},
		{"unknown", "nobody", c.Users[0].Password, ""},
		{"case of the login", "Haneul", c.Users[0].Password, ""},
	}
	for _, tt := range tests {
		got, err := d.check(t.Context(), tt.login, tt.password)
		switch {
		case tt.user == "" && !errors.Is(err, oauth.ErrBadCredentials):
			t.Errorf("%s: error %v", tt.name, err)
		case tt.user != "" && (err != nil || got.userID != tt.user || got.admin):
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
	admin, err := d.check(t.Context(), "admin", c.Admin.Password)
	if err != nil || !admin.admin || admin.userID != "" {
		t.Errorf("admin: %+v, %v", admin, err)
	}
	if d.owners["channel-bada"] != "user-bada" {
		t.Errorf("owners %v", d.owners)
	}
}

// While all hashing slots are taken, a sign-in waits only as long as it may.
func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	d := newAccountDirectory(newCredentials())
	for range cap(d.hashing) {
		d.hashing <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.check(ctx, "admin", "x"); !errors.Is(err, prism.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// testAccounts are two accounts, as every instance with the same
// credentials.json makes them.
func testAccounts(password string) *accountDirectory {
	c := credentials{
		ClientID: "client", ClientSecret: "secret", Admin: adminEntry{Login: "admin", Password: "x"},
		Users: []memberEntry{{Login: "a", Password: password, UserID: "user-a"}, {Login: "b", Password: "b", UserID: "user-b"}},
	}
	return newAccountDirectory(c)
}

func signInCookie(t *testing.T, s *sessions, login string, old *http.Cookie) *http.Cookie {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/login", nil)
	if old != nil {
		r.AddCookie(old)
	}
	s.start(w, r, s.accounts.byLogin[login])
	return w.Result().Cookies()[0]
}

func withCookie(c *http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(c)
	return r
}

func TestSessionLife(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	s := newSessions(testAccounts("a"), func() time.Time { now = now.Add(time.Microsecond); return now })
	who, other := s.accounts.byLogin["a"], s.accounts.byLogin["b"]

	c := signInCookie(t, s, "a", nil)
	if c.Name != "__Host-session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
	if s.account(withCookie(c)) != who {
		t.Fatal("not signed in")
	}
	if s.account(httptest.NewRequest(http.MethodGet, "/", nil)) != nil {
		t.Error("signed in without a session")
	}

	again := signInCookie(t, s, "a", c)
	if again.Value == c.Value || s.account(withCookie(c)) != nil {
		t.Error("the old session lives on after a new sign-in")
	}
	now = now.Add(sessionLife - time.Minute)
	if s.account(withCookie(again)) != who {
		t.Error("ended before its time")
	}
	now = now.Add(time.Minute)
	if s.account(withCookie(again)) != nil {
		t.Error("lives on after its time")
	}

	mine, theirs := signInCookie(t, s, "a", nil), signInCookie(t, s, "b", nil)
	s.endAll(who)
	if s.account(withCookie(mine)) != nil || s.account(withCookie(theirs)) != other {
		t.Error("endAll ended the wrong sessions")
	}
	if s.account(withCookie(signInCookie(t, s, "a", nil))) != who {
		t.Error("nobody can sign in after endAll")
	}
	w := httptest.NewRecorder()
	s.end(w, withCookie(theirs))
	if s.account(withCookie(theirs)) != nil || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Error("sign-out did not end the session")
	}
}

// Any instance with the same credentials knows a session, until the account's
// password is another.
func TestSessionIsKnownToAllInstances(t *testing.T) {
	t.Parallel()
	now := time.Now
	c := signInCookie(t, newSessions(testAccounts("a"), now), "a", nil)
	second := newSessions(testAccounts("a"), now)
	if got := second.account(withCookie(c)); got == nil || got.userID != "user-a" {
		t.Errorf("the other instance takes the session for %+v", got)
	}
	if newSessions(testAccounts("new"), now).account(withCookie(c)) != nil {
		t.Error("the session outlives the password")
	}
}

func TestForgedSessions(t *testing.T) {
	t.Parallel()
	s := newSessions(testAccounts("a"), time.Now)
	good := signInCookie(t, s, "a", nil).Value
	text, mac, _ := strings.Cut(good, ".")
	theirs, _, _ := strings.Cut(signInCookie(t, s, "b", nil).Value, ".")
	nobody := session{Login: "nobody", ID: "id", From: time.Now().UnixMicro()}
	for name, value := range map[string]string{
		"empty": "", "no text": "." + mac, "no signature": text, "empty signature": text + ".", "other's text": theirs + "." + mac,
		"not base64": "%." + mac, "unknown account": nobody.seal(nil), "other's key": nobody.seal(s.accounts.byLogin["a"].sessionKey),
		"long": good + strings.Repeat("x", maxSessionCookie),
	} {
		if s.account(withCookie(&http.Cookie{Name: sessionCookie, Value: value})) != nil {
			t.Errorf("%s: signed in", name)
		}
	}
}

func TestEndedSessionsAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newSessions(testAccounts("a"), func() time.Time { return now })
	var c *http.Cookie
	s.maxEnded = 20
	for range s.maxEnded + 5 {
		c = signInCookie(t, s, "a", c)
	}
	if len(s.ended) != s.maxEnded {
		t.Errorf("%d sessions are kept, want %d", len(s.ended), s.maxEnded)
	}
	now = now.Add(sessionLife)
	c = signInCookie(t, s, "a", nil)
	signInCookie(t, s, "a", c)
	if len(s.ended) != 1 {
		t.Errorf("%d sessions are kept after their time, want 1", len(s.ended))
	}
}
