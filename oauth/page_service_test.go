package oauth

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// pageProbe stands where the Server does in a Service and looks at what its
// pages get from there.
type pageProbe struct {
	server *Server
	addr   netip.Addr
	id     string
}

func (*pageProbe) Verify(context.Context, string) (prism.Principal, error) {
	return prism.Principal{}, prism.ErrUnauthorized
}

func (p *pageProbe) ServeAuthorize(w http.ResponseWriter, r *http.Request) {
	p.addr, p.id = clientAddr(r), prism.RequestID(r.Context())
	p.server.renderError(w, r, http.StatusInternalServerError, pageFailed, "")
}

func TestPageWithinService(t *testing.T) {
	t.Parallel()
	now := loginStart
	probe := &pageProbe{server: newTransactionServer(&now, loginSecretA)}
	svc, err := prism.New(prism.Config{
		Users:          struct{ prism.UserSource }{},
		Channels:       struct{ prism.ChannelStore }{},
		Lives:          struct{ prism.LiveStore }{},
		Auth:           probe,
		Secrets:        [][]byte{bytes.Repeat([]byte("k"), prism.MinSecret)},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
	})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodGet, "https://live.example.com/prism/oauth/authorize", nil)
	req.RemoteAddr = "192.0.2.1:40000"
	req.Header.Set("X-Forwarded-Proto", "https")
	req.Header.Set("X-Forwarded-For", "203.0.113.99")
	rec := httptest.NewRecorder()
	svc.ServeHTTP(rec, req)

	if want := netip.MustParseAddr("203.0.113.99"); probe.addr != want {
		t.Errorf("client address %v, want %v as the trusted proxy tells", probe.addr, want)
	}
	if probe.id == "" || !strings.Contains(rec.Body.String(), "Reference: <code>"+probe.id+"</code>") {
		t.Errorf("the page does not show the request id %q:\n%s", probe.id, rec.Body)
	}
	checkPageHeaders(t, rec.Header(), rec.Body.String())
}

func TestClientAddrOutsideService(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]netip.Addr{
		"203.0.113.7:1234":    netip.MustParseAddr("203.0.113.7"),
		"[2001:db8::1]:1234":  netip.MustParseAddr("2001:db8::1"),
		"@":                   {},
		"":                    {},
		"host.example.com:80": {},
	} {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.RemoteAddr = remote
		req.Header.Set("X-Forwarded-For", "198.51.100.1")
		if got := clientAddr(req); got != want {
			t.Errorf("%q: %v, want %v", remote, got, want)
		}
	}
}
