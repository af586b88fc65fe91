package main

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/examples/internal/child"
	"github.com/b2bprism/b2bprism/examples/internal/redistest"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// Two instances on one database, one Redis and one credentials file are one
// service: a browser and PRISM may talk to either at any time.
func TestTwoInstancesWithRedis(t *testing.T) {
	t.Parallel()
	server, dir := redistest.Start(t), t.TempDir()
	args := []string{
		"-db", "sqlite:" + filepath.Join(dir, "prism.db"), "-redis", server.URL(),
		"-credentials", filepath.Join(dir, "credentials.json"), "-public-url", "https://live.example.com",
	}
	firstAddr, secondAddr := child.Address(t), child.Address(t)
	first := startIn(t, filepath.Join(dir, "1"), append(args, "-tls-addr", firstAddr)...)
	second := startIn(t, filepath.Join(dir, "2"), append(args, "-tls-addr", secondAddr)...)
	first.hide(server.Password)
	second.hide(server.Password)

	// The session of one is good at the other.
	b := first.visit()
	b.base = "https://" + firstAddr
	wants(t, b.post("/login", "login", "bada", "password", first.entry("bada").Password), http.StatusSeeOther)
	session := b.client.Jar
	b = second.visit()
	b.client.Jar, b.base = session, "https://"+secondAddr
	wants(t, b.get("/studio"), http.StatusOK, "bada")

	// So are a code, tokens, and the chat.
	here, there := first.gateway("https://"+firstAddr), second.gateway("https://"+secondAddr)
	got := b.get("/prism/oauth/authorize?response_type=code&client_id=" + first.creds.ClientID + "&redirect_uri=" + testRedirectURI + "&state=s")
	code := between(got.location(), "code=", "&")
	tokens, err := here.Exchange(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	first.hide(code, tokens.AccessToken, tokens.RefreshToken)
	second.hide(code, tokens.AccessToken, tokens.RefreshToken)
	streamer, other := here.Session(tokens), there.Session(tokens)
	live, err := streamer.CreateLive(t.Context(), "channel-bada", prismtest.NewLive{Title: "On two instances"})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.SendChat(t.Context(), live.ID, "from the other"); err != nil {
		t.Fatal(err)
	}
	chat, err := streamer.Chat(t.Context(), live.ID, nil, 10)
	if err != nil || len(chat.Messages) != 1 || !chat.Messages[0].LiveOwner {
		t.Errorf("chat %+v, %v", chat, err)
	}
	if _, err := other.StartLive(t.Context(), live.ID); err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		in   *instance
		addr string
	}{{first, firstAddr}, {second, secondAddr}, {first, firstAddr}} {
		viewer := at.in.visit()
		viewer.base = "https://" + at.addr
		wants(t, viewer.get("/watch/"+live.ID), http.StatusOK)
		wants(t, viewer.post("/watch/"+live.ID+"/seen"), http.StatusNoContent)
		at.in.count()
	}
	if got, err := streamer.Live(t.Context(), live.ID); err != nil || got.Stats.Chats != 1 || got.Stats.Viewers != 3 {
		t.Errorf("statistics %+v, %v", got.Stats, err)
	}

	// What is left in the database is no chat.
	joined, ok := first.store.(joinedStore)
	if !ok {
		t.Fatalf("the store is %T", first.store)
	}
	page, err := joined.mainStore.LiveChat(t.Context(), live.ID, prism.ChatQuery{Limit: 10})
	if err != nil || len(page.Messages) != 0 {
		t.Errorf("the database has %d messages, %v", len(page.Messages), err)
	}
}

func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

// Without Redis the app is not healthy, and does not start.
func TestRedisIsDown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	in := start(t, "-redis", server.URL())
	in.hide(server.Password)
	b := in.visit()
	wants(t, b.get("/healthz"), http.StatusOK)
	server.Kill()
	wants(t, b.get("/healthz"), http.StatusServiceUnavailable)
	wants(t, b.get("/"), http.StatusOK)

	var stderr strings.Builder
	args := []string{"-addr", "127.0.0.1:0", "-tls-addr", "127.0.0.1:0", "-data", t.TempDir(), "-db", "memory:", "-redis", server.URL()}
	if code := run(t.Context(), args, io.Discard, &stderr); code != 1 || !strings.Contains(stderr.String(), "-redis: ") || strings.Contains(stderr.String(), server.Password) {
		t.Errorf("code %d, %s", code, stderr.String())
	}
	server.Restart()
	wants(t, b.get("/healthz"), http.StatusOK)
}
