package main

import (
	"net/http"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

func TestAdminIsTheAdminsOnly(t *testing.T) {
	t.Parallel()
	in := start(t)
	live := in.firstLive("user-haneul", "channel-haneul", prism.StatusOnAir, prism.ScopePublic)
	for _, b := range []*browser{in.visit(), in.as("haneul")} {
		if got := b.get("/admin"); got.status != http.StatusForbidden && got.location() != "/login?next=%2Fadmin" {
			t.Errorf("/admin: %d to %q", got.status, got.location())
		}
		for _, path := range []string{"lives/" + live.ID + "/end", "lives/" + live.ID + "/ban", "lives/" + live.ID + "/unban", "channels/channel-haneul", "users/user-haneul"} {
			wants(t, b.post("/admin/"+path, "user", "user-viewer"), http.StatusForbidden)
		}
	}
	if l, err := in.store.WatchLive(t.Context(), live.ID); err != nil || l.Status != prism.StatusOnAir {
		t.Errorf("%s, %v", l.Status, err)
	}
}

func TestAdminActions(t *testing.T) {
	t.Parallel()
	in := start(t)
	admin, viewer := in.as("admin"), in.as("viewer")
	live := in.firstLive("user-haneul", "channel-haneul", prism.StatusOnAir, prism.ScopePublic)
	other := in.firstLive("user-bada", "channel-bada", prism.StatusOnAir, prism.ScopePublic)
	page := "/admin/lives/" + live.ID
	// follow posts a form and reads the page that comes of it.
	follow := func(want, path string, form ...string) {
		t.Helper()
		got := admin.post(path, form...)
		wants(t, got, http.StatusSeeOther)
		wants(t, admin.get(got.location()), http.StatusOK, want)
	}
	say := func(live prism.Live, want int) {
		t.Helper()
		wants(t, viewer.post(watchPath(live)+"/chat", "message", "hello"), want)
	}
	wants(t, admin.get("/admin"), http.StatusOK, "Kimchi stew", "Force end", "Minji the viewer", "Bada plays")
	wants(t, admin.get(page), http.StatusOK, "Minji the viewer", "Ban 10 min")

	follow("The user can no longer chat", page+"/ban", "user", "user-viewer", "length", "short")
	say(live, http.StatusForbidden)
	say(other, http.StatusSeeOther)
	follow("The user can chat again", page+"/unban", "user", "user-viewer")
	say(live, http.StatusSeeOther)
	follow("The user can no longer chat", page+"/ban", "user", "user-viewer", "length", "long")
	say(live, http.StatusForbidden)
	wants(t, admin.post(page+"/ban", "user", "nobody"), http.StatusNotFound)

	follow("The live has ended.", page+"/end")
	if s := poll(t, viewer, live, ""); s.Status != prism.StatusEnd {
		t.Errorf("status %s after the force-end", s.Status)
	}
	follow("The live has ended.", page+"/end") // twice is no error
	wants(t, admin.post("/admin/lives/nope/end"), http.StatusNotFound)

	follow("The channel is disabled.", "/admin/channels/channel-bada", "enabled", "false")
	if s := poll(t, viewer, other, ""); s.Status != prism.StatusEnd {
		t.Errorf("status %s after the channel was disabled", s.Status)
	}
	wants(t, in.visit().get("/channel/channel-bada"), http.StatusOK, "closed")
	follow("The channel is enabled.", "/admin/channels/channel-bada", "enabled", "true")
	wants(t, admin.post("/admin/channels/nope", "enabled", "true"), http.StatusNotFound)
	wants(t, admin.post("/admin/users/nope", "enabled", "true"), http.StatusNotFound)
}

func TestDisabledUser(t *testing.T) {
	t.Parallel()
	in := start(t)
	admin, bada := in.as("admin"), in.as("bada")
	live := in.firstLive("user-bada", "channel-bada", prism.StatusOnAir, prism.ScopePublic)
	wants(t, admin.post("/admin/users/user-bada", "enabled", "false"), http.StatusSeeOther)
	wants(t, admin.get("/admin?notice=user-off"), http.StatusOK, "Enable user", "The user is disabled")
	if got := bada.get("/studio"); got.status != http.StatusSeeOther {
		t.Errorf("the session lives on: %d", got.status)
	}
	if l, err := in.store.WatchLive(t.Context(), live.ID); err != nil || l.Status != prism.StatusEnd {
		t.Errorf("%s, %v", l.Status, err)
	}
	password := in.entry("bada").Password
	wants(t, bada.post("/login", "login", "bada", "password", password), http.StatusForbidden, "The name or the password is wrong.")
	wants(t, admin.post("/admin/users/user-bada", "enabled", "true"), http.StatusSeeOther)
	wants(t, bada.post("/login", "login", "bada", "password", password), http.StatusSeeOther)

	// Another instance disabled the user: sessions here are of no use.
	user, err := in.store.User(t.Context(), "user-bada")
	if err != nil {
		t.Fatal(err)
	}
	user.Disabled = true
	if err := in.store.PutUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	wants(t, bada.get("/studio"), http.StatusForbidden)
}
