package promprism_test

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// refuseAll is an Authenticator that knows no token.
type refuseAll struct{}

func (refuseAll) Verify(context.Context, string) (prism.Principal, error) {
	return prism.Principal{}, prism.ErrUnauthorized
}

// series counts the samples of a registry, a histogram as one.
func series(t *testing.T, reg prometheus.Gatherer) int {
	t.Helper()
	n := 0
	for _, f := range gathered(t, reg) {
		n += len(f.GetMetric())
	}
	return n
}

// Events with v in every field that could become a label.

func tokenEvent(v string) oauth.TokenEvent {
	return oauth.TokenEvent{ClientID: v, UserID: v, FamilyID: v, GrantType: v}
}

func refusedEvent(v string) oauth.RefusedEvent {
	return oauth.RefusedEvent{Endpoint: v, ClientID: v, GrantType: v, Code: v, Reason: v}
}

func reuseEvent(v string) oauth.ReuseEvent {
	return oauth.ReuseEvent{ClientID: v, UserID: v, FamilyID: v, What: v}
}

func loginEvent(v string) oauth.LoginEvent { return oauth.LoginEvent{ClientID: v} }

func publish(v string) ingest.Publish {
	return ingest.Publish{Key: v, Session: v, App: v, RemoteAddr: v}
}
