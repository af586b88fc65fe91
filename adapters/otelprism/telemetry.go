package otelprism

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/b2bprism/b2bprism/prism"
)

// scope names the package to OpenTelemetry.
const scope = "github.com/b2bprism/b2bprism/adapters/otelprism"

// MinUserHashKey is the least length of Options.UserHashKey, in bytes.
const MinUserHashKey = 32

// Options describe Telemetry. The zero value is good.
type Options struct {
	// MeterProvider makes the metrics http.server.request.duration, with
	// bounds around the 1 s and 3 s of PRISM, and
	// http.server.active_requests. nil means no metrics.
	MeterProvider metric.MeterProvider

	// UserHashKey adds the attribute user.hash, an HMAC-SHA-256 of the user
	// id, so that the requests of one user can be found together, by people
	// who cannot tell the user. At least MinUserHashKey random bytes; whoever
	// has the key can test user ids against traces. nil leaves users out.
	UserHashKey []byte
}

// Telemetry observes a service. It is safe for concurrent use, runs no
// goroutine and needs no Close; the host shuts its providers down.
type Telemetry struct {
	tracer  trace.Tracer
	meters  *meters
	hashKey []byte
}

// New makes Telemetry. It reports a nil provider, a key that is too short, and
// instruments that the meter provider refuses.
func New(provider trace.TracerProvider, opt Options) (*Telemetry, error) {
	var errs []error
	if provider == nil {
		errs = append(errs, errors.New("otelprism: New: the TracerProvider is nil"))
	}
	if opt.UserHashKey != nil && len(opt.UserHashKey) < MinUserHashKey {
		errs = append(errs, fmt.Errorf("otelprism: Options.UserHashKey has %d bytes, want at least %d", len(opt.UserHashKey), MinUserHashKey))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	t := &Telemetry{
		tracer:  provider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		hashKey: append([]byte(nil), opt.UserHashKey...),
	}
	if opt.MeterProvider != nil {
		var err error
		if t.meters, err = newMeters(opt.MeterProvider); err != nil {
			return nil, err
		}
	}
	return t, nil
}

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
