// Package golive drives an example app the way PRISM does, from the sign-in to
// the last stop, and searches the app's log for secrets. The tests of all
// framework examples share it.
package golive

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// App is a running example app.
type App struct {
	// Origin is where it runs; the service API stands below Origin + "/prism".
	Origin string
	// ClientID, ClientSecret and RedirectURI are its OAuth client.
	ClientID, ClientSecret, RedirectURI string
	// Streamer owns a channel that is enabled, Stranger another.
	Streamer, Stranger prismtest.Credentials
	// Chat posts a message of a viewer, the Stranger, in the app's own way. It
	// returns an error that wraps prism.ErrForbidden when the viewer is banned.
	Chat func(ctx context.Context, liveID, text string) error
	// Log returns what the app has logged so far. nil means that it logs
	// nothing.
	Log func() string
	// Wire carries the requests; the same one must carry those of Chat.
	Wire *Wiretap
}

func (a App) gateway() *prismtest.Gateway {
	return &prismtest.Gateway{
		ServiceAPIDomain: a.Origin, AuthorizeURL: a.Origin + "/prism/oauth/authorize",
		ClientID: a.ClientID, ClientSecret: a.ClientSecret, RedirectURI: a.RedirectURI,
		HTTPClient: &http.Client{Transport: a.Wire},
	}
}

// Run goes live on the app: the mount, sign-in, tokens, channels, create,
// start, chat, ban, newest wins, stop and refresh, all held against the wire
// contract, and at last the log.
func Run(t *testing.T, a App) {
	t.Helper()
	ctx := t.Context()
	if err := prism.CheckMount(ctx, &http.Client{Transport: a.Wire}, a.Origin); err != nil {
		t.Error(err)
	}
	g := a.gateway()
	if _, err := g.SignIn(ctx, prismtest.Credentials{Account: a.Streamer.Account, Password: "not the password"}); !errors.Is(err, prismtest.ErrSignInRefused) {
		t.Errorf("a wrong password: %v", err)
	}
	code := must(g.Authorize(ctx, a.Streamer))(t)
	tokens := must(g.Exchange(ctx, code))(t)
	s := g.Session(tokens)

	user := must(s.User(ctx))(t)
	channels := must(s.Channels(ctx))(t).Channels
	if len(channels) == 0 || !channels[0].Enabled || user.Name == "" {
		t.Fatalf("user %+v has no channel to go live on: %+v", user, channels)
	}
	live := broadcast(t, a, s, channels[0].ID)
	stranger := g.Session(must(g.SignIn(ctx, a.Stranger))(t))
	if _, err := stranger.Live(ctx, live.ID); !is(err, prism.ErrNotFound) {
		t.Errorf("a stranger asks for the live: %v", err)
	}

	fresh := must(g.Refresh(ctx, tokens.RefreshToken))(t)
	if fresh.AccessToken == tokens.AccessToken || fresh.RefreshToken == tokens.RefreshToken {
		t.Error("a refresh gave the same tokens")
	}
	for _, pair := range []prismtest.Tokens{tokens, fresh} { // a running live keeps the older one
		must(g.Session(pair).Live(ctx, live.ID))(t)
	}
	if _, err := g.Exchange(ctx, code); err == nil {
		t.Error("a code was redeemed twice")
	}
	if _, err := g.Session(fresh).User(ctx); !is(err, prism.ErrUnauthorized) {
		t.Errorf("after a replayed code: %v", err)
	}
	if a.Log != nil {
		checkLog(t, a)
	}
}

