package otelprism

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/b2bprism/b2bprism/prism"
)

// scope names the package to OpenTelemetry.
const scope = "github.com/b2bprism/b2bprism/adapters/otelprism"

// Defaults and bounds of Options.
const (
	DefaultLivesTimeout   = time.Second
	DefaultSessionTimeout = 90 * time.Second
	// MinUserHashKey is the least length of Options.UserHashKey, in bytes.
	MinUserHashKey = 32
)

// Options describe Telemetry. The zero value is good.
type Options struct {
	// MeterProvider makes the metrics that the README lists, among them
	// http.server.request.duration with bounds around the 1 s and 3 s of
	// PRISM. nil means no metrics.
	MeterProvider metric.MeterProvider

	// LivesOnAir counts the lives that are on air in the whole service; see
	// CountLives. It is asked at every collection of every reader, because
	// what one instance saw begin and end drifts: another one may end it.
	// Every instance reports the same number, so take its max, not its sum.
	// It must be safe for concurrent use and honour ctx. When it fails, the
	// metric is left out of that collection. nil means no such metric; it
	// needs a MeterProvider.
	LivesOnAir func(ctx context.Context) (int, error)
	// LivesTimeout is the time that LivesOnAir has: 1 s by default.
	LivesTimeout time.Duration

	// SessionTimeout is how long a publisher is counted after its last
	// heartbeat: 90 s by default. It should be a few times the interval in
	// which the media server reports.
	SessionTimeout time.Duration

	// UserHashKey adds the attribute user.hash, an HMAC-SHA-256 of the user
	// id, so that the requests of one user can be found together, by people
	// who cannot tell the user. At least MinUserHashKey random bytes; whoever
	// has the key can test user ids against traces. nil leaves users out.
	UserHashKey []byte
}

// Telemetry observes a service. It is safe for concurrent use and runs no
// goroutine; the host shuts its providers down. Close is for a host whose
// MeterProvider lives on.
type Telemetry struct {
	tracer  trace.Tracer
	meters  *meters
	hashKey []byte
}

// New makes Telemetry. It reports a nil provider, every option that is out of
// bounds, and instruments that the meter provider refuses.
func New(provider trace.TracerProvider, opt Options) (*Telemetry, error) {
	if opt.LivesTimeout == 0 {
		opt.LivesTimeout = DefaultLivesTimeout
	}
	if opt.SessionTimeout == 0 {
		opt.SessionTimeout = DefaultSessionTimeout
	}
	if err := opt.check(provider); err != nil {
		return nil, err
	}
	t := &Telemetry{
		tracer:  provider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		hashKey: append([]byte(nil), opt.UserHashKey...),
	}
	if opt.MeterProvider != nil {
		var err error
		if t.meters, err = newMeters(opt); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (o Options) check(provider trace.TracerProvider) error {
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("otelprism: "+format, args...))
	}
	if provider == nil {
		problem("New: the TracerProvider is nil")
	}
	if o.UserHashKey != nil && len(o.UserHashKey) < MinUserHashKey {
		problem("Options.UserHashKey has %d bytes, want at least %d", len(o.UserHashKey), MinUserHashKey)
	}
	if o.LivesOnAir != nil && o.MeterProvider == nil {
		problem("Options.LivesOnAir needs a MeterProvider")
	}
	if o.LivesTimeout < 0 {
		problem("Options.LivesTimeout: %s is negative", o.LivesTimeout)
	}
	if o.SessionTimeout < 0 {
		problem("Options.SessionTimeout: %s is negative", o.SessionTimeout)
	}
	return errors.Join(errs...)
}

// Close ends the metrics that are asked for at a collection: lives on air and
// ingest sessions. The rest goes on. It may be called more than once, and has
// nothing to do without a MeterProvider.
func (t *Telemetry) Close() error { return t.meters.close() }

// withUser adds the hash of the user, if users are wanted.
func (t *Telemetry) withUser(attrs []attribute.KeyValue, userID string) []attribute.KeyValue {
	if len(t.hashKey) == 0 || userID == "" {
		return attrs
	}
	mac := hmac.New(sha256.New, t.hashKey)
	mac.Write([]byte(userID))
	return append(attrs, semconv.UserHash(hex.EncodeToString(mac.Sum(nil)[:16])))
}

// note adds an event to the span of the context. Without one, for what happens
// outside of a request, it makes a span of the same name.
func (t *Telemetry) note(ctx context.Context, name string, attrs ...attribute.KeyValue) {
	span := trace.SpanFromContext(ctx)
	if parent := span.SpanContext(); parent.IsValid() && !parent.IsRemote() {
		span.AddEvent(name, trace.WithAttributes(attrs...))
		return
	}
	_, span = t.tracer.Start(ctx, name, trace.WithAttributes(attrs...))
	span.End()
}

// scheme is how the client came in, by the rule of
// prism.Config.TrustedProxies. The service is https by contract.
func scheme(ctx context.Context) attribute.KeyValue {
	if t, ok := prism.TransportFrom(ctx); ok && !t.Secure {
		return semconv.URLScheme("http")
	}
	return semconv.URLScheme("https")
}
