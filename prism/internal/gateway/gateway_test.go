package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

func TestGatewayReadsACorrectService(t *testing.T) {
	t.Parallel()
	g := newFake(t, nil)
	ctx := t.Context()
	tokens, err := g.SignIn(ctx, fakeUser)
	if err != nil {
		t.Fatalf("SignIn: %v", err)
	}
	want := Tokens{AccessToken: fakeAccess, RefreshToken: fakeRefresh, ExpiresIn: time.Hour, TokenType: "bearer"}
	if tokens != want {
		t.Fatal("SignIn: other tokens than the fake's")
	}
	for _, param := range []string{RefreshParamToken, RefreshParamUnderscoreToken, RefreshParamRefreshToken} {
		if got, err := g.RefreshAs(ctx, tokens.RefreshToken, param); err != nil || got != want {
			t.Errorf("RefreshAs %s: %v", param, err)
		}
	}
	if got, err := g.Refresh(ctx, tokens.RefreshToken); err != nil || got != want {
		t.Errorf("Refresh: %v", err)
	}

	s := g.Session(tokens)
	channel := func(id string) Channel {
		return Channel{
			ID: id, Name: "Channel", Enabled: true, Link: "https://tv.example/" + id, Tags: []string{"game", "talk"}, FollowerCount: 7,
		}
	}
	live := func(id string, status prism.Status) Live {
		return Live{
			ID: id, ChannelID: "c1", Title: "Title", ReservedAt: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC),
			ReservedAtText: "2026-11-22T10:00:00+09:00", RTMPPath: fakeBase + "/" + fakeKey, RTMPServer: fakeBase, StreamKey: fakeKey,
			Status: status, Scope: prism.ScopePublic, Link: "https://tv.example/live/" + id,
			Stats: &prism.LiveStats{Views: 3, Viewers: 2, Likes: 1, Chats: 2147483647},
		}
	}
	message := func(id string, second int) Message {
		return Message{
			ID: id, At: time.Date(2026, 11, 22, 10, 0, second, 0, time.UTC), AuthorID: "v1", AuthorName: "Viewer", LiveManager: true, Text: "hello",
		}
	}
	sent := "t2"
	l1, l2 := live("l1", prism.StatusReserved), live("l2", prism.StatusOnAir)
	for name, c := range map[string]struct {
		call func() (any, error)
		want any
	}{
		"User":           {func() (any, error) { return s.User(ctx) }, User{ID: "u1", Name: "Streamer"}},
		"Channels":       {func() (any, error) { return s.Channels(ctx) }, ChannelList{"Streamer", []Channel{channel("c1"), channel("c2")}}},
		"Channel":        {func() (any, error) { return s.Channel(ctx, "c1") }, ChannelInfo{"Streamer", channel("c1")}},
		"Lives":          {func() (any, error) { return s.Lives(ctx, "c1", "") }, []Live{l1, l2}},
		"Lives ALL":      {func() (any, error) { return s.Lives(ctx, "c1", StatusAll) }, []Live{l1, l2}},
		"Lives RESERVED": {func() (any, error) { return s.Lives(ctx, "c1", prism.StatusReserved) }, []Live{l1}},
		"Lives END":      {func() (any, error) { return s.Lives(ctx, "c1", prism.StatusEnd) }, []Live{}},
		"Live":           {func() (any, error) { return s.Live(ctx, "l1") }, l1},
		"CreateLive": {
			func() (any, error) { return s.CreateLive(ctx, "c1", NewLive{Title: "Title"}) },
			live("l3", prism.StatusReserved),
		},
		"UpdateLive": {func() (any, error) { return s.UpdateLive(ctx, "l1", l1.Update()) }, l1},
		"StartLive":  {func() (any, error) { return s.StartLive(ctx, "l1") }, live("l1", prism.StatusOnAir)},
		"StopLive":   {func() (any, error) { return s.StopLive(ctx, "l1") }, live("l1", prism.StatusEnd)},
		"Chat": {
			func() (any, error) { return s.Chat(ctx, "l1", nil, 2) },
			ChatPage{"l1", "t2", []Message{message("m1", 0), message("m2", 5)}},
		},
		"Chat, nothing new": {func() (any, error) { return s.Chat(ctx, "l1", &sent, 100) }, ChatPage{LiveID: "l1", Next: "t2"}},
		"SendChat":          {func() (any, error) { return nil, s.SendChat(ctx, "l1", "hello") }, nil},
		"DeleteChat":        {func() (any, error) { return nil, s.DeleteChat(ctx, "l1", "m1") }, nil},
		"Ban":               {func() (any, error) { return nil, s.Ban(ctx, "l1", "v1") }, nil},
		"TimedBan":          {func() (any, error) { return nil, s.TimedBan(ctx, "l1", "v1", time.Minute) }, nil},
		"Unban":             {func() (any, error) { return nil, s.Unban(ctx, "l1", "v1") }, nil},
		"AddManager":        {func() (any, error) { return nil, s.AddManager(ctx, "l1", "v1") }, nil},
		"RemoveManager":     {func() (any, error) { return nil, s.RemoveManager(ctx, "l1", "v1") }, nil},
	} {
		got, err := c.call()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestGatewayTellsFailuresApart(t *testing.T) {
	t.Parallel()
	g := newFake(t, nil)
	ctx := t.Context()

	_, err := g.WithToken("some-other-token").User(ctx)
	var api *APIError
	if !errors.As(err, &api) || *api != (APIError{401, 40100, "INVALID_TOKEN", "This is a sentence."}) {
		t.Errorf("bad token: %v", err)
	}
	_, err = g.WithToken(fakeAccess).Live(ctx, "no/such live")
	if !errors.As(err, &api) || api.Status != http.StatusNotFound || len(Violations(err)) != 0 {
		t.Errorf("unknown live: %v", err)
	}
	_, err = g.Call(ctx, Request{Method: http.MethodPatch, Path: "/prism/v1/service/live/l1", Token: fakeAccess})
	if !errors.As(err, &api) || api.Status != http.StatusMethodNotAllowed || len(Violations(err)) != 0 {
		t.Errorf("wrong method: %v", err)
	}
	_, err = g.Exchange(ctx, "another-code")
	var te *TokenError
	if !errors.As(err, &te) || *te != (TokenError{400, "invalid_grant", "No such code."}) {
		t.Errorf("bad code: %v", err)
	}
	other := &Gateway{ServiceAPIDomain: g.ServiceAPIDomain, ClientID: fakeClientID, ClientSecret: "wrong-secret", HTTPClient: g.HTTPClient}
	_, err = other.Refresh(ctx, fakeRefresh)
	if !errors.As(err, &te) || te.Status != 401 || te.Code != "invalid_client" {
		t.Errorf("bad secret: %v", err)
	}
}

func TestGatewayErrorsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	g := newFake(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := g.Exchange(ctx, fakeCode)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	for _, secret := range []string{fakeCode, fakeSecret} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows a secret")
		}
	}
	if _, err = g.Authorize(ctx, fakeUser); !errors.Is(err, context.Canceled) {
		t.Errorf("Authorize: got %v, want context.Canceled", err)
	}
}

