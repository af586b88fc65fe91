package prismtest_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// service starts a host and signs minji in.
func service(t *testing.T) (*host, *prismtest.Session) {
	t.Helper()
	h, err := startHost()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	return h, h.session(t, "minji")
}

func (h *host) session(t *testing.T, user string) *prismtest.Session {
	t.Helper()
	tokens, err := h.gateway.SignIn(t.Context(), prismtest.Credentials{Account: user, Password: "pw-" + user})
	if err != nil {
		t.Fatalf("SignIn: %v", err)
	}
	return h.gateway.Session(tokens)
}

// must fails the test unless err is nil.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused fails the test unless err is a well-formed failure of this kind.
func refused(t *testing.T, err error, want *prism.Error) {
	t.Helper()
	var got *prismtest.APIError
	if !errors.As(err, &got) || got.Status != want.Status || got.Code != want.Code || got.Name != want.Name || len(prismtest.Violations(err)) > 0 {
		t.Errorf("got %v, want %s", err, want.Name)
	}
}

func TestGoLive(t *testing.T) {
	t.Parallel()
	_, s := service(t)
	ctx := t.Context()
	live := must[prismtest.Live](t)

	if user := must[prismtest.User](t)(s.User(ctx)); user.ID != "minji" || user.Name != "Minji" {
		t.Errorf("User: %+v", user)
	}
	channels := must[prismtest.ChannelList](t)(s.Channels(ctx))
	if channels.UserName != "Minji" || len(channels.Channels) != 2 || channels.Channels[0].ID != "main" || channels.Channels[1].Enabled {
		t.Errorf("Channels: %+v", channels)
	}
	if c := must[prismtest.ChannelInfo](t)(s.Channel(ctx, "main")); !c.Enabled || !slices.Equal(c.Tags, []string{"game", "talk"}) {
		t.Errorf("Channel: %+v", c)
	}

	// The PC's clock may be behind: a reserved time in the past is taken.
	first := live(s.CreateLive(ctx, "main", prismtest.NewLive{Title: "첫 방송", ReservedAt: time.Now().Add(-time.Hour)}))
	second := live(s.CreateLive(ctx, "main", prismtest.NewLive{Title: "Second", Scope: prism.ScopeLimited, Description: "d"}))
	if first.Status != prism.StatusReserved || first.Scope != prism.ScopePublic || second.Scope != prism.ScopeLimited {
		t.Errorf("created %+v and %+v", first, second)
	}
	if first.StreamKey == second.StreamKey {
		t.Error("two lives have one stream key")
	}
	update := first.Update()
	update.Title = "첫 방송!"
	if l := live(s.UpdateLive(ctx, first.ID, update)); l.Title != update.Title || l.ReservedAtText != first.ReservedAtText {
		t.Errorf("UpdateLive: %+v", l)
	}
	reserved := must[[]prismtest.Live](t)(s.Lives(ctx, "main", prism.StatusReserved))
	if len(reserved) != 2 || reserved[0].ID != first.ID {
		t.Errorf("the list does not begin with the live that was updated: %+v", reserved)
	}

	started := live(s.StartLive(ctx, first.ID))
	if started.Status != prism.StatusOnAir || started.StartAt.IsZero() || started.RTMPPath != first.RTMPPath {
		t.Errorf("StartLive: %+v", started)
	}
	if l := live(s.StartLive(ctx, first.ID)); !l.StartAt.Equal(started.StartAt) {
		t.Error("a second start began a new broadcast")
	}
	live(s.StartLive(ctx, second.ID))
	if l := live(s.Live(ctx, first.ID)); l.Status != prism.StatusEnd {
		t.Errorf("the older live is %s after a newer one started", l.Status)
	}
	onAir := must[[]prismtest.Live](t)(s.Lives(ctx, "main", prism.StatusOnAir))
	if len(onAir) != 1 || onAir[0].ID != second.ID {
		t.Errorf("on air: %+v", onAir)
	}
	for range 2 {
		if l := live(s.StopLive(ctx, second.ID)); l.Status != prism.StatusEnd {
			t.Errorf("StopLive: %+v", l)
		}
	}
	if l := live(s.StartLive(ctx, second.ID)); l.Status != prism.StatusOnAir || l.StreamKey != second.StreamKey {
		t.Errorf("an ended live was not reused: %+v", l)
	}
	if all := must[[]prismtest.Live](t)(s.Lives(ctx, "main", prismtest.StatusAll)); len(all) != 2 {
		t.Errorf("all: %+v", all)
	}
}

