package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/examples/internal/redistest"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The whole app, driven by PRISM and by browsers: sign-in, create, start, chat
// both ways, ban, force-end, stop.
func TestGoLive(t *testing.T) {
	t.Parallel()
	t.Run("TLS", func(t *testing.T) {
		t.Parallel()
		in := start(t)
		goLive(t, in, in.gateway(in.creds.ServiceAPIDomain))
	})
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		in := start(t)
		goLive(t, in, in.gateway(in.creds.InsecureServiceAPIDomain))
	})
	t.Run("Redis", func(t *testing.T) {
		t.Parallel()
		in := start(t, "-redis", redistest.Start(t).URL())
		goLive(t, in, in.gateway(in.creds.ServiceAPIDomain))
	})
}

func goLive(t *testing.T, in *instance, gateway *prismtest.Gateway) {
	ctx := t.Context()
	haneul := in.entry("haneul")
	code, err := gateway.Authorize(ctx, prismtest.Credentials{Account: haneul.Login, Password: haneul.Password})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := gateway.Exchange(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	in.hide(code, tokens.AccessToken, tokens.RefreshToken)
	if tokens, err = gateway.Refresh(ctx, tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	in.hide(tokens.AccessToken, tokens.RefreshToken)
	streamer := gateway.Session(tokens)

	channels, err := streamer.Channels(ctx)
	if err != nil || len(channels.Channels) != 2 || channels.Channels[0].ID != haneul.Channels[0].ChannelID || channels.Channels[1].Enabled {
		t.Fatalf("channels %+v, %v", channels, err)
	}
	channel := channels.Channels[0]
	if got := in.visit().get(strings.TrimPrefix(channel.Link, in.origin)); got.status != http.StatusOK {
		t.Errorf("channelLink %q: %d", channel.Link, got.status)
	}
	live, err := streamer.CreateLive(ctx, channel.ID, prismtest.NewLive{Title: "From PRISM", Scope: prism.ScopePublic})
	if err != nil {
		t.Fatal(err)
	}
	server, key, err := prism.SplitRTMPPath(live.RTMPPath)
	if err != nil || server != in.creds.RTMPBase {
		t.Fatalf("rtmpPath server %q, %v", server, err)
	}
	in.hide(key)
	if live, err = streamer.StartLive(ctx, live.ID); err != nil || live.Status != prism.StatusOnAir {
		t.Fatalf("start: %+v, %v", live.Status, err)
	}
	watch := strings.TrimPrefix(live.Link, in.origin)
	viewer, admin := in.as("viewer"), in.as("admin")
	wants(t, viewer.get(watch), http.StatusOK, "From PRISM", "On air")
	wants(t, viewer.post(watch+"/seen"), http.StatusNoContent)

	// Chat, both ways.
	wants(t, viewer.post(watch+"/chat", "message", "hello from the page"), http.StatusSeeOther)
	chat, err := streamer.Chat(ctx, live.ID, nil, 10)
	if err != nil || len(chat.Messages) != 1 || chat.Messages[0].Text != "hello from the page" {
		t.Fatalf("chat %+v, %v", chat, err)
	}
	if err := streamer.SendChat(ctx, live.ID, "hello from PRISM"); err != nil {
		t.Fatal(err)
	}
	wants(t, viewer.get(watch), http.StatusOK, "hello from PRISM")

	// Bans, by PRISM.
	guest := chat.Messages[0].AuthorID
	if err := streamer.Ban(ctx, live.ID, guest); err != nil {
		t.Fatal(err)
	}
	wants(t, viewer.post(watch+"/chat", "message", "let me in"), http.StatusForbidden)
	if err := streamer.Unban(ctx, live.ID, guest); err != nil {
		t.Fatal(err)
	}
	wants(t, viewer.post(watch+"/chat", "message", "thanks"), http.StatusSeeOther)
	in.count()
	if got, err := streamer.Live(ctx, live.ID); err != nil || got.Stats.Viewers != 1 || got.Stats.Chats != 3 {
		t.Errorf("statistics %+v, %v", got.Stats, err)
	}

	// The admin ends it by force; PRISM sees that, and starts it again.
	wants(t, admin.post("/admin/lives/"+live.ID+"/end"), http.StatusSeeOther)
	if got, err := streamer.Live(ctx, live.ID); err != nil || got.Status != prism.StatusEnd {
		t.Errorf("after the force-end: %s, %v", got.Status, err)
	}
	if got, err := streamer.StartLive(ctx, live.ID); err != nil || got.Status != prism.StatusOnAir {
		t.Errorf("started again: %s, %v", got.Status, err)
	}
	if got, err := streamer.StopLive(ctx, live.ID); err != nil || got.Status != prism.StatusEnd {
		t.Errorf("stop: %s, %v", got.Status, err)
	}

	// A disabled user is logged out of PRISM.
	wants(t, admin.post("/admin/users/user-haneul", "enabled", "false"), http.StatusSeeOther)
	var refused *prismtest.APIError
	if _, err := streamer.User(ctx); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("a disabled user's token: %v", err)
	}
	wants(t, admin.post("/admin/users/user-haneul", "enabled", "true"), http.StatusSeeOther)
	if _, err := gateway.Authorize(ctx, prismtest.Credentials{Account: "haneul", Password: "wrong"}); !errors.Is(err, prismtest.ErrSignInRefused) {
		t.Errorf("a wrong password: %v", err)
	}
}

// The console's default authorization URL works too, and the admin is asked to
// switch accounts.
func TestAuthorizeWithASession(t *testing.T) {
	t.Parallel()
	in := start(t)
	query := "?response_type=code&client_id=" + in.creds.ClientID + "&redirect_uri=" + testRedirectURI + "&state=s"
	for _, path := range []string{"/oauth/authorize", "/prism/oauth/authorize"} {
		got := in.as("bada").get(path + query)
		if !strings.HasPrefix(got.location(), testRedirectURI+"?") || !strings.Contains(got.location(), "code=") {
			t.Errorf("%s: %d to %q", path, got.status, got.location())
		}
		got = in.as("bada").get(path + query + "&prompt=login")
		if !strings.HasPrefix(got.location(), in.origin+"/login?next=") || strings.Contains(got.location(), "prompt") {
			t.Errorf("%s with prompt=login: %d to %q, want the sign-in page, once", path, got.status, got.location())
		}
		got = in.as("admin").get(path + query)
		if !strings.HasPrefix(got.location(), in.origin+"/login?next=") || !strings.HasSuffix(got.location(), "&notice=streamer") {
			t.Errorf("%s as admin: %d to %q", path, got.status, got.location())
		}
	}
	if got := in.visit().get("/oauth/authorize" + strings.Replace(query, "4711", "4712", 1)); got.status != http.StatusBadRequest || got.location() != "" {
		t.Errorf("a foreign redirect URI: %d to %q", got.status, got.location())
	}
}

func TestMountNeverRedirects(t *testing.T) {
	t.Parallel()
	in := start(t)
	b := in.visit()
	for _, path := range []string{"/prism", "/prism/", "/prism//v1/service/user", "/prism/v1/service/live/..%2fx", "/prism/v1/../x"} {
		got := b.get(path)
		wants(t, got, http.StatusNotFound, `"success":false`)
	}
	for _, method := range []string{http.MethodHead, http.MethodOptions} {
		req, err := http.NewRequest(method, in.origin+"/prism/v1/service/user", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.do(req); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET" {
			t.Errorf("%s: %d, Allow %q", method, got.status, got.header.Get("Allow"))
		}
	}
}

// A restart on the same folder keeps ids, secrets and what people did.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := "sqlite:" + filepath.Join(dir, "prism.db")
	first := startIn(t, dir, "-db", db)
	for _, status := range []prism.Status{prism.StatusReserved, prism.StatusOnAir, prism.StatusEnd} {
		first.firstLive("user-haneul", "channel-haneul", status, prism.ScopePublic)
	}
	admin := first.as("admin")
	wants(t, admin.post("/admin/channels/channel-bada", "enabled", "false"), http.StatusSeeOther)
	wants(t, admin.post("/admin/users/user-viewer", "enabled", "false"), http.StatusSeeOther)
	onAir := first.firstLive("user-haneul", "channel-haneul", prism.StatusOnAir, prism.ScopePublic)
	wants(t, admin.post("/admin/lives/"+onAir.ID+"/end"), http.StatusSeeOther)
	lives := seeded(t, first)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}

	second := startIn(t, dir, "-db", db)
	if second.creds.ClientSecret != first.creds.ClientSecret || second.creds.Admin != first.creds.Admin {
		t.Error("the credentials changed")
	}
	if second.origin == first.origin {
		t.Fatal("the port is the same, so this test shows nothing")
	}
	if diff := cmp.Diff(lives, seeded(t, second)); diff != "" {
		t.Error("the lives changed", diff)
	}
	ch, err := second.store.Channel(t.Context(), "user-bada", "channel-bada")
	if err != nil || ch.Enabled || ch.Link != second.origin+"/channel/channel-bada" {
		t.Errorf("channel enabled %t, link %q, %v", ch.Enabled, ch.Link, err)
	}
	if u, err := second.store.User(t.Context(), "user-viewer"); err != nil || !u.Disabled {
		t.Errorf("user disabled %t, %v", u.Disabled, err)
	}
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "prism.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("database mode %v, %v", info, err)
	}
}

