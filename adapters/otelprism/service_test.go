package otelprism_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/b2bprism/b2bprism/adapters/otelprism"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

func TestSpanOfARequest(t *testing.T) {
	t.Parallel()
	h := startHost(t, otelprism.Options{})
	_, s := h.signIn(t)
	if _, err := s.Channel(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	spans := h.recorder.Ended()
	span := one(t, spans, "GET /v1/service/channel/{channelId}")
	if span.SpanKind() != trace.SpanKindServer || span.Parent().IsValid() || span.Status().Code != codes.Unset {
		t.Errorf("kind %s, parent %v, status %v; want a root span of a server", span.SpanKind(), span.Parent(), span.Status())
	}
	got := attrs(span.Attributes())
	if len(got["b2bprism.request.id"]) != 24 {
		t.Errorf("request id %q", got["b2bprism.request.id"])
	}
	delete(got, "b2bprism.request.id")
	want := map[string]string{
		"http.request.method": "GET", "http.route": "/v1/service/channel/{channelId}",
		"http.response.status_code": "200", "url.scheme": "https",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if child := one(t, spans, "store.Channel"); child.Parent().SpanID() != span.SpanContext().SpanID() {
		t.Error("the store's span is no child of the request's")
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	h := startHost(t, otelprism.Options{})
	_, s := h.signIn(t)
	h.store.fail = errors.New("no such table: token-4711")
	if _, err := s.Channel(t.Context(), "main"); err == nil {
		t.Fatal("the failure of the store was not seen")
	}
	if _, err := h.gateway.WithToken("no token").User(t.Context()); err == nil {
		t.Fatal("a wrong token was taken")
	}
	spans := h.recorder.Ended()

	failed := one(t, spans, "GET /v1/service/channel/{channelId}")
	got := attrs(failed.Attributes())
	if failed.Status().Code != codes.Error || failed.Status().Description != "" || got["error.type"] != "500" || got["http.response.status_code"] != "500" || got["b2bprism.error_code"] == "" {
		t.Errorf("status %v, attributes %v; want an error", failed.Status(), got)
	}
	if strings.Contains(dump(failed), "4711") {
		t.Error("the span has internals of the store")
	}

	refused := one(t, spans, "GET /v1/service/user")
	got = attrs(refused.Attributes())
	if refused.Status().Code != codes.Unset || got["error.type"] != "" || got["http.response.status_code"] != "401" {
		t.Errorf("status %v, attributes %v; a 401 is no error of the server", refused.Status(), got)
	}
}

func TestEventsOfABroadcast(t *testing.T) {
	t.Parallel()
	h := startHost(t, otelprism.Options{})
	ctx := t.Context()
	_, s := h.signIn(t)
	live, err := s.CreateLive(ctx, "main", prismtest.NewLive{Title: "Hello"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartLive(ctx, live.ID); err != nil {
		t.Fatal(err)
	}
	// Ended by the host, outside of any request.
	if _, err := h.service.EndLive(ctx, live.ID, "copyright"); err != nil {
		t.Fatal(err)
	}
	spans := h.recorder.Ended()
	ids := "b2bprism.channel.id:main b2bprism.live.id:" + live.ID
	for name, event := range map[string]string{
		"POST /v1/service/channel/{channelId}/live": "b2bprism.live.created map[" + ids + "]",
		"PUT /v1/service/live/{liveId}/start":       "b2bprism.live.started map[" + ids + "]",
	} {
		if diff := cmp.Diff([]string{event}, events(one(t, spans, name))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	ended := one(t, spans, "b2bprism.live.ended")
	got := attrs(ended.Attributes())
	if ended.SpanKind() != trace.SpanKindInternal || got["b2bprism.live.end_reason"] != "copyright" || got["b2bprism.live.id"] != live.ID {
		t.Errorf("kind %s, attributes %v", ended.SpanKind(), got)
	}
}

// What happens at the token endpoint is told by events, and no span tells a
// secret, an account or the user.
func TestSignInAndSecrets(t *testing.T) {
	t.Parallel()
	h := startHost(t, otelprism.Options{})
	ctx, g := t.Context(), h.gateway
	if _, err := g.SignIn(ctx, prismtest.Credentials{Account: "minji", Password: "pw-of-somebody"}); err == nil {
		t.Fatal("signed in with a wrong password")
	}
	code, err := g.Authorize(ctx, prismtest.Credentials{Account: "minji", Password: "pw-minji"})
	if err != nil {
		t.Fatal(err)
	}
	first, err := g.Exchange(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	second, err := g.Refresh(ctx, first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	live, err := g.Session(second).CreateLive(ctx, "main", prismtest.NewLive{Title: "Hello"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Exchange(ctx, code); err == nil {
		t.Fatal("a code was taken twice")
	}

	client := "b2bprism.oauth.client_id:" + g.ClientID
	grant := " b2bprism.oauth.grant_type:"
	want := []string{
		"b2bprism.oauth.login_failed map[" + client + " b2bprism.oauth.limited:false]",
		"b2bprism.oauth.token_issued map[" + client + grant + "authorization_code b2bprism.oauth.sibling:false]",
		"b2bprism.oauth.token_issued map[" + client + grant + "refresh_token b2bprism.oauth.sibling:false]",
		"b2bprism.oauth.reuse_detected map[" + client + " b2bprism.oauth.reused:code]",
		"b2bprism.oauth.token_refused map[" + client + " b2bprism.oauth.endpoint:token b2bprism.oauth.error:invalid_grant" + grant + "authorization_code b2bprism.oauth.reason:code redeemed before]",
	}
	var got []string
	stored, err := h.store.Live(ctx, "minji", live.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := prism.SplitRTMPPath(stored.RTMPPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, span := range h.recorder.Ended() {
		for _, event := range events(span) {
			if strings.HasPrefix(event, "b2bprism.oauth.") {
				got = append(got, event)
			}
		}
		for what, secret := range map[string]string{
			"the code": code, "an access token": first.AccessToken, "a refresh token": first.RefreshToken,
			"the new access token": second.AccessToken, "the new refresh token": second.RefreshToken, "the client secret": g.ClientSecret,
			"a password": "pw-", "the user": "minji", "a stream key": key, "a query": "?", "an address": "127.0.0.1", "the title": "Hello",
		} {
			if strings.Contains(dump(span), secret) {
				t.Errorf("%s has %s", span.Name(), what)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUserHash(t *testing.T) {
	t.Parallel()
	hashes := map[string]bool{}
	for _, key := range []string{strings.Repeat("a", 32), strings.Repeat("a", 32), strings.Repeat("b", 32)} {
		h := startHost(t, otelprism.Options{UserHashKey: []byte(key)})
		_, s := h.signIn(t)
		if _, err := s.User(t.Context()); err != nil {
			t.Fatal(err)
		}
		span := one(t, h.recorder.Ended(), "GET /v1/service/user")
		hash := attrs(span.Attributes())["user.hash"]
		if len(hash) != 32 || strings.Contains(dump(span), "minji") {
			t.Errorf("user.hash is %q, want 16 bytes in hex, and no user id", hash)
		}
		hashes[hash] = true
		issued := strings.Join(events(one(t, h.recorder.Ended(), "GET /v1/service/oauth2/token")), "\n")
		if !strings.Contains(issued, "user.hash:"+hash) {
			t.Errorf("the sign-in has another user.hash: %s", issued)
		}
	}
	if len(hashes) != 2 {
		t.Errorf("%d hashes of two keys", len(hashes))
	}
}