// Newest wins, whoever starts at once: the lists always show one live on air.
func TestGoLiveAtOnce(t *testing.T) {
	t.Parallel()
	_, s := service(t)
	ctx := t.Context()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			l, err := s.CreateLive(ctx, "main", prismtest.NewLive{Title: "At once"})
			if err == nil {
				_, err = s.StartLive(ctx, l.ID)
			}
			if err == nil {
				_, err = s.Lives(ctx, "main", "")
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	onAir := must[[]prismtest.Live](t)(s.Lives(ctx, "main", prism.StatusOnAir))
	if len(onAir) != 1 {
		t.Errorf("%d lives are on air", len(onAir))
	}
}

func TestGoLiveChat(t *testing.T) {
	t.Parallel()
	h, s := service(t)
	ctx := t.Context()
	page := must[prismtest.ChatPage](t)
	live := must[prismtest.Live](t)(s.CreateLive(ctx, "main", prismtest.NewLive{Title: "Chat"}))
	must[prismtest.Live](t)(s.StartLive(ctx, live.ID))

	empty := page(s.Chat(ctx, live.ID, nil, 0))
	if len(empty.Messages) != 0 {
		t.Fatalf("messages before the first: %+v", empty.Messages)
	}
	none := ""
	if again := page(s.Chat(ctx, live.ID, &none, 0)); again.Next != empty.Next {
		t.Error("an empty page token is not taken for none")
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(s.SendChat(ctx, live.ID, "안녕 <b>"))
	ok(h.store.PostChat(ctx, live.ID, "haru|viewer", "hi"))
	news := page(s.Chat(ctx, live.ID, &empty.Next, 100))
	if len(news.Messages) != 2 || news.Messages[0].Text != "안녕 <b>" || !news.Messages[0].LiveOwner || news.Messages[1].LiveOwner {
		t.Fatalf("news: %+v", news.Messages)
	}
	if more := page(s.Chat(ctx, live.ID, &news.Next, 100)); len(more.Messages) != 0 {
		t.Errorf("news after the news: %+v", more.Messages)
	}
	viewer := news.Messages[1]

	ok(s.DeleteChat(ctx, live.ID, viewer.ID))
	ok(s.DeleteChat(ctx, live.ID, viewer.ID))
	refused(t, s.DeleteChat(ctx, live.ID, "never-was"), prism.ErrNotFound)
	if latest := page(s.Chat(ctx, live.ID, nil, 1)); len(latest.Messages) != 1 || latest.Messages[0].ID != news.Messages[0].ID {
		t.Errorf("latest after a deletion: %+v", latest.Messages)
	}

	for name, ban := range map[string]func() error{
		"Ban":      func() error { return s.Ban(ctx, live.ID, viewer.AuthorID) },
		"TimedBan": func() error { return s.TimedBan(ctx, live.ID, viewer.AuthorID, time.Hour) },
	} {
		ok(ban())
		if err := h.store.PostChat(ctx, live.ID, "haru|viewer", "banned"); !errors.Is(err, prism.ErrForbidden) {
			t.Errorf("%s: the viewer could chat: %v", name, err)
		}
		ok(s.Unban(ctx, live.ID, viewer.AuthorID))
		ok(h.store.PostChat(ctx, live.ID, "haru|viewer", "back"))
	}
	refused(t, s.TimedBan(ctx, live.ID, viewer.AuthorID, 0), prism.ErrInvalid)

	ok(s.AddManager(ctx, live.ID, viewer.AuthorID))
	ok(h.store.PostChat(ctx, live.ID, "haru|viewer", "as manager"))
	if latest := page(s.Chat(ctx, live.ID, nil, 1)); !latest.Messages[0].LiveManager {
		t.Error("the viewer is no manager")
	}
	ok(s.RemoveManager(ctx, live.ID, viewer.AuthorID))

	forged := "forged"
	_, err := s.Chat(ctx, live.ID, &forged, 10)
	refused(t, err, prism.ErrInvalid)
}

func TestGoLiveRefusals(t *testing.T) {
	t.Parallel()
	h, s := service(t)
	ctx := t.Context()
	live := must[prismtest.Live](t)(s.CreateLive(ctx, "main", prismtest.NewLive{Title: "Mine"}))
	stranger := h.session(t, "juno")

	_, err := stranger.Live(ctx, live.ID)
	refused(t, err, prism.ErrNotFound)
	_, err = stranger.StartLive(ctx, live.ID)
	refused(t, err, prism.ErrNotFound)
	_, err = stranger.Channel(ctx, "main")
	refused(t, err, prism.ErrNotFound)
	_, err = s.CreateLive(ctx, "off", prismtest.NewLive{Title: "On a disabled channel"})
	refused(t, err, prism.ErrChannelDisabled)
	_, err = s.CreateLive(ctx, "main", prismtest.NewLive{Title: strings.Repeat("x", prism.MaxTitle+1)})
	refused(t, err, prism.ErrInvalid)
	_, err = s.Lives(ctx, "main", "LIVE")
	refused(t, err, prism.ErrInvalid)
	_, err = h.gateway.Call(ctx, prismtest.Request{Path: "/prism/v1/service/nothing"})
	refused(t, err, prism.ErrNoSuchAPI)
	for _, method := range []string{http.MethodPatch, http.MethodOptions, "QUERY"} {
		_, err = h.gateway.Call(ctx, prismtest.Request{Method: method, Path: "/prism/v1/service/live/" + live.ID})
		refused(t, err, prism.ErrMethodNotAllowed)
	}
	head, err := h.gateway.Do(ctx, prismtest.Request{Method: http.MethodHead, Path: "/prism/v1/service/user"})
	if err != nil || head.Status != http.StatusMethodNotAllowed || head.Header.Get("Allow") != http.MethodGet {
		t.Errorf("HEAD: %+v, %v", head, err)
	}
}

func TestGoLiveTokens(t *testing.T) {
	t.Parallel()
	h, _ := service(t)
	ctx := t.Context()
	g := h.gateway

	_, err := g.SignIn(ctx, prismtest.Credentials{Account: "minji", Password: "wrong"})
	if !errors.Is(err, prismtest.ErrSignInRefused) || len(prismtest.Violations(err)) > 0 {
		t.Errorf("wrong password: %v", err)
	}
	tokens := must[prismtest.Tokens](t)(g.SignIn(ctx, prismtest.Credentials{Account: "juno", Password: "pw-juno"}))

	// The PC client refreshes in parallel with one token; the last answer wins.
	var wg sync.WaitGroup
	params := []string{prismtest.RefreshParamToken, prismtest.RefreshParamUnderscoreToken, prismtest.RefreshParamRefreshToken}
	fresh := make([]prismtest.Tokens, len(params))
	for i, param := range params {
		wg.Go(func() {
			var err error
			if fresh[i], err = g.RefreshAs(ctx, tokens.RefreshToken, param); err != nil {
				t.Errorf("RefreshAs %s: %v", param, err)
			}
		})
	}
	wg.Wait()
	for _, pair := range append(fresh, tokens) {
		if _, err := g.Session(pair).User(ctx); err != nil {
			t.Errorf("a pair of a parallel refresh does not work: %v", err)
		}
	}

	// The documentation's own sample leaves redirect_uri out.
	short := &prismtest.Gateway{
		ServiceAPIDomain: g.ServiceAPIDomain, AuthorizeURL: g.AuthorizeURL, ClientID: g.ClientID, ClientSecret: g.ClientSecret,
		RedirectURI: g.RedirectURI, HTTPClient: g.HTTPClient, OmitRedirectURI: true, AcceptLanguage: "ja",
	}
	must[prismtest.Tokens](t)(short.SignIn(ctx, prismtest.Credentials{Account: "minji", Password: "pw-minji"}))

	code := must[string](t)(g.Authorize(ctx, prismtest.Credentials{Account: "juno", Password: "pw-juno"}))
	last := must[prismtest.Tokens](t)(g.Exchange(ctx, code))
	_, err = g.Exchange(ctx, code)
	var te *prismtest.TokenError
	if !errors.As(err, &te) || te.Status != http.StatusBadRequest || te.Code != "invalid_grant" || len(prismtest.Violations(err)) > 0 {
		t.Errorf("replayed code: %v", err)
	}
	_, err = g.Session(last).User(ctx)
	refused(t, err, prism.ErrUnauthorized)

	if _, err := h.auth.RevokeUser(context.WithoutCancel(ctx), "juno"); err != nil {
		t.Fatal(err)
	}
	_, err = g.Session(fresh[0]).User(ctx)
	refused(t, err, prism.ErrUnauthorized)
}
