package otelprism

import (
	"context"

	"go.opentelemetry.io/otel/attribute"

	"github.com/b2bprism/b2bprism/oauth"
)

const (
	keyClientID  = attribute.Key("b2bprism.oauth.client_id")
	keyGrantType = attribute.Key("b2bprism.oauth.grant_type")
	keySibling   = attribute.Key("b2bprism.oauth.sibling")
	keyEndpoint  = attribute.Key("b2bprism.oauth.endpoint")
	keyCode      = attribute.Key("b2bprism.oauth.error")
	keyReason    = attribute.Key("b2bprism.oauth.reason")
	keyReused    = attribute.Key("b2bprism.oauth.reused")
	keyLimited   = attribute.Key("b2bprism.oauth.limited")

	eventIssued  = "b2bprism.oauth.token_issued"
	eventRefused = "b2bprism.oauth.token_refused"
	eventReuse   = "b2bprism.oauth.reuse_detected"
	eventLogin   = "b2bprism.oauth.login_failed"
)

// OAuthTrace returns the Trace to set as oauth.Config.Trace. Join it with
// another by oauth.JoinTraces.
func (t *Telemetry) OAuthTrace() oauth.Trace {
	return oauth.Trace{
		TokenIssued: func(ctx context.Context, e oauth.TokenEvent) {
			t.meters.tokenIssued(ctx, e)
			t.note(ctx, eventIssued, t.withUser([]attribute.KeyValue{
				keyClientID.String(e.ClientID), keyGrantType.String(e.GrantType), keySibling.Bool(e.Sibling),
			}, e.UserID)...)
		},
		TokenRefused: func(ctx context.Context, e oauth.RefusedEvent) {
			t.meters.tokenRefused(ctx, e)
			attrs := []attribute.KeyValue{keyEndpoint.String(e.Endpoint), keyCode.String(e.Code), keyReason.String(e.Reason)}
			if e.ClientID != "" {
				attrs = append(attrs, keyClientID.String(e.ClientID))
			}
			if e.GrantType != "" {
				attrs = append(attrs, keyGrantType.String(e.GrantType))
			}
			t.note(ctx, eventRefused, attrs...)
		},
		ReuseDetected: func(ctx context.Context, e oauth.ReuseEvent) {
			t.meters.reuseDetected(ctx, e)
			t.note(ctx, eventReuse, t.withUser([]attribute.KeyValue{
				keyClientID.String(e.ClientID), keyReused.String(e.What),
			}, e.UserID)...)
		},
		LoginFailed: func(ctx context.Context, e oauth.LoginEvent) {
			t.meters.loginFailed(ctx, e)
			t.note(ctx, eventLogin, keyClientID.String(e.ClientID), keyLimited.Bool(e.Limited))
		},
	}
}
