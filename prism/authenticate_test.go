package prism_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

func TestAccessToken(t *testing.T) {
	t.Parallel()
	const header, bearer = "X-Prism-Access-Token", "Authorization"
	for _, tt := range []struct {
		name        string
		allowBearer bool
		header      http.Header
		want        int
		challenge   string
	}{
		{"good", false, http.Header{header: {"token-of-alice"}}, 200, ""},
		{"missing", false, nil, 401, `X-Prism-Access-Token realm="prism"`},
		{"empty", false, http.Header{header: {""}}, 401, `X-Prism-Access-Token realm="prism"`},
		{"unknown", false, http.Header{header: {"token-of-mallory"}}, 401, `X-Prism-Access-Token realm="prism"`},
		{"sent twice", false, http.Header{header: {"token-of-alice", "token-of-bob"}}, 400, ""},
		{"bearer while off", false, http.Header{bearer: {"Bearer token-of-alice"}}, 401, `X-Prism-Access-Token realm="prism"`},
		{"bearer while off, beside the header", false, http.Header{bearer: {"Basic x"}, header: {"token-of-alice"}}, 200, ""},
		{"bearer", true, http.Header{bearer: {"Bearer token-of-alice"}}, 200, ""},
		{"bearer in any case", true, http.Header{bearer: {"bEARER token-of-alice"}}, 200, ""},
		{"header while bearer is on", true, http.Header{header: {"token-of-alice"}}, 200, ""},
		{"both", true, http.Header{bearer: {"Bearer token-of-alice"}, header: {"token-of-alice"}}, 400, `Bearer realm="prism", error="invalid_request"`},
		{"bearer twice", true, http.Header{bearer: {"Bearer token-of-alice", "Bearer token-of-bob"}}, 400, `Bearer realm="prism", error="invalid_request"`},
		{"header twice while bearer is on", true, http.Header{header: {"token-of-alice", "token-of-bob"}}, 400, `Bearer realm="prism", error="invalid_request"`},
		{"another scheme", true, http.Header{bearer: {"Basic token-of-alice"}}, 401, `Bearer realm="prism"`},
		{"bad bearer", true, http.Header{bearer: {"Bearer nope"}}, 401, `Bearer realm="prism", error="invalid_token"`},
		{"nothing while bearer is on", true, nil, 401, `Bearer realm="prism"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, func(c *prism.Config) { c.AllowBearer = tt.allowBearer })
			r := h.request("GET", "/prism/v1/service/user?access_token=token-of-alice", "")
			r.Header = tt.header
			a := h.serve(r)
			if a.Code != tt.want || a.Header().Get("WWW-Authenticate") != tt.challenge {
				t.Errorf("%d, WWW-Authenticate %q, want %d, %q", a.Code, a.Header().Get("WWW-Authenticate"), tt.want, tt.challenge)
			}
		})
	}
}

func TestEveryAPINeedsAToken(t *testing.T) {
	t.Parallel()
	stub := &stubHost{}
	h := newHost(t, stub.use)
	for _, api := range allAPIs {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			if a := h.do(method, "/prism"+api.path, "{}", "x-prism-access-token", ""); a.Code != 401 && a.Code != 405 {
				t.Errorf("%s %s without a token: %d", method, api.path, a.Code)
			}
		}
	}
	if n := stub.calls.Load(); n != 0 {
		t.Errorf("%d store calls without a token", n)
	}
}

// authFunc is an Authenticator made of one function.
type authFunc func() (prism.Principal, error)

func (f authFunc) Verify(context.Context, string) (prism.Principal, error) { return f() }

func TestAuthenticatorFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		auth authFunc
		want *prism.Error
	}{
		{"unavailable", func() (prism.Principal, error) { return prism.Principal{}, fmt.Errorf("db: %w", prism.ErrUnavailable) }, prism.ErrUnavailable},
		{"unknown error", func() (prism.Principal, error) { return prism.Principal{}, fmt.Errorf("db: secret-dsn") }, prism.ErrInternal},
		{"panic", func() (prism.Principal, error) { panic("boom") }, prism.ErrInternal},
		{"no user id", func() (prism.Principal, error) { return prism.Principal{}, nil }, prism.ErrInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stub := &stubHost{}
			h := newHost(t, stub.use, func(c *prism.Config) { c.Auth = tt.auth })
			h.wantError(h.do("GET", "/prism/v1/service/live/x", ""), tt.want)
			if stub.calls.Load() != 0 {
				t.Error("a store was called without a user")
			}
		})
	}
}
