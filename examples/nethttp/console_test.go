package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

func TestConsoleIsTheAdminsOnly(t *testing.T) {
	t.Parallel()
	in := start(t)
	for _, path := range []string{"/admin/console", "/admin/console?part=live", "/admin/console?asset=console.js"} {
		if got := in.visit().get(path); got.status != http.StatusSeeOther || !strings.HasPrefix(got.location(), "/login?next=%2Fadmin%2Fconsole") {
			t.Errorf("a visitor at %s: %d to %q", path, got.status, got.location())
		}
		wants(t, in.as("haneul").get(path), http.StatusForbidden)
	}
	for _, b := range []*browser{in.visit(), in.as("haneul")} {
		wants(t, b.post("/admin/console", "action", "check-mount"), http.StatusForbidden)
	}
}

func TestConsole(t *testing.T) {
	t.Parallel()
	in := start(t)
	admin := in.as("admin")
	wants(t, admin.get("/admin"), http.StatusOK, `href="/admin/console"`)

	page := admin.get("/admin/console?view=setup&lang=en")
	wants(t, page, http.StatusOK, in.creds.ServiceAPIDomain, in.creds.AuthorizeURL, in.creds.ClientID, testRedirectURI,
		"LIVE_CHAT_LIST, LIVE_CHAT_SEND, LIVE_CHAT_DELETE, USER_BAN", "credentials.json")
	if strings.Contains(page.body, in.creds.ClientSecret) {
		t.Error("the page has the client secret")
	}
	if strings.Contains(page.body, `class="reason"`) || strings.Contains(page.body, "no service is attached") {
		t.Error("a capability is off")
	}

	// Its own certificate is no problem for the check, over the network.
	got := admin.post("/admin/console?lang=en", "action", "check-mount")
	wants(t, got, http.StatusSeeOther)
	if page := admin.get("/admin/console" + got.location()[:strings.Index(got.location(), "#")]); !strings.Contains(page.body, "All is well") {
		t.Errorf("the check of the mount: %s", page.body[strings.Index(page.body, `id="mount"`):])
	}

	// What PRISM does is on the page.
	haneul := in.entry("haneul")
	gateway := in.gateway(in.creds.ServiceAPIDomain)
	tokens, err := gateway.SignIn(t.Context(), prismtest.Credentials{Account: haneul.Login, Password: haneul.Password})
	if err != nil {
		t.Fatal(err)
	}
	in.hide(tokens.AccessToken, tokens.RefreshToken)
	live := in.firstLive("user-haneul", "channel-haneul", prism.StatusOnAir, prism.ScopePublic)
	if _, err := gateway.Session(tokens).Live(t.Context(), live.ID); err != nil {
		t.Fatal(err)
	}
	page = admin.get("/admin/console?part=live&lang=en")
	wants(t, page, http.StatusOK, live.Title, "GET /live/{liveId}", "0 s ago")
	if strings.Contains(page.body, "rtmp://") {
		t.Error("the page has a stream key")
	}
}
