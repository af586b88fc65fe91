package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

func TestHome(t *testing.T) {
	t.Parallel()
	in := start(t)
	b := in.visit()
	page := b.get("/")
	wants(t, page, http.StatusOK, "Kimchi stew, step by step", "Piano requests", "Haneul cooks", "12,840 followers", "Closed")
	lacks(t, page, "For members, by link", "Rehearsal")
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff",
		"Content-Type":           "text/html; charset=utf-8",
		"Cache-Control":          "no-store",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	policy := page.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("policy %q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy %q", policy)
	}
	lacks(t, page, "<style", " style=", " onclick=", "<script>")
}

func TestNotFoundAndMethods(t *testing.T) {
	t.Parallel()
	in := start(t)
	b := in.visit()
	for _, path := range []string{"/nope", "/channel/nope", "/watch/nope", "/watch/nope/chat", "/static/nope.js", "/avatar/x.jpg", "/static/../flags.go", "/watch/%00"} {
		if got := b.get(path); got.status != http.StatusNotFound && got.status != http.StatusTemporaryRedirect {
			t.Errorf("%s: status %d", path, got.status)
		}
	}
	wants(t, b.get("/healthz"), http.StatusOK, "ok")
	wants(t, b.post("/watch/nope/seen"), http.StatusNotFound)
	wants(t, b.post("/studio/lives"), http.StatusForbidden)
	wants(t, b.post("/"), http.StatusNotFound)
}

func TestChannelPage(t *testing.T) {
	t.Parallel()
	in := start(t)
	page := in.visit().get("/channel/channel-haneul")
	wants(t, page, http.StatusOK, "Home cooking", "#korean", "On air", "Coming up", "Evening live", "Past lives")
	lacks(t, page, "Rehearsal", "For members, by link", "rtmp://")
	// The owner's public page has no more than everybody's.
	page = in.as("haneul").get("/channel/channel-haneul")
	lacks(t, page, "Rehearsal", "For members, by link", "rtmp://")
	wants(t, in.visit().get("/channel/channel-haneul-archive"), http.StatusOK, "closed")
}

func TestScopes(t *testing.T) {
	t.Parallel()
	in := start(t)
	private := in.firstLive("user-haneul", "channel-haneul", prism.StatusEnd, prism.ScopePrivate)
	limited := in.firstLive("user-haneul", "channel-haneul", prism.StatusReserved, prism.ScopeLimited)
	anyone, stranger, admin, owner := in.visit(), in.as("bada"), in.as("admin"), in.as("haneul")
	for _, suffix := range []string{"", "/chat", "/hls/index.m3u8"} {
		for _, b := range []*browser{anyone, stranger, admin} {
			wants(t, b.get(watchPath(private)+suffix), http.StatusNotFound)
		}
	}
	for _, action := range []string{"/chat", "/like"} {
		wants(t, stranger.post(watchPath(private)+action, "message", "hi"), http.StatusNotFound)
	}
	wants(t, anyone.post(watchPath(private)+"/seen"), http.StatusNotFound)
	wants(t, owner.get(watchPath(private)), http.StatusOK, "Rehearsal", "Private", "Manage this live")
	wants(t, owner.get(watchPath(private)+"/chat"), http.StatusOK)
	// On the plain listener nobody is signed in.
	owner.base = in.creds.InsecureServiceAPIDomain
	wants(t, owner.get(watchPath(private)), http.StatusNotFound)
	for _, b := range []*browser{anyone, stranger} {
		wants(t, b.get(watchPath(limited)), http.StatusOK, "For members, by link", "By link")
	}
}

