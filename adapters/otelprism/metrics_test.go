package otelprism_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/b2bprism/b2bprism/adapters/otelprism"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// newMetrics returns Telemetry with metrics and the reader of them.
func newMetrics(t testing.TB, opt otelprism.Options) (*otelprism.Telemetry, *sdkmetric.ManualReader) {
	t.Helper()
	reader := sdkmetric.NewManualReader()
	opt.MeterProvider = newMeterProvider(t, reader)
	telemetry, _, _ := newTelemetry(t, opt)
	return telemetry, reader
}

func newMeterProvider(t testing.TB, reader sdkmetric.Reader) *sdkmetric.MeterProvider {
	t.Helper()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	t.Cleanup(func() {
		if err := provider.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return provider
}

// collected returns the points whose metric begins with prefix, by name, unit
// and attributes. A gauge is marked, because it must not be summed.
func collected(t testing.TB, reader sdkmetric.Reader, prefix string) map[string]string {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if !strings.HasPrefix(m.Name, prefix) {
				continue
			}
			name := m.Name + " " + m.Unit + " "
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					got[name+fmt.Sprint(attrs(p.Attributes.ToSlice()))] = fmt.Sprintf("%d, %g", p.Count, p.Sum)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					got[name+fmt.Sprint(attrs(p.Attributes.ToSlice()))] = fmt.Sprint(p.Value)
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					got[name+fmt.Sprint(attrs(p.Attributes.ToSlice()))] = fmt.Sprint("gauge ", p.Value)
				}
			default:
				t.Fatalf("%s has data of type %T", m.Name, data)
			}
		}
	}
	return got
}

func TestRequestMetrics(t *testing.T) {
	t.Parallel()
	telemetry, reader := newMetrics(t, otelprism.Options{})
	tr := telemetry.PRISMTrace()
	for i := range 10_000 {
		play(t.Context(), tr, "OTHER", "unknown", prism.RequestResult{Status: 404, UserID: fmt.Sprint(i), ErrorCode: i, Duration: time.Second})
	}
	play(t.Context(), tr, "GET", "/v1/service/user", prism.RequestResult{Status: 504, Duration: 4 * time.Second})
	tr.RequestStart(t.Context(), prism.RequestInfo{RequestID: "r2", Method: "GET", Route: "/v1/service/user"}) // goes on
	want := map[string]string{
		"http.server.active_requests {request} map[http.request.method:GET url.scheme:https]":                                                                   "1",
		"http.server.active_requests {request} map[http.request.method:_OTHER url.scheme:https]":                                                                "0",
		"http.server.request.duration s map[error.type:504 http.request.method:GET http.response.status_code:504 http.route:/v1/service/user url.scheme:https]": "1, 4",
		"http.server.request.duration s map[http.request.method:_OTHER http.response.status_code:404 http.route:unknown url.scheme:https]":                      "10000, 10000",
	}
	if diff := cmp.Diff(want, collected(t, reader, "http.")); diff != "" {
		t.Error(diff)
	}
}

// zeros are the token metrics of a service that has just begun.
func zeros() map[string]string {
	return map[string]string{
		"b2bprism.oauth.login_failures {failure} map[b2bprism.oauth.limited:false]":   "0",
		"b2bprism.oauth.login_failures {failure} map[b2bprism.oauth.limited:true]":    "0",
		"b2bprism.oauth.token_reuse {reuse} map[b2bprism.oauth.reused:code]":          "0",
		"b2bprism.oauth.token_reuse {reuse} map[b2bprism.oauth.reused:refresh_token]": "0",
		"b2bprism.oauth.tokens {pair} map[b2bprism.oauth.outcome:issued]":             "0",
		"b2bprism.oauth.tokens {pair} map[b2bprism.oauth.outcome:refreshed]":          "0",
		"b2bprism.oauth.tokens {pair} map[b2bprism.oauth.outcome:sibling]":            "0",
	}
}

func TestTokenMetrics(t *testing.T) {
	t.Parallel()
	telemetry, reader := newMetrics(t, otelprism.Options{})
	want := zeros()
	if diff := cmp.Diff(want, collected(t, reader, "b2bprism.oauth.")); diff != "" {
		t.Error(diff)
	}
	ctx, tr := t.Context(), telemetry.OAuthTrace()
	tr.TokenIssued(ctx, oauth.TokenEvent{GrantType: "authorization_code"})
	tr.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token"})
	tr.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token"})
	tr.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token", Sibling: true})
	tr.TokenIssued(ctx, oauth.TokenEvent{GrantType: "password"})
	tr.TokenRefused(ctx, oauth.RefusedEvent{Endpoint: "token", Code: "invalid_grant", Reason: "code expired", ClientID: "prism", GrantType: "authorization_code"})
	tr.ReuseDetected(ctx, oauth.ReuseEvent{What: "refresh_token", UserID: "minji"})
	tr.LoginFailed(ctx, oauth.LoginEvent{Limited: true})
	for i := range 1000 { // what is not known has one series
		v := fmt.Sprint("v", i)
		tr.TokenRefused(ctx, oauth.RefusedEvent{Endpoint: v, Code: v, Reason: v, ClientID: v, GrantType: v})
		tr.ReuseDetected(ctx, oauth.ReuseEvent{What: v, ClientID: v, UserID: v})
	}
	maps.Copy(want, map[string]string{
		"b2bprism.oauth.tokens {pair} map[b2bprism.oauth.outcome:issued]":                                                                            "1",
		"b2bprism.oauth.tokens {pair} map[b2bprism.oauth.outcome:refreshed]":                                                                         "2",
		"b2bprism.oauth.tokens {pair} map[b2bprism.oauth.outcome:sibling]":                                                                           "1",
		"b2bprism.oauth.tokens {pair} map[b2bprism.oauth.outcome:other]":                                                                             "1",
		"b2bprism.oauth.refusals {refusal} map[b2bprism.oauth.endpoint:token b2bprism.oauth.error:invalid_grant b2bprism.oauth.reason:code expired]": "1",
		"b2bprism.oauth.refusals {refusal} map[b2bprism.oauth.endpoint:other b2bprism.oauth.error:other b2bprism.oauth.reason:other]":                "1000",
		"b2bprism.oauth.token_reuse {reuse} map[b2bprism.oauth.reused:refresh_token]":                                                                "1",
		"b2bprism.oauth.token_reuse {reuse} map[b2bprism.oauth.reused:other]":                                                                        "1000",
		"b2bprism.oauth.login_failures {failure} map[b2bprism.oauth.limited:true]":                                                                   "1",
	})
	if diff := cmp.Diff(want, collected(t, reader, "b2bprism.oauth.")); diff != "" {
		t.Error(diff)
	}
}

