package gateway

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// breach is a service that breaks one rule.
type breach struct {
	name string
	rule Rule
	// route is the fake's route whose answer is changed.
	route string
	// old and new change its body; change, if set, changes anything.
	old, new string
	change   func(*answer)
	option   func(*Gateway)
	call     func(context.Context, *Gateway) error
}

func calls[T any](f func(*Session, context.Context) (T, error)) func(context.Context, *Gateway) error {
	return func(ctx context.Context, g *Gateway) error {
		_, err := f(g.WithToken(fakeAccess), ctx)
		return err
	}
}

var (
	callUser     = calls((*Session).User)
	callChannels = calls((*Session).Channels)
	callChannel  = calls(func(s *Session, ctx context.Context) (ChannelInfo, error) { return s.Channel(ctx, "c1") })
	callLives    = calls(func(s *Session, ctx context.Context) ([]Live, error) { return s.Lives(ctx, "c1", "") })
	callReserved = calls(func(s *Session, ctx context.Context) ([]Live, error) {
		return s.Lives(ctx, "c1", prism.StatusReserved)
	})
	callLive   = calls(func(s *Session, ctx context.Context) (Live, error) { return s.Live(ctx, "l1") })
	callCreate = calls(func(s *Session, ctx context.Context) (Live, error) {
		return s.CreateLive(ctx, "c1", NewLive{Title: "Title"})
	})
	callStart = calls(func(s *Session, ctx context.Context) (Live, error) { return s.StartLive(ctx, "l1") })
	callStop  = calls(func(s *Session, ctx context.Context) (Live, error) { return s.StopLive(ctx, "l1") })
	callChat  = calls(func(s *Session, ctx context.Context) (ChatPage, error) { return s.Chat(ctx, "l1", nil, 2) })
	callNews  = calls(func(s *Session, ctx context.Context) (ChatPage, error) {
		token := "t2"
		return s.Chat(ctx, "l1", &token, 2)
	})
	callFollow = calls(func(s *Session, ctx context.Context) (ChatPage, error) {
		token := "t1"
		return s.Chat(ctx, "l1", &token, 2)
	})
	callMissing = calls(func(s *Session, ctx context.Context) (Live, error) { return s.Live(ctx, "l9") })
)

func callSend(ctx context.Context, g *Gateway) error {
	return g.WithToken(fakeAccess).SendChat(ctx, "l1", "hello")
}

func callPatch(ctx context.Context, g *Gateway) error {
	_, err := g.Call(ctx, Request{Method: http.MethodPatch, Path: "/prism/v1/service/live/l1", Token: fakeAccess})
	return err
}

func callRefresh(ctx context.Context, g *Gateway) error {
	_, err := g.Refresh(ctx, fakeRefresh)
	return err
}

func callBadRefresh(ctx context.Context, g *Gateway) error {
	_, err := g.Refresh(ctx, "another-refresh-token")
	return err
}

func callSignIn(ctx context.Context, g *Gateway) error {
	_, err := g.SignIn(ctx, fakeUser)
	return err
}

func setHeader(name, value string) func(*answer) {
	return func(a *answer) { a.header.Set(name, value) }
}

func setStatus(status int) func(*answer) { return func(a *answer) { a.status = status } }

func location(old, new string) func(*answer) {
	return func(a *answer) {
		a.header.Set("Location", strings.Replace(a.header.Get("Location"), old, new, 1))
	}
}

