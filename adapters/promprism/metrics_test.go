package promprism_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/b2bprism/b2bprism/adapters/promprism"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// request plays one request to the Trace.
func request(t testing.TB, trace prism.Trace, method, route string, status int, d time.Duration) {
	_, result := trace.RequestStart(t.Context(), prism.RequestInfo{RequestID: "r", Method: method, Route: route})
	result(prism.RequestResult{Status: status, UserID: "minji", Duration: d})
}

func TestExposition(t *testing.T) {
	t.Parallel()
	_, m := newMetrics(t, promprism.Options{
		Buckets:    []float64{1, 3},
		EndReasons: []prism.EndReason{"copyright"},
		LivesOnAir: func(context.Context) (int, error) { return 7, nil },
	})
	trace, tokens, ctx := m.PRISMTrace(), m.OAuthTrace(), t.Context()

	const route = "/v1/service/live/{liveId}"
	request(t, trace, "GET", route, 200, 500*time.Millisecond)
	request(t, trace, "GET", route, 200, 2*time.Second)
	request(t, trace, "GET", route, 504, 4*time.Second)
	request(t, trace, "PUT", route, 599, time.Second)
	request(t, trace, "PROPFIND", "unknown", 0, time.Second)
	trace.RequestStart(ctx, prism.RequestInfo{Method: "GET", Route: route}) // goes on

	for _, change := range []prism.LiveChange{
		{Event: prism.LiveCreated}, {Event: prism.LiveStarted}, {Event: prism.LiveUpdated},
		{Event: prism.LiveEnded, Reason: prism.EndedByStreamer}, {Event: prism.LiveEnded, Reason: "copyright"},
		{Event: prism.LiveEnded, Reason: "case 4711"}, {Event: prism.LiveEnded}, {Event: "renamed", Reason: "x"},
	} {
		trace.LiveChanged(ctx, change)
	}
	trace.BadData(ctx, prism.BadData{Adapter: "*app.Store", Field: "Live.RTMPPath"})
	trace.BadData(ctx, prism.BadData{Adapter: "*app.Store", Field: "\xff"})

	tokens.TokenIssued(ctx, oauth.TokenEvent{GrantType: "authorization_code"})
	tokens.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token"})
	tokens.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token", Sibling: true})
	tokens.TokenIssued(ctx, oauth.TokenEvent{GrantType: "password"})
	tokens.TokenRefused(ctx, oauth.RefusedEvent{Endpoint: "token", Code: "invalid_grant", Reason: "code expired"})
	tokens.TokenRefused(ctx, oauth.RefusedEvent{Code: "weird", Reason: "user minji sneezed"})
	tokens.ReuseDetected(ctx, oauth.ReuseEvent{What: "code"})
	tokens.ReuseDetected(ctx, oauth.ReuseEvent{What: "session"})
	tokens.LoginFailed(ctx, oauth.LoginEvent{Limited: true})

	want := `
# HELP b2bprism_bad_data_total Values of the host's adapters that could not be sent.
# TYPE b2bprism_bad_data_total counter
b2bprism_bad_data_total{adapter="*app.Store",field="Live.RTMPPath"} 1
b2bprism_bad_data_total{adapter="other",field="other"} 1
# HELP b2bprism_http_request_duration_seconds Time from the arrival of a request to its answer.
# TYPE b2bprism_http_request_duration_seconds histogram
b2bprism_http_request_duration_seconds_bucket{method="GET",route="/v1/service/live/{liveId}",le="1"} 1
b2bprism_http_request_duration_seconds_bucket{method="GET",route="/v1/service/live/{liveId}",le="3"} 2
b2bprism_http_request_duration_seconds_bucket{method="GET",route="/v1/service/live/{liveId}",le="+Inf"} 3
b2bprism_http_request_duration_seconds_sum{method="GET",route="/v1/service/live/{liveId}"} 6.5
b2bprism_http_request_duration_seconds_count{method="GET",route="/v1/service/live/{liveId}"} 3
b2bprism_http_request_duration_seconds_bucket{method="OTHER",route="unknown",le="1"} 1
b2bprism_http_request_duration_seconds_bucket{method="OTHER",route="unknown",le="3"} 1
b2bprism_http_request_duration_seconds_bucket{method="OTHER",route="unknown",le="+Inf"} 1
b2bprism_http_request_duration_seconds_sum{method="OTHER",route="unknown"} 1
b2bprism_http_request_duration_seconds_count{method="OTHER",route="unknown"} 1
b2bprism_http_request_duration_seconds_bucket{method="PUT",route="/v1/service/live/{liveId}",le="1"} 1
b2bprism_http_request_duration_seconds_bucket{method="PUT",route="/v1/service/live/{liveId}",le="3"} 1
b2bprism_http_request_duration_seconds_bucket{method="PUT",route="/v1/service/live/{liveId}",le="+Inf"} 1
b2bprism_http_request_duration_seconds_sum{method="PUT",route="/v1/service/live/{liveId}"} 1
b2bprism_http_request_duration_seconds_count{method="PUT",route="/v1/service/live/{liveId}"} 1
# HELP b2bprism_http_requests_in_flight Requests being answered.
# TYPE b2bprism_http_requests_in_flight gauge
b2bprism_http_requests_in_flight 1
# HELP b2bprism_http_requests_total Requests answered.
# TYPE b2bprism_http_requests_total counter
b2bprism_http_requests_total{code="200",method="GET",route="/v1/service/live/{liveId}"} 2
b2bprism_http_requests_total{code="504",method="GET",route="/v1/service/live/{liveId}"} 1
b2bprism_http_requests_total{code="5xx",method="PUT",route="/v1/service/live/{liveId}"} 1
b2bprism_http_requests_total{code="none",method="OTHER",route="unknown"} 1
# HELP b2bprism_ingest_sessions Publishers that this instance heard of lately.
# TYPE b2bprism_ingest_sessions gauge
b2bprism_ingest_sessions 0
# HELP b2bprism_live_events_total Lives created, updated, started and ended.
# TYPE b2bprism_live_events_total counter
b2bprism_live_events_total{event="created",reason=""} 1
b2bprism_live_events_total{event="ended",reason="channel_disabled"} 0
b2bprism_live_events_total{event="ended",reason="copyright"} 1
b2bprism_live_events_total{event="ended",reason="host"} 0
b2bprism_live_events_total{event="ended",reason="ingest_timeout"} 0
b2bprism_live_events_total{event="ended",reason="newer_live"} 0
b2bprism_live_events_total{event="ended",reason="other"} 2
b2bprism_live_events_total{event="ended",reason="streamer"} 1
b2bprism_live_events_total{event="other",reason=""} 1
b2bprism_live_events_total{event="started",reason=""} 1
b2bprism_live_events_total{event="updated",reason=""} 1
# HELP b2bprism_lives_on_air Lives on air in the whole service, not only on this instance.
# TYPE b2bprism_lives_on_air gauge
b2bprism_lives_on_air 7
# HELP b2bprism_lives_on_air_failures_total Times that the lives on air could not be counted.
# TYPE b2bprism_lives_on_air_failures_total counter
b2bprism_lives_on_air_failures_total 0
# HELP b2bprism_login_failures_total Sign-ins refused by the password page.
# TYPE b2bprism_login_failures_total counter
b2bprism_login_failures_total{limited="false"} 0
b2bprism_login_failures_total{limited="true"} 1
# HELP b2bprism_token_refusals_total Errors answered by the token, revocation and introspection endpoints.
# TYPE b2bprism_token_refusals_total counter
b2bprism_token_refusals_total{code="invalid_grant",endpoint="token",reason="code expired"} 1
b2bprism_token_refusals_total{code="other",endpoint="other",reason="other"} 1
# HELP b2bprism_token_reuse_total Sign-ins revoked because a used code or an old refresh token came back.
# TYPE b2bprism_token_reuse_total counter
b2bprism_token_reuse_total{what="code"} 1
b2bprism_token_reuse_total{what="other"} 1
b2bprism_token_reuse_total{what="refresh_token"} 0
# HELP b2bprism_tokens_total Token pairs issued, refreshed, and refreshed again within the grace rules (sibling).
# TYPE b2bprism_tokens_total counter
b2bprism_tokens_total{outcome="issued"} 1
b2bprism_tokens_total{outcome="other"} 1
b2bprism_tokens_total{outcome="refreshed"} 1
b2bprism_tokens_total{outcome="sibling"} 1
`
	if err := testutil.CollectAndCompare(m, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	problems, err := testutil.CollectAndLint(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		reg  prometheus.Registerer
		opt  promprism.Options
		want string
	}{
		{"no registerer", nil, promprism.Options{}, "Registerer is nil"},
		{"le", prometheus.NewRegistry(), promprism.Options{ConstLabels: prometheus.Labels{"le": "1"}}, `"le"`},
		{"label clash", prometheus.NewRegistry(), promprism.Options{ConstLabels: prometheus.Labels{"route": "x"}}, "registering"},
		{"buckets", prometheus.NewRegistry(), promprism.Options{Buckets: []float64{1, 1}}, "Buckets[1]"},
		{"reasons", prometheus.NewRegistry(), promprism.Options{EndReasons: make([]prism.EndReason, 33)}, "at most 32"},
		{"empty reason", prometheus.NewRegistry(), promprism.Options{EndReasons: []prism.EndReason{""}}, "EndReasons[0]"},
		{"no UTF-8", prometheus.NewRegistry(), promprism.Options{EndReasons: []prism.EndReason{"\xff"}}, "EndReasons[0]"},
		{"lives timeout", prometheus.NewRegistry(), promprism.Options{LivesTimeout: -1}, "LivesTimeout"},
		{"session timeout", prometheus.NewRegistry(), promprism.Options{SessionTimeout: -1}, "SessionTimeout"},
	} {
		m, err := promprism.New(test.reg, test.opt)
		if err == nil || m != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v; want an error with %q", test.name, m, err, test.want)
		}
	}
}