// seeded is the state and chat of all lives.
func seeded(t *testing.T, in *instance) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, u := range in.creds.Users {
		for _, ch := range u.Channels {
			lives, err := in.store.Lives(t.Context(), u.UserID, ch.ChannelID, prism.LiveFilter{})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lives {
				got[l.ID] = string(l.Status) + " " + jsonNumber(l.Stats.Chats) + " " + l.ModifiedAt.String()
			}
		}
	}
	return got
}

// Two instances on one file and one database sign in the same people.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shared, db := filepath.Join(dir, "shared.json"), "sqlite:"+filepath.Join(dir, "shared.db")
	a := start(t, "-credentials", shared, "-db", db)
	b := start(t, "-credentials", shared, "-db", db)
	bada := a.entry("bada")
	tokens, err := a.gateway(a.creds.ServiceAPIDomain).SignIn(t.Context(), prismtest.Credentials{Account: bada.Login, Password: bada.Password})
	if err != nil {
		t.Fatal(err)
	}
	a.hide(tokens.AccessToken, tokens.RefreshToken)
	sessionA, sessionB := a.gateway(a.creds.ServiceAPIDomain).Session(tokens), b.gateway(b.creds.ServiceAPIDomain).Session(tokens)
	live := a.firstLive("user-bada", "channel-bada", prism.StatusOnAir, prism.ScopePublic)
	page, err := sessionA.Chat(t.Context(), live.ID, nil, 2)
	if err != nil || len(page.Messages) != 2 {
		t.Fatalf("chat at the first: %+v, %v", page, err)
	}
	if page, err = sessionB.Chat(t.Context(), live.ID, &page.Next, 10); err != nil || len(page.Messages) != 0 {
		t.Errorf("the first's page token at the second: %+v, %v", page, err)
	}
}

