package oauth_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
)

func TestJoinTraces(t *testing.T) {
	t.Parallel()
	var log []string
	noting := func(name string) oauth.Trace {
		return oauth.Trace{
			TokenIssued:   func(_ context.Context, e oauth.TokenEvent) { log = append(log, name+" issued "+e.GrantType) },
			TokenRefused:  func(_ context.Context, e oauth.RefusedEvent) { log = append(log, name+" refused "+e.Code) },
			ReuseDetected: func(_ context.Context, e oauth.ReuseEvent) { log = append(log, name+" reuse "+e.What) },
			LoginFailed:   func(_ context.Context, e oauth.LoginEvent) { log = append(log, name+" login "+e.ClientID) },
		}
	}
	joined := oauth.JoinTraces(oauth.Trace{}, noting("a"), noting("b"), oauth.Trace{}, noting("c"))
	joined.TokenIssued(t.Context(), oauth.TokenEvent{GrantType: "refresh_token"})
	joined.TokenRefused(t.Context(), oauth.RefusedEvent{Code: "invalid_grant"})
	joined.ReuseDetected(t.Context(), oauth.ReuseEvent{What: "code"})
	joined.LoginFailed(t.Context(), oauth.LoginEvent{ClientID: "prism"})
	want := []string{
		"a issued refresh_token", "b issued refresh_token", "c issued refresh_token",
		"a refused invalid_grant", "b refused invalid_grant", "c refused invalid_grant",
		"a reuse code", "b reuse code", "c reuse code",
		"a login prism", "b login prism", "c login prism",
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Error(diff)
	}
	empty := oauth.JoinTraces(oauth.Trace{}, oauth.Trace{})
	if empty.TokenIssued != nil || empty.TokenRefused != nil || empty.ReuseDetected != nil || empty.LoginFailed != nil {
		t.Error("a function that no Trace sets is not nil")
	}
}
