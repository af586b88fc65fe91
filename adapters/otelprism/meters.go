package otelprism

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/b2bprism/b2bprism/adapters/internal/sessions"
)

// meters are the metrics. A nil *meters does nothing.
type meters struct {
	duration metric.Float64Histogram
	active   metric.Int64UpDownCounter

	tokens   metric.Int64Counter
	refusals metric.Int64Counter
	reuse    metric.Int64Counter
	logins   metric.Int64Counter

	ingestEvents metric.Int64Counter
	sessions     *sessions.Sessions

	registration metric.Registration
}

// units are annotations of UCUM, in braces, for what is counted.
const (
	unitSeconds = "s"
	unitRequest = "{request}"
	unitPair    = "{pair}"
	unitRefusal = "{refusal}"
	unitReuse   = "{reuse}"
	unitFailure = "{failure}"
	unitLive    = "{live}"
	unitEvent   = "{event}"
	unitSession = "{session}"
)

func newMeters(opt Options) (*meters, error) {
	meter := opt.MeterProvider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	var errs []error
	failed := func(name string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("otelprism: making the instrument %s: %w", name, err))
		}
	}
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		failed(name, err)
		return c
	}
	m := &meters{sessions: sessions.New(opt.SessionTimeout)}
	var err error
	m.duration, err = meter.Float64Histogram("http.server.request.duration",
		metric.WithUnit(unitSeconds), metric.WithDescription("Duration of HTTP server requests."),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, .75, 1, 1.5, 2, 2.5, 3, 5, 10))
	failed("http.server.request.duration", err)
	m.active, err = meter.Int64UpDownCounter("http.server.active_requests",
		metric.WithUnit(unitRequest), metric.WithDescription("Number of active HTTP server requests."))
	failed("http.server.active_requests", err)

	m.tokens = counter("b2bprism.oauth.tokens", unitPair, "Token pairs issued, refreshed, and refreshed again within the grace rules (sibling).")
	m.refusals = counter("b2bprism.oauth.refusals", unitRefusal, "Errors answered by the token, revocation and introspection endpoints.")
	m.reuse = counter("b2bprism.oauth.token_reuse", unitReuse, "Sign-ins revoked because a used code or an old refresh token came back.")
	m.logins = counter("b2bprism.oauth.login_failures", unitFailure, "Sign-ins refused by the password page.")
	m.ingestEvents = counter("b2bprism.ingest.events", unitEvent, "Hooks of media servers.")

	ingestSessions, err := meter.Int64ObservableUpDownCounter("b2bprism.ingest.sessions",
		metric.WithUnit(unitSession), metric.WithDescription("Publishers that this instance heard of lately."))
	failed("b2bprism.ingest.sessions", err)
	observables := []metric.Observable{ingestSessions}
	lives := &livesOnAir{count: opt.LivesOnAir, timeout: opt.LivesTimeout}
	if opt.LivesOnAir != nil {
		lives.gauge, err = meter.Int64ObservableGauge("b2bprism.live.on_air",
			metric.WithUnit(unitLive), metric.WithDescription("Lives on air in the whole service, not only on this instance."))
		failed("b2bprism.live.on_air", err)
		lives.failures = counter("b2bprism.live.count_failures", unitFailure, "Times that the lives on air could not be counted.")
		observables = append(observables, lives.gauge)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	m.registration, err = meter.RegisterCallback(func(ctx context.Context, observer metric.Observer) error {
		observer.ObserveInt64(ingestSessions, int64(m.sessions.Count()))
		lives.observe(ctx, observer)
		return nil
	}, observables...)
	if err != nil {
		return nil, fmt.Errorf("otelprism: registering the observations: %w", err)
	}
	m.beginAtZero()
	lives.beginAtZero()
	return m, nil
}

func (m *meters) begin(ctx context.Context, method, scheme attribute.KeyValue) {
	if m != nil {
		m.active.Add(ctx, 1, metric.WithAttributes(method, scheme))
	}
}

func (m *meters) end(ctx context.Context, d time.Duration, result []attribute.KeyValue, method, scheme, route attribute.KeyValue) {
	if m == nil {
		return
	}
	m.active.Add(ctx, -1, metric.WithAttributes(method, scheme))
	m.duration.Record(ctx, d.Seconds(), metric.WithAttributes(append([]attribute.KeyValue{method, scheme, route}, result...)...))
}

// close ends the observations.
func (m *meters) close() error {
	if m == nil {
		return nil
	}
	if err := m.registration.Unregister(); err != nil {
		return fmt.Errorf("otelprism: ending the observations: %w", err)
	}
	return nil
}