func TestNoDemo(t *testing.T) {
	t.Parallel()
	in := start(t, "-no-demo")
	if len(in.creds.Users) != 0 {
		t.Errorf("users %d", len(in.creds.Users))
	}
	wants(t, in.visit().get("/"), http.StatusOK, "Nobody is on air", "There are no channels yet.")
	wants(t, in.as("admin").get("/admin"), http.StatusOK, "There are no members.", "No live is on air.")
}

// A live on air without pictures ends after -ingest-timeout.
func TestIngestTimeout(t *testing.T) {
	t.Parallel()
	in := start(t, "-ingest-timeout", "1s")
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		lives, err := in.store.LivesOnAir(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(lives) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d lives are on air still", len(lives))
		}
	}
}

func TestRegistrationText(t *testing.T) {
	t.Parallel()
	in := start(t, "-public-url", "https://live.example.com")
	text := in.out.String()
	for _, want := range []string{"https://live.example.com/prism/oauth/authorize", in.creds.ClientID, in.creds.ClientSecret,
		testRedirectURI, in.creds.InsecureServiceAPIDomain, "LIVE_CHAT_LIST", filepath.Join(in.dir, "credentials.json")} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	if in.creds.ServiceAPIDomain != "https://live.example.com" {
		t.Errorf("serviceApiDomain %q", in.creds.ServiceAPIDomain)
	}
	for _, secret := range []string{in.creds.Admin.Password, in.creds.Users[0].Password} {
		if strings.Contains(text, secret) {
			t.Error("the text has a password")
		}
	}
}

func TestBusyAddress(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range []string{"-addr", "-tls-addr"} {
		args := []string{"-addr", "127.0.0.1:0", "-tls-addr", "127.0.0.1:0", "-data", t.TempDir(), name, l.Addr().String()}
		var stderr strings.Builder
		if code := run(t.Context(), args, io.Discard, &stderr); code != 1 || !strings.Contains(stderr.String(), name+": listen") {
			t.Errorf("%s: code %d, %s", name, code, stderr.String())
		}
	}
}

// A request in flight is finished when the app stops, and run returns 0.
func TestCleanStop(t *testing.T) {
	t.Parallel()
	in := start(t)
	entered, release := make(chan struct{}), make(chan struct{})
	in.store = slowStore{in.store, entered, release}
	b := in.visit()
	got := make(chan answer, 1)
	go func() { got <- b.get("/") }()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- in.stop() }()
	select {
	case err := <-stopped:
		t.Fatalf("stopped before the request was finished: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	wants(t, <-got, http.StatusOK)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestRunReturnsZeroWhenStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	args := []string{"-addr", "127.0.0.1:0", "-tls-addr", "127.0.0.1:0", "-data", filepath.Join(t.TempDir(), "new")}
	var log lockedBuffer
	out := writerFunc(func(p []byte) (int, error) {
		if !strings.Contains(string(p), "Ready.") {
			t.Errorf("first output %q", p)
		}
		cancel()
		return len(p), nil
	})
	if code := run(ctx, args, out, &log); code != 0 {
		t.Errorf("code %d:\n%s", code, log.String())
	}
	if code := run(ctx, args, io.Discard, &log); code != 0 {
		t.Errorf("code %d when told to stop before the start:\n%s", code, log.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type slowStore struct {
	dataStore
	entered, release chan struct{}
}

func (s slowStore) LivesOnAir(ctx context.Context, limit int) ([]prism.Live, error) {
	close(s.entered)
	<-s.release
	return s.dataStore.LivesOnAir(ctx, limit)
}

func TestUnhealthy(t *testing.T) {
	t.Parallel()
	in := start(t)
	in.store = downStore{in.store}
	b := in.visit()
	wants(t, b.get("/healthz"), http.StatusServiceUnavailable, "the database does not answer")
	page := b.get("/")
	wants(t, page, http.StatusServiceUnavailable, "Try again in a moment")
	lacks(t, page, "connection refused")
}

type downStore struct{ dataStore }

func (downStore) LivesOnAir(context.Context, int) ([]prism.Live, error) {
	return nil, errors.Join(prism.ErrUnavailable, errors.New("connection refused"))
}