// broadcast goes on air twice and chats, and returns the second live, ended.
func broadcast(t *testing.T, a App, s *prismtest.Session, channelID string) prismtest.Live {
	t.Helper()
	ctx := t.Context()
	first := must(s.CreateLive(ctx, channelID, prismtest.NewLive{Title: "첫 방송"}))(t)
	if l := must(s.StartLive(ctx, first.ID))(t); l.Status != prism.StatusOnAir || l.StreamKey == "" || l.StreamKey != first.StreamKey {
		t.Errorf("started: %+v", l)
	}
	chat(t, a, s, first.ID)

	second := must(s.CreateLive(ctx, channelID, prismtest.NewLive{Title: "Newest wins"}))(t)
	must(s.StartLive(ctx, second.ID))(t)
	if l := must(s.Live(ctx, first.ID))(t); l.Status != prism.StatusEnd {
		t.Errorf("the first live is %s after a newer one started", l.Status)
	}
	if onAir := must(s.Lives(ctx, channelID, prism.StatusOnAir))(t); len(onAir) != 1 || onAir[0].ID != second.ID {
		t.Errorf("on air: %+v", onAir)
	}
	ended := must(s.StopLive(ctx, second.ID))(t)
	if ended.Status != prism.StatusEnd {
		t.Errorf("stopped: %+v", ended)
	}
	return ended
}

// chat talks both ways, bans the viewer and lifts the ban.
func chat(t *testing.T, a App, s *prismtest.Session, liveID string) {
	t.Helper()
	ctx := t.Context()
	before := must(s.Chat(ctx, liveID, nil, 0))(t)
	ok(t, s.SendChat(ctx, liveID, "안녕하세요"))
	ok(t, a.Chat(ctx, liveID, "hi <b>"))
	page := must(s.Chat(ctx, liveID, &before.Next, 100))(t)
	if len(page.Messages) != 2 || !page.Messages[0].LiveOwner || page.Messages[1].Text != "hi <b>" || page.Messages[1].LiveOwner {
		t.Fatalf("chat: %+v", page.Messages)
	}
	viewer := page.Messages[1]
	ok(t, s.Ban(ctx, liveID, viewer.AuthorID))
	if err := a.Chat(ctx, liveID, "banned"); !errors.Is(err, prism.ErrForbidden) {
		t.Errorf("a banned viewer chats: %v", err)
	}
	ok(t, s.Unban(ctx, liveID, viewer.AuthorID))
	ok(t, a.Chat(ctx, liveID, "back"))
	ok(t, s.DeleteChat(ctx, liveID, viewer.ID))
	if page = must(s.Chat(ctx, liveID, &page.Next, 100))(t); len(page.Messages) != 1 || page.Messages[0].Text != "back" {
		t.Errorf("chat after the ban: %+v", page.Messages)
	}
}

// checkLog searches the log, after it made sure that the requests with secrets
// are in it.
func checkLog(t *testing.T, a App) {
	t.Helper()
	log := a.Log()
	for _, line := range []string{"/prism/v1/service/oauth2/token?redacted", "/prism/oauth/authorize?redacted", "/login?redacted", "/prism/v1/service/user"} {
		if !strings.Contains(log, line) {
			t.Errorf("the access log has no line with %s", line)
		}
	}
	if !slices.ContainsFunc(strings.Split(log, "\n"), isRequestLine) {
		t.Error("the service's own log has no line of a request with its id, route, status, duration and user")
	}
	kinds := a.Wire.Kinds()
	for _, kind := range []string{"X-Prism-Client-Secret", "access_token", "cookie", "form password", "redirect code", "refresh_token", "rtmpPath"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("the requests carried no %s, only %v", kind, kinds)
		}
	}
	for _, leak := range a.Wire.Leaks(log) {
		t.Errorf("the log has a secret: %s", leak)
	}
}

func isRequestLine(line string) bool {
	for _, part := range []string{"logger=prism ", " request_id=", " route=/v1/service/user ", " status=200 ", " duration=", " user=u-"} {
		if !strings.Contains(line+" ", part) {
			return false
		}
	}
	return true
}

func is(err error, want *prism.Error) bool {
	var got *prismtest.APIError
	return errors.As(err, &got) && got.Code == want.Code && len(prismtest.Violations(err)) == 0
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
