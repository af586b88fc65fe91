package otelprism

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/b2bprism/b2bprism/adapters/internal/vocabulary"
	"github.com/b2bprism/b2bprism/oauth"
)

const keyOutcome = attribute.Key("b2bprism.oauth.outcome")

// Outcomes of a token request that was answered with a pair.
const (
	outcomeIssued    = "issued"
	outcomeRefreshed = "refreshed"
	outcomeSibling   = "sibling"
)

// beginAtZero makes the series whose first event matters: a rate over a
// series that begins with 1 misses it.
func (m *meters) beginAtZero() {
	ctx := context.Background()
	for _, outcome := range []string{outcomeIssued, outcomeRefreshed, outcomeSibling} {
		m.tokens.Add(ctx, 0, metric.WithAttributes(keyOutcome.String(outcome)))
	}
	for what := range vocabulary.Reused {
		m.reuse.Add(ctx, 0, metric.WithAttributes(keyReused.String(what)))
	}
	for _, limited := range []bool{false, true} {
		m.logins.Add(ctx, 0, metric.WithAttributes(keyLimited.Bool(limited)))
	}
}

func (m *meters) tokenIssued(ctx context.Context, event oauth.TokenEvent) {
	if m == nil {
		return
	}
	outcome := vocabulary.Other
	switch {
	case event.Sibling:
		outcome = outcomeSibling
	case event.GrantType == "authorization_code":
		outcome = outcomeIssued
	case event.GrantType == "refresh_token":
		outcome = outcomeRefreshed
	}
	m.tokens.Add(ctx, 1, metric.WithAttributes(keyOutcome.String(outcome)))
}

func (m *meters) tokenRefused(ctx context.Context, event oauth.RefusedEvent) {
	if m == nil {
		return
	}
	m.refusals.Add(ctx, 1, metric.WithAttributes(
		keyEndpoint.String(vocabulary.Known(vocabulary.Endpoints, event.Endpoint)), keyCode.String(vocabulary.Known(vocabulary.RefusalCodes, event.Code)),
		keyReason.String(vocabulary.Known(vocabulary.RefusalReasons, event.Reason))))
}

func (m *meters) reuseDetected(ctx context.Context, event oauth.ReuseEvent) {
	if m != nil {
		m.reuse.Add(ctx, 1, metric.WithAttributes(keyReused.String(vocabulary.Known(vocabulary.Reused, event.What))))
	}
}

func (m *meters) loginFailed(ctx context.Context, event oauth.LoginEvent) {
	if m != nil {
		m.logins.Add(ctx, 1, metric.WithAttributes(keyLimited.Bool(event.Limited)))
	}
}