func poll(t *testing.T, b *browser, live prism.Live, after string) chatState {
	t.Helper()
	b.in.count()
	got := b.get(watchPath(live) + "/chat?after=" + after)
	wants(t, got, http.StatusOK)
	if strings.Contains(got.body, "user-") {
		t.Errorf("the chat has user ids: %s", got.body)
	}
	var s chatState
	if err := json.Unmarshal([]byte(got.body), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWatchAndChat(t *testing.T) {
	t.Parallel()
	in := start(t)
	live := in.firstLive("user-haneul", "channel-haneul", prism.StatusOnAir, prism.ScopePublic)
	_, key, err := prism.SplitRTMPPath(live.RTMPPath)
	if err != nil {
		t.Fatal(err)
	}
	in.hide(key)
	visitor, viewer := in.visit(), in.as("viewer")
	page := visitor.get(watchPath(live))
	wants(t, page, http.StatusOK, "Kimchi stew", "day after tomorrow", "Sign in as a member", `data-status="ON_AIR"`, "no pictures")
	lacks(t, page, key, "rtmp://", live.PlaybackID, "user-haneul")

	before := poll(t, visitor, live, "")
	if before.Status != prism.StatusOnAir || len(before.Messages) != len(demoChat) || before.Views != 37 || before.Viewers != 0 {
		t.Errorf("state %+v", before)
	}
	wants(t, visitor.post(watchPath(live)+"/seen"), http.StatusNoContent)
	wants(t, visitor.post(watchPath(live)+"/seen"), http.StatusNoContent)
	if s := poll(t, visitor, live, ""); s.Viewers != 1 || s.Views != 38 {
		t.Errorf("after one viewer: %d viewers, %d views", s.Viewers, s.Views)
	}

	wants(t, visitor.post(watchPath(live)+"/chat", "message", "hi"), http.StatusForbidden)
	wants(t, viewer.get(watchPath(live)), http.StatusOK, `id="say"`)
	got := viewer.post(watchPath(live)+"/chat", "message", "  <b>안녕</b>  ")
	wants(t, got, http.StatusSeeOther)
	if got.location() != watchPath(live) {
		t.Errorf("location %q", got.location())
	}
	s := poll(t, visitor, live, jsonNumber(before.Next))
	if len(s.Messages) != 1 || s.Messages[0].Text != "<b>안녕</b>" || s.Messages[0].Author != "Minji the viewer" {
		t.Errorf("messages %+v", s.Messages)
	}
	if again := poll(t, visitor, live, jsonNumber(s.Next)); len(again.Messages) != 0 || again.Next != s.Next {
		t.Errorf("after the end: %+v", again)
	}
	page = viewer.get(watchPath(live))
	wants(t, page, http.StatusOK, "&lt;b&gt;안녕&lt;/b&gt;")
	lacks(t, page, "<b>안녕")

	for range 3 {
		wants(t, viewer.post(watchPath(live)+"/like"), http.StatusSeeOther)
	}
	if s := poll(t, visitor, live, ""); s.Likes != 13 {
		t.Errorf("%d likes, want 13: one for each member", s.Likes)
	}

	for _, message := range []string{"", "   ", strings.Repeat("x", maxMessage+1), "\xff"} {
		wants(t, viewer.post(watchPath(live)+"/chat", "message", message), http.StatusBadRequest)
	}
	req := viewer.form(watchPath(live)+"/chat", "message", "from the script")
	req.Header.Set("Accept", "application/json")
	wants(t, viewer.do(req), http.StatusCreated, `{"sent":true}`)
	limited := false
	for range 10 {
		limited = limited || viewer.post(watchPath(live)+"/chat", "message", "spam").status == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("a member can chat without limit")
	}
	for _, after := range []string{"-1", "x", "99999999999999999999"} {
		wants(t, visitor.get(watchPath(live)+"/chat?after="+after), http.StatusBadRequest)
	}
}

func jsonNumber(n int64) string {
	b, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	in := start(t)
	b := in.visit()
	for _, name := range []string{"app.css", "app.js", "watch.js", "icon.svg", "vendor/hls.light.min.js"} {
		got := b.get(assetURL(name))
		wants(t, got, http.StatusOK)
		if !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: Cache-Control %q", name, got.header.Get("Cache-Control"))
		}
	}
	got := b.get("/avatar/channel-haneul.png")
	wants(t, got, http.StatusOK)
	if _, err := png.Decode(strings.NewReader(got.body)); err != nil {
		t.Error(err)
	}
}

// The vendored player is hls.js 1.7.4, dist/hls.light.min.js of the npm
// package, unchanged.
func TestVendoredPlayer(t *testing.T) {
	t.Parallel()
	const want = "482cccb3a224554f64d8c2cf0d335dba4a3819bdb726afbfddfe15de4c277d82"
	data, err := staticFiles.ReadFile("static/vendor/hls.light.min.js")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
		t.Errorf("SHA-256 %x, want %s", sum, want)
	}
	licence, err := staticFiles.ReadFile("static/vendor/hls.light.min.js.LICENSE")
	if err != nil || !strings.Contains(string(licence), "Apache License, Version 2.0") {
		t.Errorf("licence: %v", err)
	}
}