func TestRegisteredTwice(t *testing.T) {
	t.Parallel()
	reg, first := newMetrics(t, promprism.Options{})
	_, err := promprism.New(reg, promprism.Options{})
	if _, twice := errors.AsType[prometheus.AlreadyRegisteredError](err); !twice {
		t.Fatalf("got %v, want an AlreadyRegisteredError", err)
	}
	if !reg.Unregister(first) {
		t.Error("Unregister did not find the metrics")
	}
	if left := gathered(t, reg); len(left) != 0 {
		t.Errorf("%d metrics are left after Unregister", len(left))
	}
}

func TestTwoServices(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	for _, service := range []string{"a", "b"} {
		m, err := promprism.New(reg, promprism.Options{ConstLabels: prometheus.Labels{"service": service}})
		if err != nil {
			t.Fatal(err)
		}
		request(t, m.PRISMTrace(), "GET", "/r", 200, time.Second)
	}
	if n := gathered(t, reg)["b2bprism_http_requests_total"].value("service", "b"); n != 1 {
		t.Errorf("%v requests of service b, want 1", n)
	}
}

func TestDefaultBuckets(t *testing.T) {
	t.Parallel()
	have := map[float64]bool{}
	for _, b := range promprism.DefaultBuckets() {
		have[b] = true
	}
	if !have[1] || !have[3] || !have[prism.DefaultDeadline.Seconds()] {
		t.Errorf("%v lacks 1, 3 or the default deadline", promprism.DefaultBuckets())
	}
}