func TestGatewayVerifiesCertificates(t *testing.T) {
	t.Parallel()
	g := newFake(t, nil)
	plain := &Gateway{ServiceAPIDomain: g.ServiceAPIDomain}
	defer plain.CloseIdleConnections()
	if _, err := plain.Do(t.Context(), Request{Path: "/"}); err == nil {
		t.Error("a certificate of an unknown authority was accepted")
	}
}

func TestGatewayDoSendsThePathAsItIs(t *testing.T) {
	t.Parallel()
	var seen string
	g := newFake(t, func(a *answer) { seen = a.route })
	for _, path := range []string{
		"/prism/v1/service/live/..%2Fx", "/prism/v1/service/live/../user", "//double//slash", "/prism/v1/service/live/%00?x=%zz",
	} {
		if _, err := g.Do(t.Context(), Request{Method: "QUERY", Path: path}); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		want, _, _ := strings.Cut(strings.TrimPrefix(path, "/prism/v1/service"), "?")
		if seen != "QUERY "+want {
			t.Errorf("%s arrived as %s", path, seen)
		}
	}
}

func TestGatewayFollowsNoRedirectOfAnAPI(t *testing.T) {
	t.Parallel()
	calls := 0
	g := newFake(t, func(a *answer) {
		calls++
		a.status = http.StatusPermanentRedirect
		a.header.Set("Location", "/prism/v1/service/user")
	})
	_, err := g.WithToken(fakeAccess).User(t.Context())
	if vs := Violations(err); len(vs) != 1 || vs[0].Rule != RuleNoRedirect || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

func TestGatewayRecorderRedacts(t *testing.T) {
	t.Parallel()
	g := newFake(t, nil)
	var mu sync.Mutex
	var list []Exchange
	g.Recorder = func(x Exchange) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, x)
	}
	tokens, err := g.SignIn(t.Context(), fakeUser)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Refresh(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Session(tokens).CreateLive(t.Context(), "c1", NewLive{Title: "Title"}); err != nil {
		t.Fatal(err)
	}
	routes := []string{
		"GET /oauth/authorize 302", "GET sign-in 200", "POST sign-in 303", "GET /v1/service/oauth2/token 200", "GET /v1/service/oauth2/token 200",
		"POST /v1/service/channel/{channelId}/live 200",
	}
	var got []string
	for _, x := range list {
		got = append(got, fmt.Sprintf("%s %s %d", x.Method, x.Route, x.Status))
		if x.Err != nil || x.Duration <= 0 || x.Start.IsZero() {
			t.Errorf("%s %s: err %v, duration %v, start %v", x.Method, x.Route, x.Err, x.Duration, x.Start)
		}
		var all strings.Builder
		all.WriteString(x.URL)
		all.Write(x.RequestBody)
		all.Write(x.ResponseBody)
		for _, h := range []http.Header{x.RequestHeader, x.ResponseHeader} {
			for name, values := range h {
				all.WriteString(name + ": " + strings.Join(values, ","))
			}
		}
		for _, secret := range []string{fakeAccess, fakeRefresh, fakeSecret, fakeCode, fakeTransaction, fakeKey, "pass+word", "pass word"} {
			if strings.Contains(all.String(), secret) {
				t.Errorf("%s %s shows %s", x.Method, x.Route, secret)
			}
		}
	}
	if diff := cmp.Diff(routes, got); diff != "" {
		t.Errorf("exchanges (-want +got):\n%s", diff)
	}
	last := list[len(list)-1]
	if !strings.Contains(string(last.ResponseBody), `"rtmpPath":"`+fakeBase+`/REDACTED"`) {
		t.Errorf("the answer lost more than the stream key: %s", last.ResponseBody)
	}
	if !strings.Contains(string(last.RequestBody), `"title":"Title"`) {
		t.Errorf("the request body is not recorded: %s", last.RequestBody)
	}
}

