package idp_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/adapters/idp"
)

func TestTrace(t *testing.T) {
	t.Parallel()
	var got []any
	r := newRig(t, func(c *idp.Config) {
		c.Trace = idp.Trace{
			UpstreamDone: func(_ context.Context, e idp.UpstreamEvent) {
				if e.Duration < 0 {
					t.Errorf("duration %v", e.Duration)
				}
				e.Duration = 0
				got = append(got, e)
			},
			TokenIssued:  func(_ context.Context, e idp.TokenEvent) { got = append(got, e) },
			TokenRefused: func(_ context.Context, e idp.RefusedEvent) { got = append(got, e) },
		}
	})
	r.token("grant_type=authorization_code&code=the-code")
	r.answer(http.StatusBadRequest, `{"error":"invalid_grant"}`)
	r.token("grant_type=refresh_token&token=r")
	r.handle(says(http.StatusOK, "text/html", "<html>"))
	r.token("grant_type=refresh_token&token=r")
	r.server.Close()
	r.token("grant_type=refresh_token&token=r")
	r.token("grant_type=upstream-access-1")
	want := []any{
		idp.UpstreamEvent{Endpoint: "token", Status: 200},
		idp.TokenEvent{ClientID: "prism", GrantType: "authorization_code"},
		idp.UpstreamEvent{Endpoint: "token", Status: 400},
		idp.RefusedEvent{ClientID: "prism", GrantType: "refresh_token", Code: "invalid_grant", Reason: "the upstream refused the code or the refresh token"},
		idp.UpstreamEvent{Endpoint: "token", Status: 200},
		idp.RefusedEvent{ClientID: "prism", GrantType: "refresh_token", Code: "server_error", Reason: "the upstream answered no JSON"},
		idp.UpstreamEvent{Endpoint: "token"},
		idp.RefusedEvent{ClientID: "prism", GrantType: "refresh_token", Code: "temporarily_unavailable", Reason: "the upstream is not available"},
		idp.RefusedEvent{ClientID: "prism", Code: "unsupported_grant_type", Reason: "grant_type must be authorization_code or refresh_token"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
