package promprism

import (
	"context"
	"strconv"

	"github.com/b2bprism/b2bprism/adapters/internal/vocabulary"
	"github.com/b2bprism/b2bprism/oauth"
)

const (
	outcomeIssued    = "issued"
	outcomeRefreshed = "refreshed"
	outcomeSibling   = "sibling"
)

// OAuthTrace returns the Trace to set as oauth.Config.Trace. Join it with
// another by oauth.JoinTraces.
func (m *Metrics) OAuthTrace() oauth.Trace {
	return oauth.Trace{
		TokenIssued:   m.tokenIssued,
		TokenRefused:  m.tokenRefused,
		ReuseDetected: m.reuseDetected,
		LoginFailed:   m.loginFailed,
	}
}

func (m *Metrics) tokenIssued(_ context.Context, event oauth.TokenEvent) {
	outcome := other
	switch {
	case event.Sibling:
		outcome = outcomeSibling
	case event.GrantType == "authorization_code":
		outcome = outcomeIssued
	case event.GrantType == "refresh_token":
		outcome = outcomeRefreshed
	}
	m.tokens.WithLabelValues(outcome).Inc()
}

func (m *Metrics) tokenRefused(_ context.Context, event oauth.RefusedEvent) {
	m.refusals.WithLabelValues(vocabulary.Known(vocabulary.Endpoints, event.Endpoint), vocabulary.Known(vocabulary.RefusalCodes, event.Code), vocabulary.Known(vocabulary.RefusalReasons, event.Reason)).Inc()
}

func (m *Metrics) reuseDetected(_ context.Context, event oauth.ReuseEvent) {
	m.reuse.WithLabelValues(vocabulary.Known(vocabulary.Reused, event.What)).Inc()
}

func (m *Metrics) loginFailed(_ context.Context, event oauth.LoginEvent) {
	m.logins.WithLabelValues(strconv.FormatBool(event.Limited)).Inc()
}