var breaches = []breach{
	{name: "redirect", rule: RuleNoRedirect, route: "GET /user", change: setStatus(301), call: callUser},
	{name: "201", rule: RuleStatus, route: "POST /channel/c1/live", change: setStatus(201), call: callCreate},
	{name: "200 with a failure", rule: RuleStatus, route: "GET /live/l9", change: setStatus(200), call: callMissing},
	{name: "text/plain", rule: RuleContentType, route: "GET /user", change: setHeader("Content-Type", "text/plain"), call: callUser},
	{name: "no content type", rule: RuleContentType, route: "GET /user", change: setHeader("Content-Type", ""), call: callUser},
	{name: "euc-kr", rule: RuleContentType, route: "GET /user", change: setHeader("Content-Type", "application/json; charset=euc-kr"), call: callUser},
	{name: "JSON login page", rule: RuleContentType, route: "GET /login", change: setHeader("Content-Type", "application/json"), call: callSignIn},
	{name: "CORS", rule: RuleNoCORS, route: "GET /user", change: setHeader("Access-Control-Allow-Origin", "*"), call: callUser},
	{name: "CORS on the login page", rule: RuleNoCORS, route: "GET /login", change: setHeader("Access-Control-Allow-Origin", "*"), call: callSignIn},
	{name: "cached", rule: RuleNoStore, route: "GET /user", change: setHeader("Cache-Control", "max-age=60"), call: callUser},
	{name: "cached failure", rule: RuleNoStore, route: "GET /live/l9", change: setHeader("Cache-Control", ""), call: callMissing},
	{name: "cached tokens", rule: RuleNoStore, route: "GET /oauth2/token", change: setHeader("Cache-Control", "private"), call: callRefresh},
	{name: "cached login page", rule: RuleNoStore, route: "GET /login", change: setHeader("Cache-Control", ""), call: callSignIn},
	{name: "no Allow", rule: RuleAllow, route: "PATCH /live/l1", change: setHeader("Allow", ""), call: callPatch},
	{name: "Allow with HEAD", rule: RuleAllow, route: "PATCH /live/l1", change: setHeader("Allow", "GET, HEAD"), call: callPatch},
	{name: "Allow with OPTIONS", rule: RuleAllow, route: "PATCH /live/l1", change: setHeader("Allow", "GET,options"), call: callPatch},
	{
		name: "17 MiB", rule: RuleAnswerSize, route: "GET /user",
		change: func(a *answer) { a.body = strings.Replace(a.body, "Streamer", strings.Repeat("x", 17<<20), 1) }, call: callUser,
	},
	{name: "slow answer", rule: RuleAnswerTime, route: "GET /user", option: func(g *Gateway) { g.MaxAnswerTime = 1 }, call: callUser},
	{name: "slow tokens", rule: RuleAnswerTime, route: "GET /oauth2/token", option: func(g *Gateway) { g.MaxAnswerTime = 1 }, call: callRefresh},
	{name: "not JSON", rule: RuleJSON, route: "GET /user", change: func(a *answer) { a.body = "<html>" }, call: callUser},
	{name: "truncated", rule: RuleJSON, route: "GET /user", change: func(a *answer) { a.body = a.body[:len(a.body)-1] }, call: callUser},
	{name: "trailing data", rule: RuleJSON, route: "GET /user", change: func(a *answer) { a.body += "{}" }, call: callUser},
	{name: "not UTF-8", rule: RuleJSON, route: "GET /user", old: "Streamer", new: "\xff", call: callUser},
	{name: "array", rule: RuleJSON, route: "GET /user", change: func(a *answer) { a.body = "[" + a.body + "]" }, call: callUser},
	{name: "empty body", rule: RuleJSON, route: "GET /user", change: func(a *answer) { a.body = "" }, call: callUser},
	{name: "nested deeply", rule: RuleJSON, route: "GET /user", old: `"profileThumbnail":null`, new: `"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40), call: callUser},
	{name: "key twice", rule: RuleDuplicateKey, route: "GET /user", old: `"userName":`, new: `"userName":"x","userName":`, call: callUser},
	{name: "envelope key twice", rule: RuleDuplicateKey, route: "GET /user", old: `{"success":`, new: `{"success":false,"success":`, call: callUser},
	{name: "extra envelope field", rule: RuleEnvelope, route: "GET /user", old: `{"success"`, new: `{"timestamp":1,"success"`, call: callUser},
	{name: "no success", rule: RuleEnvelope, route: "GET /user", old: `"success":true,`, call: callUser},
	{name: "success in quotes", rule: RuleEnvelope, route: "GET /user", old: `true`, new: `"true"`, call: callUser},
	{name: "no data", rule: RuleEnvelope, route: "PUT /live/l1/chat", old: `,"data":null`, call: callSend},
	{name: "errorCode null", rule: RuleEnvelope, route: "GET /user", old: `"errorCode":0`, new: `"errorCode":null`, call: callUser},
	{name: "errorName of a success", rule: RuleEnvelope, route: "GET /user", old: `"errorName":null`, new: `"errorName":""`, call: callUser},
	{name: "message of a success", rule: RuleEnvelope, route: "GET /user", old: `"message":null`, new: `"message":"OK"`, call: callUser},
	{name: "failure with code 0", rule: RuleFailureEnvelope, route: "GET /live/l9", old: `40400`, new: `0`, call: callMissing},
	{name: "failure with code in quotes", rule: RuleFailureEnvelope, route: "GET /live/l9", old: `40400`, new: `"40400"`, call: callMissing},
	{name: "errorName in lower case", rule: RuleFailureEnvelope, route: "GET /live/l9", old: `NOT_FOUND`, new: `NotFound`, call: callMissing},
	{name: "failure without message", rule: RuleFailureEnvelope, route: "GET /live/l9", old: `"This is a sentence."`, new: `null`, call: callMissing},
	{name: "failure with data", rule: RuleFailureEnvelope, route: "GET /live/l9", old: `"data":null`, new: `"data":{}`, call: callMissing},
	{name: "Go error", rule: RuleNoInternals, route: "GET /live/l9", old: `This is a sentence.`, new: `sql: no rows in result set`, call: callMissing},
	{name: "SQL", rule: RuleNoInternals, route: "GET /live/l9", old: `This is`, new: `SELECT id FROM lives:`, call: callMissing},
	{name: "stack", rule: RuleNoInternals, route: "GET /live/l9", old: `This is`, new: `goroutine 12 [running]: main.go:33`, call: callMissing},
	{name: "path", rule: RuleNoInternals, route: "GET /live/l9", old: `This is`, new: `open /var/lib/app:`, call: callMissing},
	{name: "Go error of the token endpoint", rule: RuleNoInternals, route: "GET /oauth2/token", old: `No such code.`, new: `dial tcp 10.0.0.1:5432`, call: callBadRefresh},
	{name: "token repeated", rule: RuleNoSecrets, route: "GET /live/l9", old: `This is`, new: fakeAccess + ` is`, call: callMissing},
	{name: "secret repeated", rule: RuleNoSecrets, route: "GET /oauth2/token", old: `No such code.`, new: fakeSecret, call: callBadRefresh},
	{name: "data after send", rule: RuleDataNull, route: "PUT /live/l1/chat", old: `"data":null`, new: `"data":{}`, call: callSend},
	{name: "no userId", rule: RuleRequiredField, route: "GET /user", old: `"userId":"u1",`, call: callUser},
	{name: "no user", rule: RuleRequiredField, route: "GET /user", old: `"user"`, new: `"User"`, call: callUser},
	{name: "no channelEnabled", rule: RuleRequiredField, route: "GET /channel/c1", old: `"channelEnabled":true,`, call: callChannel},
	{name: "no userName beside channels", rule: RuleRequiredField, route: "GET /channel/list", old: `"userName":"Streamer",`, call: callChannels},
	{name: "no reservedAt", rule: RuleRequiredField, route: "GET /live/l1", old: `"reservedAt":"2026-11-22T10:00:00+09:00",`, call: callLive},
	{name: "no rtmpPath before start", rule: RuleRequiredField, route: "POST /channel/c1/live", old: `"rtmpPath":"` + fakeBase + `/` + fakeKey + `",`, call: callCreate},
	{name: "no live", rule: RuleRequiredField, route: "PUT /live/l1/stop", old: `"live":`, new: `"Live":`, call: callStop},
	{name: "no nextPageToken", rule: RuleRequiredField, route: "POST /live/l1/chat", old: `"nextPageToken":"t2",`, call: callChat},
	{name: "no message text", rule: RuleRequiredField, route: "POST /live/l1/chat", old: `"message":"hello"`, new: `"text":"hello"`, call: callChat},
	{name: "number as id", rule: RuleFieldType, route: "GET /live/l1", old: `"liveId":"l1"`, new: `"liveId":27155`, call: callLive},
	{name: "data null", rule: RuleFieldType, route: "GET /user", old: `"data":{`, new: `"data":[{}],"x":{`, call: callUser},
	{name: "channels null", rule: RuleFieldType, route: "GET /channel/list", old: `"channels":[`, new: `"channels":null,"x":[`, call: callChannels},
	{name: "messages null", rule: RuleFieldType, route: "POST /live/l1/chat", old: `"messages":[]`, new: `"messages":null`, call: callNews},
	{name: "list of ids", rule: RuleFieldType, route: "GET /channel/list", old: `"channels":[`, new: `"channels":["c9",`, call: callChannels},
	{name: "boolean in quotes", rule: RuleFieldType, route: "GET /channel/c1", old: `"channelEnabled":true`, new: `"channelEnabled":"Y"`, call: callChannel},
	{name: "description null", rule: RuleFieldType, route: "GET /live/l1", old: `"description":""`, new: `"description":null`, call: callLive},
	{name: "count in quotes", rule: RuleFieldType, route: "GET /live/l1", old: `"viewCount":3`, new: `"viewCount":"3"`, call: callLive},
	{name: "tags as array", rule: RuleFieldType, route: "GET /channel/c1", old: `"game;talk"`, new: `["game"]`, call: callChannel},
	{name: "count beyond 32 bits", rule: RuleNumberRange, route: "GET /live/l1", old: `2147483647`, new: `2147483648`, call: callLive},
	{name: "negative count", rule: RuleNumberRange, route: "GET /live/l1", old: `"viewerCount":2`, new: `"viewerCount":-2`, call: callLive},
	{name: "fraction", rule: RuleNumberRange, route: "GET /channel/c1", old: `"channelFollowerCount":7`, new: `"channelFollowerCount":7.0`, call: callChannel},
	{name: "exponent", rule: RuleNumberRange, route: "GET /channel/c1", old: `"channelFollowerCount":7`, new: `"channelFollowerCount":7e3`, call: callChannel},
	{name: "id with a slash", rule: RuleID, route: "GET /user", old: `"u1"`, new: `"a/b"`, call: callUser},
	{name: "empty id", rule: RuleID, route: "GET /user", old: `"u1"`, new: `""`, call: callUser},
	{name: "id of dots", rule: RuleID, route: "GET /user", old: `"u1"`, new: `".."`, call: callUser},
	{name: "long id", rule: RuleID, route: "GET /user", old: `"u1"`, new: `"` + strings.Repeat("u", 201) + `"`, call: callUser},
	{name: "e-mail as author", rule: RuleID, route: "POST /live/l1/chat", old: `"v1"`, new: `"v1@tv.example"`, call: callChat},
	{name: "channel twice", rule: RuleUniqueID, route: "GET /channel/list", old: `"channelId":"c2"`, new: `"channelId":"c1"`, call: callChannels},
	{name: "live twice", rule: RuleUniqueID, route: "GET /channel/c1/lives", old: `"liveId":"l2"`, new: `"liveId":"l1"`, call: callLives},
	{name: "message twice", rule: RuleUniqueID, route: "POST /live/l1/chat", old: `"m2"`, new: `"m1"`, call: callChat},
	{name: "another live", rule: RuleSameID, route: "GET /live/l1", old: `"liveId":"l1"`, new: `"liveId":"l2"`, call: callLive},
	{name: "another channel", rule: RuleSameID, route: "GET /channel/c1", old: `"channelId":"c1"`, new: `"channelId":"c2"`, call: callChannel},
	{name: "another channel's lives", rule: RuleSameID, route: "GET /channel/c1/lives", old: `"channelId":"c1"`, new: `"channelId":"c2"`, call: callLives},
	{name: "another live's chat", rule: RuleSameID, route: "POST /live/l1/chat", old: `"liveId":"l1"`, new: `"liveId":"l2"`, call: callChat},
	{name: "blank channel name", rule: RuleNotBlank, route: "GET /channel/list", old: `"Channel"`, new: `" "`, call: callChannels},
	{name: "empty title", rule: RuleNotBlank, route: "GET /live/l1", old: `"Title"`, new: `""`, call: callLive},
	{name: "long title", rule: RuleTextLength, route: "GET /live/l1", old: `Title`, new: strings.Repeat("😀", 51), call: callLive},
	{name: "long description", rule: RuleTextLength, route: "GET /live/l1", old: `"description":"`, new: `"description":"` + strings.Repeat("d", 5001), call: callLive},
	{name: "empty link", rule: RuleLink, route: "GET /live/l1", old: `https://tv.example/live/l1`, call: callLive},
	{name: "relative link", rule: RuleLink, route: "GET /channel/c1", old: `https://tv.example`, call: callChannel},
	{name: "script link", rule: RuleLink, route: "GET /channel/c1", old: `https://tv.example/`, new: `javascript:`, call: callChannel},
	{name: "date with fraction", rule: RuleDate, route: "GET /live/l1", old: `10:00:00+09:00`, new: `10:00:00.000+09:00`, call: callLive},
	{name: "date without zone", rule: RuleDate, route: "GET /live/l1", old: `10:00:00+09:00`, new: `10:00:00`, call: callLive},
	{name: "date that is none", rule: RuleDate, route: "GET /live/l1", old: `2026-11-22`, new: `2026-13-22`, call: callLive},
	{name: "ONAIR", rule: RuleLiveStatus, route: "GET /channel/c1/lives", old: `ON_AIR`, new: `ONAIR`, call: callLives},
	{name: "status in lower case", rule: RuleLiveStatus, route: "GET /live/l1", old: `RESERVED`, new: `reserved`, call: callLive},
	{name: "unknown scope", rule: RuleLiveScope, route: "GET /live/l1", old: `"PUBLIC"`, new: `"UNLISTED"`, call: callLive},
	{name: "filter ignored", rule: RuleStatusFilter, route: "GET /channel/c1/lives", old: `"RESERVED"`, new: `"END"`, call: callReserved},
	{name: "two on air", rule: RuleOneOnAir, route: "GET /channel/c1/lives", old: `"RESERVED"`, new: `"ON_AIR"`, call: callLives},
	{name: "rtmpPath with trailing slash", rule: RuleRTMPPath, route: "GET /live/l1", old: fakeKey, new: fakeKey + "/", call: callLive},
	{name: "http as rtmpPath", rule: RuleRTMPPath, route: "GET /live/l1", old: `rtmp://`, new: `http://`, call: callLive},
	{name: "key that begins the app", rule: RuleRTMPPath, route: "GET /live/l1", old: "/live/" + fakeKey, new: "/live2/live", call: callLive},
	{name: "two servers", rule: RuleRTMPServer, route: "GET /channel/c1/lives", old: `"rtmpPath":"rtmp://ingest.`, new: `"rtmpPath":"rtmp://ingest2.`, call: callLives},
	{name: "start without flat fields", rule: RuleFlatFields, route: "PUT /live/l1/start", change: func(a *answer) {
		a.ok(`{"channelId":"c1","live":` + fakeLive("l1", "ON_AIR") + `}`)
	}, call: callStart},
	{name: "stop with other flat fields", rule: RuleFlatFields, route: "PUT /live/l1/stop", old: `"viewCount":3`, new: `"viewCount":4`, call: callStop},
	{name: "empty page token", rule: RulePageToken, route: "POST /live/l1/chat", old: `"t2"`, new: `""`, call: callChat},
	{name: "page token moves for nothing", rule: RulePageToken, route: "POST /live/l1/chat", old: `"t2"`, new: `"t3"`, call: callNews},
	{name: "page token stands still", rule: RulePageToken, route: "POST /live/l1/chat", old: `"t2"`, new: `"t1"`, call: callFollow},
	{name: "more than asked for", rule: RuleChatPage, route: "POST /live/l1/chat", old: `"messages":[`, new: `"messages":[` + fakeMessage("m0", "09:59:59") + `,`, call: callChat},
	{name: "newest first", rule: RuleChatOrder, route: "POST /live/l1/chat", old: `10:00:00Z`, new: `10:00:10Z`, call: callChat},
	{name: "tokens in an envelope", rule: RuleTokenAnswer, route: "GET /oauth2/token", change: func(a *answer) { a.ok(a.body) }, call: callRefresh},
	{name: "no refresh_token", rule: RuleTokenAnswer, route: "GET /oauth2/token", old: `"refresh_token":"` + fakeRefresh + `",`, call: callRefresh},
	{name: "expires_in in quotes", rule: RuleTokenAnswer, route: "GET /oauth2/token", old: `3600`, new: `"3600"`, call: callRefresh},
	{name: "expires_in with fraction", rule: RuleTokenAnswer, route: "GET /oauth2/token", old: `3600`, new: `3600.0`, call: callRefresh},
	{name: "no expires_in", rule: RuleTokenAnswer, route: "GET /oauth2/token", old: `"expires_in":3600,`, call: callRefresh},
	{name: "mac token", rule: RuleTokenAnswer, route: "GET /oauth2/token", old: `"bearer"`, new: `"mac"`, call: callRefresh},
	{name: "empty access token", rule: RuleTokenAnswer, route: "GET /oauth2/token", old: fakeAccess, call: callRefresh},
	{name: "number as scope", rule: RuleTokenAnswer, route: "GET /oauth2/token", old: `"expires_in"`, new: `"scope":1,"expires_in"`, call: callRefresh},
	{name: "short-lived tokens", rule: RuleTokenLifetime, route: "GET /oauth2/token", old: `3600`, new: `180`, call: callRefresh},
	{name: "invalid_grant as 401", rule: RuleTokenError, route: "GET /oauth2/token", change: setStatus(401), call: callBadRefresh},
	{name: "invalid_grant as 403", rule: RuleTokenError, route: "GET /oauth2/token", change: setStatus(403), call: callBadRefresh},
	{name: "unknown error code", rule: RuleTokenError, route: "GET /oauth2/token", old: `invalid_grant`, new: `expired_code`, call: callBadRefresh},
	{name: "token error in an envelope", rule: RuleTokenError, route: "GET /oauth2/token", change: func(a *answer) { a.fail(400, 40000, "INVALID_REQUEST") }, call: callBadRefresh},
	{name: "description with quotes", rule: RuleTokenError, route: "GET /oauth2/token", old: `No such code.`, new: `No \"code\".`, call: callBadRefresh},
	{name: "form-action self", rule: RuleLoginPage, route: "GET /login", change: setHeader("Content-Security-Policy", "default-src 'none'; form-action 'self'"), call: callSignIn},
	{name: "500 with a form", rule: RuleLoginPage, route: "GET /login", change: setStatus(500), call: callSignIn},
	{name: "app link", rule: RuleLoginPage, route: "GET /oauth/authorize", change: setHeader("Location", "intent://login"), call: callSignIn},
	{name: "redirect loop", rule: RuleLoginPage, route: "GET /oauth/authorize", change: func(a *answer) {
		a.status = http.StatusFound
		a.header.Set("Location", "/oauth/authorize")
	}, call: callSignIn},
	{name: "form by GET", rule: RuleLoginForm, route: "GET /login", old: `<form method="post"`, new: `<form`, call: callSignIn},
	{name: "form in a window", rule: RuleLoginForm, route: "GET /login", old: `<form method="post"`, new: `<form method="post" target="_blank"`, call: callSignIn},
	{name: "multipart form", rule: RuleLoginForm, route: "GET /login", old: `<form method="post"`, new: `<form method="post" enctype="multipart/form-data"`, call: callSignIn},
	{name: "redirect to http", rule: RuleSignInTLS, route: "GET /oauth/authorize", change: setHeader("Location", "http://127.0.0.1/login"), call: callSignIn},
	{name: "form to http", rule: RuleSignInTLS, route: "GET /login", old: `<form method="post"`, new: `<form method="post" action="http://127.0.0.1/login"`, call: callSignIn},
	{name: "307 with the password", rule: RuleCodeRedirect, route: "POST /login", change: setStatus(307), call: callSignIn},
	{name: "no code", rule: RuleCodeRedirect, route: "POST /login", change: location("code=", "c="), call: callSignIn},
	{name: "two codes", rule: RuleCodeRedirect, route: "POST /login", change: location("code=", "code=x&code="), call: callSignIn},
	{name: "query of the redirect URI lost", rule: RuleCodeRedirect, route: "POST /login", change: location("keep=1&", ""), call: callSignIn},
	{name: "malformed query", rule: RuleCodeRedirect, route: "POST /login", change: location("code=", "x=%zz&code="), call: callSignIn},
	{name: "code in the fragment", rule: RuleCodeRedirect, route: "POST /login", change: location("code=", "#code="), call: callSignIn},
	{name: "no state", rule: RuleState, route: "POST /login", change: location("state=", "s="), call: callSignIn},
	{name: "other state", rule: RuleState, route: "POST /login", change: location("state=", "state=x"), call: callSignIn},
}

func TestGatewayFindsEveryBreach(t *testing.T) {
	t.Parallel()
	for _, b := range breaches {
		t.Run(string(b.rule)+"/"+b.name, func(t *testing.T) {
			t.Parallel()
			hit := false
			g := newFake(t, func(a *answer) {
				if a.route != b.route {
					return
				}
				hit = true
				if b.change != nil {
					b.change(a)
					return
				}
				if !strings.Contains(a.body, b.old) {
					t.Errorf("the answer has no %q", b.old)
				}
				a.body = strings.Replace(a.body, b.old, b.new, 1)
			})
			if b.option != nil {
				b.option(g)
			}
			err := b.call(t.Context(), g)
			if !hit {
				t.Fatalf("%s was not called", b.route)
			}
			var rules []Rule
			for _, v := range Violations(err) {
				rules = append(rules, v.Rule)
				if v.Method == "" || v.Route == "" || v.Detail == "" || !strings.Contains(v.Error(), string(v.Rule)) {
					t.Errorf("incomplete violation %+v", v)
				}
				for _, secret := range []string{fakeAccess, fakeRefresh, fakeSecret, fakeCode, fakeKey} {
					if strings.Contains(v.Error(), secret) {
						t.Errorf("the violation shows a secret: %v", v)
					}
				}
			}
			if !slices.Contains(rules, b.rule) {
				t.Errorf("got %v, want %s", err, b.rule)
			}
		})
	}
}

func TestGatewayRulesAreTestedAndExplained(t *testing.T) {
	t.Parallel()
	for _, rule := range Rules() {
		if rule.Text() == "" {
			t.Errorf("rule %s has no text", rule)
		}
		if !slices.ContainsFunc(breaches, func(b breach) bool { return b.rule == rule }) {
			t.Errorf("rule %s has no breach in the table", rule)
		}
	}
	for _, b := range breaches {
		if b.rule.Text() == "" {
			t.Errorf("%s: rule %s is not in Rules", b.name, b.rule)
		}
	}
}

// A breach must not hide what could be read: a checker goes on with it.
func TestGatewayReturnsWhatItCouldRead(t *testing.T) {
	t.Parallel()
	g := newFake(t, func(a *answer) { a.header.Set("Cache-Control", "") })
	live, err := g.WithToken(fakeAccess).Live(t.Context(), "l1")
	if len(Violations(err)) != 1 || live.ID != "l1" || live.StreamKey != fakeKey {
		t.Errorf("got %s, %v", live.ID, err)
	}
}