func TestLivesOnAir(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count := func(context.Context) (int, error) { return 3, nil }
		telemetry, reader := newMetrics(t, otelprism.Options{
			LivesOnAir:   func(ctx context.Context) (int, error) { return count(ctx) },
			LivesTimeout: 2 * time.Second,
		})
		const onAir, failures = "b2bprism.live.on_air {live} map[]", "b2bprism.live.count_failures {failure} map[]"
		check := func(when string, want map[string]string) {
			t.Helper()
			start := time.Now()
			if diff := cmp.Diff(want, collected(t, reader, "b2bprism.live.")); diff != "" {
				t.Errorf("%s: %s", when, diff)
			}
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("%s: the collection took %s", when, d)
			}
		}
		check("three lives", map[string]string{onAir: "gauge 3", failures: "0"})
		// A number that is not known is left out.
		count = func(context.Context) (int, error) { return 0, errors.New("down") }
		check("an error", map[string]string{failures: "1"})
		count = func(context.Context) (int, error) { panic("count") }
		check("a panic", map[string]string{failures: "2"})
		count = func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
		check("too slow", map[string]string{failures: "3"})
		count = func(context.Context) (int, error) { return 4, nil }
		check("well again", map[string]string{onAir: "gauge 4", failures: "3"})

		for range 2 {
			if err := telemetry.Close(); err != nil {
				t.Error(err)
			}
		}
		count = func(context.Context) (int, error) { t.Error("asked after Close"); return 0, nil }
		check("closed", map[string]string{failures: "3"})
		if got := collected(t, reader, "b2bprism.ingest.sessions"); len(got) != 0 {
			t.Errorf("observed after Close: %v", got)
		}
	})
}

func TestCountLives(t *testing.T) {
	t.Parallel()
	h := startHost(t, otelprism.Options{})
	count := otelprism.CountLives(h.store, 10)
	_, s := h.signIn(t)
	for want := range 2 {
		if n, err := count(t.Context()); n != want || err != nil {
			t.Errorf("%d lives on air, %v; want %d", n, err, want)
		}
		live, err := s.CreateLive(t.Context(), "main", prismtest.NewLive{Title: "Hello"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.StartLive(t.Context(), live.ID); err != nil {
			t.Fatal(err)
		}
	}
	down := errors.New("down")
	if _, err := otelprism.CountLives(brokenLister{down}, 1)(t.Context()); !errors.Is(err, down) {
		t.Errorf("got %v, want the store's error", err)
	}
	for name, use := range map[string]func(){
		"nil":   func() { otelprism.CountLives(nil, 1) },
		"limit": func() { otelprism.CountLives(h.store, 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			use()
		}()
	}
}

type brokenLister struct{ err error }

func (b brokenLister) LivesOnAir(context.Context, int) ([]prism.Live, error) { return nil, b.err }

// Metrics of a whole service: a sign-in, a refresh, a code that came back, and
// a broadcast.
func TestMetricsOfAService(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	h := startHost(t, otelprism.Options{MeterProvider: newMeterProvider(t, reader)})
	ctx, g := t.Context(), h.gateway
	code, err := g.Authorize(ctx, prismtest.Credentials{Account: "minji", Password: "pw-minji"})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := g.Exchange(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Refresh(ctx, tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Exchange(ctx, code); err == nil {
		t.Fatal("a code was taken twice")
	}
	want := zeros()
	maps.Copy(want, map[string]string{
		"b2bprism.oauth.tokens {pair} map[b2bprism.oauth.outcome:issued]":                                                                                    "1",
		"b2bprism.oauth.tokens {pair} map[b2bprism.oauth.outcome:refreshed]":                                                                                 "1",
		"b2bprism.oauth.token_reuse {reuse} map[b2bprism.oauth.reused:code]":                                                                                 "1",
		"b2bprism.oauth.refusals {refusal} map[b2bprism.oauth.endpoint:token b2bprism.oauth.error:invalid_grant b2bprism.oauth.reason:code redeemed before]": "1",
	})
	if diff := cmp.Diff(want, collected(t, reader, "b2bprism.oauth.")); diff != "" {
		t.Error(diff)
	}
	for _, secret := range []string{"minji", g.ClientID, code, tokens.AccessToken, tokens.RefreshToken} {
		for _, point := range slices.Sorted(maps.Keys(collected(t, reader, ""))) {
			if strings.Contains(point, secret) {
				t.Errorf("%s has an id or a secret", point)
			}
		}
	}
}
