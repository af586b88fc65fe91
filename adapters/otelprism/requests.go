package otelprism

import (
	"context"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/b2bprism/b2bprism/prism"
)

// Attributes and events beyond the semantic conventions.
const (
	keyRequestID = attribute.Key("b2bprism.request.id")
	keyErrorCode = attribute.Key("b2bprism.error_code")
	keyLiveID    = attribute.Key("b2bprism.live.id")
	keyChannelID = attribute.Key("b2bprism.channel.id")
	keyEndReason = attribute.Key("b2bprism.live.end_reason")
	keyAdapter   = attribute.Key("b2bprism.adapter")
	keyField     = attribute.Key("b2bprism.field")

	eventLive    = "b2bprism.live." // and the LiveEvent
	eventBadData = "b2bprism.bad_data"
)

// PRISMTrace returns the Trace to set as prism.Config.Trace. Join it with
// another by prism.JoinTraces.
func (t *Telemetry) PRISMTrace() prism.Trace {
	return prism.Trace{RequestStart: t.requestStart, LiveChanged: t.liveChanged, BadData: t.badData}
}

func (t *Telemetry) requestStart(ctx context.Context, info prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
	method, name := requestMethod(info.Method), info.Method+" "+info.Route
	if method == semconv.HTTPRequestMethodOther {
		name = "HTTP " + info.Route
	}
	from := scheme(ctx)
	kind := trace.SpanKindServer
	if parent := trace.SpanContextFromContext(ctx); parent.IsValid() && !parent.IsRemote() {
		// A middleware has made the server's span: two of them would count
		// the request twice.
		kind = trace.SpanKindInternal
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind),
		trace.WithAttributes(method, semconv.HTTPRoute(info.Route), from, keyRequestID.String(info.RequestID)))
	if !span.IsRecording() && t.meters == nil {
		return ctx, nil
	}
	t.meters.begin(ctx, method, from)
	return ctx, func(result prism.RequestResult) {
		attrs := resultAttributes(result)
		t.meters.end(ctx, result.Duration, attrs, method, from, semconv.HTTPRoute(info.Route))
		if span.IsRecording() {
			if result.ErrorCode != 0 {
				attrs = append(attrs, keyErrorCode.Int(result.ErrorCode))
			}
			span.SetAttributes(t.withUser(attrs, result.UserID)...)
			if failed(result.Status) {
				span.SetStatus(codes.Error, "")
			}
		}
		span.End()
	}
}

// requestMethod keeps to the methods that the semantic conventions know.
func requestMethod(method string) attribute.KeyValue {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return semconv.HTTPRequestMethodKey.String(method)
	}
	return semconv.HTTPRequestMethodOther
}

// failed reports a status that is an error of the server. 0 is an answer that
// was never written.
func failed(status int) bool {
	return status >= http.StatusInternalServerError || status == 0
}

// resultAttributes has room for two more.
func resultAttributes(result prism.RequestResult) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 4)
	if result.Status == 0 {
		return append(attrs, semconv.ErrorTypeOther)
	}
	attrs = append(attrs, semconv.HTTPResponseStatusCode(result.Status))
	if failed(result.Status) {
		attrs = append(attrs, semconv.ErrorTypeKey.String(strconv.Itoa(result.Status)))
	}
	return attrs
}

func (t *Telemetry) liveChanged(ctx context.Context, change prism.LiveChange) {
	attrs := []attribute.KeyValue{keyLiveID.String(change.Live.ID), keyChannelID.String(change.Live.ChannelID)}
	if change.Event == prism.LiveEnded {
		attrs = append(attrs, keyEndReason.String(string(change.Reason)))
	}
	t.note(ctx, eventLive+string(change.Event), attrs...)
}

func (t *Telemetry) badData(ctx context.Context, data prism.BadData) {
	t.note(ctx, eventBadData, keyAdapter.String(data.Adapter), keyField.String(data.Field))
}
