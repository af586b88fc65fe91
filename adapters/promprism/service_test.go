package promprism_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/b2bprism/b2bprism/adapters/promprism"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// A whole broadcast of the PRISM client, and the usual mishaps, as metrics.
func TestService(t *testing.T) {
	t.Parallel()
	h := startHost(t)
	ctx, g := t.Context(), h.gateway

	if _, err := g.SignIn(ctx, prismtest.Credentials{Account: "minji", Password: "wrong"}); err == nil {
		t.Fatal("signed in with a wrong password")
	}
	code, err := g.Authorize(ctx, prismtest.Credentials{Account: "minji", Password: "pw-minji"})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := g.Exchange(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	if tokens, err = g.Refresh(ctx, tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	s := g.Session(tokens)
	live, err := s.CreateLive(ctx, "main", prismtest.NewLive{Title: "Hello"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartLive(ctx, live.ID); err != nil {
		t.Fatal(err)
	}
	if n := gathered(t, h.registry)["b2bprism_lives_on_air"].value(); n != 1 {
		t.Errorf("%v lives on air, want 1", n)
	}
	if _, err := h.service.EndLive(ctx, live.ID, prism.EndedByHost); err != nil {
		t.Fatal(err)
	}
	if _, err := g.WithToken("no token").User(ctx); err == nil {
		t.Fatal("a wrong token was taken")
	}
	// The code a second time ends the sign-in.
	if _, err := g.Exchange(ctx, code); err == nil {
		t.Fatal("a code was taken twice")
	}
	if _, err := g.Refresh(ctx, "no token"); err == nil {
		t.Fatal("a wrong refresh token was taken")
	}

	families := gathered(t, h.registry)
	for _, want := range []struct {
		metric string
		labels []string
		n      float64
	}{
		{"tokens_total", []string{"outcome", "issued"}, 1},
		{"tokens_total", []string{"outcome", "refreshed"}, 1},
		{"token_reuse_total", []string{"what", "code"}, 1},
		{"token_refusals_total", []string{"endpoint", "token", "code", "invalid_grant", "reason", "code redeemed before"}, 1},
		{"token_refusals_total", []string{"code", "invalid_grant", "reason", "refresh token unknown"}, 1},
		{"login_failures_total", []string{"limited", "false"}, 1},
		{"live_events_total", []string{"event", "created"}, 1},
		{"live_events_total", []string{"event", "started"}, 1},
		{"live_events_total", []string{"event", "ended", "reason", "host"}, 1},
		{"lives_on_air", nil, 0},
		{"http_requests_in_flight", nil, 0},
		{"http_requests_total", []string{"route", "/v1/service/user", "method", "GET", "code", "401"}, 1},
		{"http_requests_total", []string{"route", "/v1/service/live/{liveId}/start", "method", "PUT", "code", "200"}, 1},
		{"http_requests_total", []string{"route", "/v1/service/oauth2/token", "code", "200"}, 2},
		{"http_requests_total", []string{"route", "/v1/service/oauth2/token", "code", "400"}, 2},
		{"http_request_duration_seconds", []string{"route", "/v1/service/oauth2/token"}, 4},
	} {
		if n := families["b2bprism_"+want.metric].value(want.labels...); n != want.n {
			t.Errorf("%s%v is %v, want %v", want.metric, want.labels, n, want.n)
		}
	}
	for _, e := range h.refused {
		if n := families["b2bprism_token_refusals_total"].value("reason", e.Reason); n == 0 {
			t.Errorf("the reason %q was not counted under its name", e.Reason)
		}
	}
	if len(h.refused) == 0 {
		t.Error("the host's own Trace saw nothing beside the metrics")
	}
}

// Whatever is asked for, the number of series keeps to its bound.
func TestCardinality(t *testing.T) {
	t.Parallel()
	reg, m := newMetrics(t, promprism.Options{})
	store := newStore(t)
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Trace = refuseAll{}, m.PRISMTrace()
	cfg.Secrets = [][]byte{bytes.Repeat([]byte("s"), prism.MinSecret)}
	svc, err := prism.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(n int) {
		for i := range n {
			method := http.MethodGet
			if i%2 == 1 {
				method = fmt.Sprint("WEIRD", i)
			}
			for _, path := range []string{"/prism/v1/service/live/%d", "/prism/v1/service/channel/%d/lives", "/prism/%d", "/prism/v1/service/live/%d?token=%[1]d"} {
				svc.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "https://api.example.com"+fmt.Sprintf(path, i), nil))
			}
		}
	}
	ask(2)
	before := series(t, reg)
	ask(10_000)
	if after := series(t, reg); after != before {
		t.Errorf("%d series after 10,000 ids and 5,000 methods, %d before", after, before)
	}

	// Nor does a caller that breaks the contract of the Traces.
	trace, tokens, ctx := m.PRISMTrace(), m.OAuthTrace(), t.Context()
	for i := range 10_000 {
		v := fmt.Sprint("v", i)
		request(t, trace, v, "/"+v, i, 0)
		trace.LiveChanged(ctx, prism.LiveChange{Event: prism.LiveEvent(v), Reason: prism.EndReason(v)})
		trace.LiveChanged(ctx, prism.LiveChange{Event: prism.LiveEnded, Reason: prism.EndReason(v)})
		trace.BadData(ctx, prism.BadData{Adapter: v, Field: v})
		tokens.TokenIssued(ctx, tokenEvent(v))
		tokens.TokenRefused(ctx, refusedEvent(v))
		tokens.ReuseDetected(ctx, reuseEvent(v))
		tokens.LoginFailed(ctx, loginEvent(v))
		if err := m.Ingest(&scripted{errs: []error{errors.New(v)}}).Started(ctx, publish(v)); err == nil {
			t.Fatal("the error got lost")
		}
	}
	// 64 routes + other, each with one method and up to 70 codes: the loop
	// sends each route once, "other" with every code.
	if n := series(t, reg); n > before+64*2+70+128+50 {
		t.Errorf("%d series, %d before: not bounded", n, before)
	}
}
