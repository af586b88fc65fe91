package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
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

func TestSessionLife(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	s := newSessions(func() time.Time { return now })
	who, other := &account{login: "a"}, &account{login: "b"}
	signIn := func(a *account, old *http.Cookie) *http.Cookie {
		t.Helper()
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/login", nil)
		if old != nil {
			r.AddCookie(old)
		}
		s.start(w, r, a)
		return w.Result().Cookies()[0]
	}
	with := func(c *http.Cookie) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(c)
		return r
	}

	c := signIn(who, nil)
	if c.Name != "__Host-session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
	if s.account(with(c)) != who {
		t.Fatal("not signed in")
	}
	if s.account(with(&http.Cookie{Name: sessionCookie, Value: "x"})) != nil || s.account(httptest.NewRequest(http.MethodGet, "/", nil)) != nil {
		t.Error("signed in without a session")
	}

	again := signIn(who, c)
	if again.Value == c.Value || s.account(with(c)) != nil {
		t.Error("the old id lives on after a new sign-in")
	}
	now = now.Add(sessionIdle - time.Minute)
	if s.account(with(again)) != who {
		t.Error("ended before the idle time")
	}
	now = now.Add(sessionIdle)
	if s.account(with(again)) != nil {
		t.Error("lives on after the idle time")
	}

	long := signIn(who, nil)
	for range int(sessionLife/sessionIdle) * 2 {
		now = now.Add(sessionIdle / 2)
		s.account(with(long))
	}
	if s.account(with(long)) != nil {
		t.Error("lives on after the total time")
	}

	mine, theirs := signIn(who, nil), signIn(other, nil)
	s.endAll(who)
	if s.account(with(mine)) != nil || s.account(with(theirs)) != other {
		t.Error("endAll ended the wrong sessions")
	}
	w := httptest.NewRecorder()
	s.end(w, with(theirs))
	if s.account(with(theirs)) != nil || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Error("sign-out did not end the session")
	}
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newSessions(func() time.Time { return now })
	r := httptest.NewRequest(http.MethodPost, "/login", nil)
	for range maxSessions + 5 {
		s.start(httptest.NewRecorder(), r, &account{})
	}
	if len(s.set) != maxSessions {
		t.Errorf("%d sessions, want %d", len(s.set), maxSessions)
	}
	now = now.Add(sessionIdle)
	s.start(httptest.NewRecorder(), r, &account{})
	if len(s.set) != 1 {
		t.Errorf("%d sessions after the idle time, want 1", len(s.set))
	}
}
