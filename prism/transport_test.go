package prism_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

func TestTLSRequiredBeforeAnyTokenIsRead(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *prism.Config) { c.Auth = failingAuth{t} })
	for _, api := range allAPIs {
		r := h.request("GET", "/prism"+api.path, "")
		r.TLS = nil
		h.wantError(h.serve(r), prism.ErrTLSRequired)
	}
}

type failingAuth struct{ t *testing.T }

func (a failingAuth) Verify(context.Context, string) (prism.Principal, error) {
	a.t.Error("the token of a plain HTTP request was read")
	return prism.Principal{}, prism.ErrUnauthorized
}

// seenAuth records the Transport of the requests that it verifies.
type seenAuth struct {
	tokens
	seen *prism.Transport
}

func (a seenAuth) Verify(ctx context.Context, token string) (prism.Principal, error) {
	*a.seen, _ = prism.TransportFrom(ctx)
	return a.tokens.Verify(ctx, token)
}

func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		name       string
		peer       string
		proto      []string
		forwarded  []string
		wantStatus int
		wantAddr   string
	}{
		{"no proxy configured for this peer", "192.0.2.1:5", []string{"https"}, []string{"198.51.100.7"}, 403, ""},
		{"trusted peer, https", "10.1.2.3:5", []string{"https"}, []string{"198.51.100.7"}, 200, "198.51.100.7"},
		{"trusted IPv6 peer", "[fd00::1]:5", []string{"HTTPS"}, []string{"2001:db8::7"}, 200, "2001:db8::7"},
		{"trusted peer, mapped address", "[::ffff:10.0.0.1]:5", []string{"https"}, nil, 200, "10.0.0.1"},
		{"trusted peer, http", "10.1.2.3:5", []string{"http"}, nil, 403, ""},
		{"trusted peer, no header", "10.1.2.3:5", nil, nil, 403, ""},
		{"only the last value counts", "10.1.2.3:5", []string{"https, http"}, nil, 403, ""},
		{"the last of several lines", "10.1.2.3:5", []string{"http", "http, https"}, nil, 200, "10.1.2.3"},
		{"a chain of proxies", "10.1.2.3:5", []string{"https"}, []string{"203.0.113.9, 198.51.100.7, 10.9.9.9"}, 200, "198.51.100.7"},
		{"a forged entry before the proxy's own", "10.1.2.3:5", []string{"https"}, []string{"127.0.0.1", "198.51.100.7"}, 200, "198.51.100.7"},
		{"garbage ends the chain", "10.1.2.3:5", []string{"https"}, []string{"x, 10.9.9.9"}, 200, "10.9.9.9"},
		{"unix socket peer", "@", []string{"https"}, nil, 403, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var seen prism.Transport
			h := newHost(t, func(c *prism.Config) { c.TrustedProxies, c.Auth = trusted, seenAuth{testTokens, &seen} })
			r := h.request("GET", "/prism/v1/service/user", "")
			r.TLS = nil
			r.RemoteAddr = tt.peer
			r.Header["X-Forwarded-Proto"] = tt.proto
			r.Header["X-Forwarded-For"] = tt.forwarded
			a := h.serve(r)
			if a.Code != tt.wantStatus {
				t.Fatalf("status %d, want %d", a.Code, tt.wantStatus)
			}
			if tt.wantAddr != "" && seen.ClientAddr.String() != tt.wantAddr {
				t.Errorf("client address %v, want %s", seen.ClientAddr, tt.wantAddr)
			}
		})
	}
}

func TestDirectTLSIgnoresForwardingHeaders(t *testing.T) {
	t.Parallel()
	var seen prism.Transport
	h := newHost(t, func(c *prism.Config) { c.Auth = seenAuth{testTokens, &seen} })
	a := h.do("GET", "/prism/v1/service/user", "", "X-Forwarded-Proto", "http", "X-Forwarded-For", "198.51.100.7")
	if a.Code != http.StatusOK || !seen.Secure || seen.ClientAddr.String() != "192.0.2.1" {
		t.Errorf("status %d, transport %+v, want 200, secure, the peer's address", a.Code, seen)
	}
}

func TestAllowInsecure(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *prism.Config) { c.AllowInsecure = true })
	r := h.request("GET", "/prism/v1/service/user", "")
	r.TLS = nil
	if a := h.serve(r); a.Code != http.StatusOK {
		t.Errorf("status %d with AllowInsecure", a.Code)
	}
}

func TestTransportOutsideAService(t *testing.T) {
	t.Parallel()
	if _, ok := prism.TransportFrom(httptest.NewRequest("GET", "/", nil).Context()); ok {
		t.Error("a Transport came from nowhere")
	}
	if id := prism.RequestID(t.Context()); id != "" {
		t.Errorf("RequestID = %q outside a Service", id)
	}
}