// A header that a test sets itself is a secret as well, however it is spelt.
func TestGatewayRecorderRedactsOwnHeaders(t *testing.T) {
	t.Parallel()
	const token = "some-bearer-token"
	g := newFake(t, func(a *answer) { a.body = token })
	var got Exchange
	g.Recorder = func(x Exchange) { got = x }
	_, err := g.Call(t.Context(), Request{Path: "/prism/v1/service/user", Header: http.Header{"authorization": {"Bearer " + token}}})
	if vs := Violations(err); len(vs) == 0 || vs[0].Rule != RuleNoSecrets {
		t.Errorf("got %v, want %s", err, RuleNoSecrets)
	}
	if got.RequestHeader.Get("Authorization") != redacted || string(got.ResponseBody) != redacted {
		t.Errorf("recorded %v, %s", got.RequestHeader, got.ResponseBody)
	}
}

func TestGatewayGivesUp(t *testing.T) {
	t.Parallel()
	g := newFake(t, nil)
	g.Timeout = 1
	var got Exchange
	g.Recorder = func(x Exchange) { got = x }
	if _, err := g.WithToken(fakeAccess).User(t.Context()); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(got.Err, err) {
		t.Errorf("got %v, recorded %v", err, got.Err)
	}
}

func TestGatewayLegacyOnAir(t *testing.T) {
	t.Parallel()
	g := newFake(t, func(a *answer) { a.body = strings.ReplaceAll(a.body, `"ON_AIR"`, `"ONAIR"`) })
	g.AcceptLegacyOnAir = true
	lives, err := g.WithToken(fakeAccess).Lives(t.Context(), "c1", "")
	if err != nil || len(lives) != 2 || lives[1].Status != prism.StatusOnAir {
		t.Errorf("got %v, %v", lives, err)
	}
}

func TestTokensAndCredentialsDoNotPrint(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		Tokens{AccessToken: fakeAccess, RefreshToken: fakeRefresh}.String(),
		Tokens{AccessToken: fakeAccess, RefreshToken: fakeRefresh}.GoString(),
		fakeUser.String(), fakeUser.GoString(),
	} {
		if strings.Contains(s, fakeAccess) || strings.Contains(s, fakeRefresh) || strings.Contains(s, fakeUser.Password) {
			t.Errorf("%q shows a secret", s)
		}
	}
}
