package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func TestStudioIsTheOwnersOnly(t *testing.T) {
	t.Parallel()
	in := start(t)
	live := in.firstLive("user-haneul", "channel-haneul", prism.StatusReserved, prism.ScopePublic)
	_, key, err := prism.SplitRTMPPath(live.RTMPPath)
	if err != nil {
		t.Fatal(err)
	}
	in.hide(key)
	owner, stranger := in.as("haneul"), in.as("bada")
	wants(t, owner.get("/studio"), http.StatusOK, key, "Rehearsal", "For members, by link", "Disabled")
	page := stranger.get("/studio")
	wants(t, page, http.StatusOK, "Bada plays")
	lacks(t, page, key, "Haneul cooks")
	for _, action := range []string{"start", "stop"} {
		wants(t, stranger.post("/studio/lives/"+live.ID+"/"+action), http.StatusNotFound)
	}
	wants(t, stranger.post("/studio/lives", "channel", "channel-haneul", "title", "x", "scope", "PUBLIC"), http.StatusNotFound)
	wants(t, in.as("admin").get("/studio"), http.StatusForbidden)
	wants(t, in.as("viewer").get("/studio"), http.StatusOK, "This account has no channel.")
	if got := in.visit().get("/studio"); got.status != http.StatusSeeOther || got.location() != "/login?next=%2Fstudio" {
		t.Errorf("visitor: %d to %q", got.status, got.location())
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	in := start(t)
	b := in.as("haneul")
	got := b.post("/studio/lives", "channel", "channel-haneul", "title", " 김치찌개 ", "description", "a\r\nb",
		"scope", "LIMITED", "reservedAt", "2027-01-02T19:30", "utcOffset", "540")
	wants(t, got, http.StatusSeeOther)
	wants(t, b.get(got.location()), http.StatusOK, "The live is scheduled.", "김치찌개")
	lives, err := in.store.Lives(t.Context(), "user-haneul", "channel-haneul", prism.LiveFilter{Status: prism.StatusReserved})
	if err != nil {
		t.Fatal(err)
	}
	l := lives[0]
	if l.Title != "김치찌개" || l.Description != "a\nb" || l.Scope != prism.ScopeLimited ||
		!l.ReservedAt.Equal(time.Date(2027, 1, 2, 10, 30, 0, 0, time.UTC)) {
		t.Errorf("live %q, %q, %s, %v", l.Title, l.Description, l.Scope, l.ReservedAt)
	}
	got = b.post("/studio/lives", "channel", "channel-haneul-archive", "title", "x", "scope", "PUBLIC")
	wants(t, b.get(got.location()), http.StatusOK, "This channel is disabled")
	got = b.post("/studio/lives", "channel", "channel-haneul", "title", "", "description", "kept", "scope", "PUBLIC")
	wants(t, got, http.StatusBadRequest, "Give the live a title.", "kept")
}

func TestScheduleForm(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		form    scheduleForm
		offset  string
		want    time.Time
		problem string
	}{
		{"now", scheduleForm{Title: "x", Scope: "PUBLIC"}, "", now, ""},
		{"100 units", scheduleForm{Title: strings.Repeat("👋", 50), Scope: "PUBLIC"}, "", now, ""},
		{"101 units", scheduleForm{Title: strings.Repeat("👋", 50) + "x", Scope: "PUBLIC"}, "", time.Time{}, "The title"},
		{"bad title", scheduleForm{Title: "\xff", Scope: "PUBLIC"}, "", time.Time{}, "Give"},
		{"long text", scheduleForm{Title: "x", Description: strings.Repeat("x", 5001), Scope: "PUBLIC"}, "", time.Time{}, "The description"},
		{"no scope", scheduleForm{Title: "x"}, "", time.Time{}, "Choose"},
		{"past", scheduleForm{Title: "x", Scope: "PRIVATE", ReservedAt: "2020-01-01T00:00"}, "0", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		{"west", scheduleForm{Title: "x", Scope: "PUBLIC", ReservedAt: "2026-12-01T00:00"}, "-300", time.Date(2026, 12, 1, 5, 0, 0, 0, time.UTC), ""},
		{"no offset", scheduleForm{Title: "x", Scope: "PUBLIC", ReservedAt: "2026-12-01T00:00"}, "", time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), ""},
		{"wild offset", scheduleForm{Title: "x", Scope: "PUBLIC", ReservedAt: "2026-12-01T00:00"}, "99999", time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), ""},
		{"no time", scheduleForm{Title: "x", Scope: "PUBLIC", ReservedAt: "tomorrow"}, "", time.Time{}, "The time"},
		{"year 0", scheduleForm{Title: "x", Scope: "PUBLIC", ReservedAt: "0001-01-01T00:00"}, "", time.Time{}, "The time"},
	}
	for _, tt := range tests {
		got, problem := tt.form.check(tt.offset, now)
		if !got.Equal(tt.want) || !strings.HasPrefix(problem, tt.problem) || (problem == "") != (tt.problem == "") {
			t.Errorf("%s: %v, %q, want %v, %q", tt.name, got, problem, tt.want, tt.problem)
		}
	}
}

func TestStudioStartAndStop(t *testing.T) {
	t.Parallel()
	in := start(t)
	b := in.as("haneul")
	running := in.firstLive("user-haneul", "channel-haneul", prism.StatusOnAir, prism.ScopePublic)
	next := in.firstLive("user-haneul", "channel-haneul", prism.StatusReserved, prism.ScopePublic)
	got := b.post("/studio/lives/" + next.ID + "/start")
	wants(t, b.get(got.location()), http.StatusOK, "The live is on air.")
	for id, want := range map[string]prism.Status{running.ID: prism.StatusEnd, next.ID: prism.StatusOnAir} {
		if l, err := in.store.WatchLive(t.Context(), id); err != nil || l.Status != want {
			t.Errorf("%s: %s, %v, want %s", id, l.Status, err, want)
		}
	}
	got = b.post("/studio/lives/" + next.ID + "/stop")
	wants(t, b.get(got.location()), http.StatusOK, "The live has ended.")
	if l, err := in.store.WatchLive(t.Context(), next.ID); err != nil || l.Status != prism.StatusEnd {
		t.Errorf("%s, %v", l.Status, err)
	}
	closed := in.firstLive("user-haneul", "channel-haneul-archive", prism.StatusEnd, prism.ScopePublic)
	got = b.post("/studio/lives/" + closed.ID + "/start")
	wants(t, b.get(got.location()), http.StatusOK, "This channel is disabled")
}
