package prism

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// Transport is how a request reached the service, by the rule of
// Config.TrustedProxies.
type Transport struct {
	// Secure tells that the client spoke HTTPS.
	Secure bool
	// ClientAddr is the address of the client; the zero Addr if unknown.
	ClientAddr netip.Addr
}

type exchangeKey struct{}

// TransportFrom returns how the request of ctx reached the service. ok is
// false outside a Service.
func TransportFrom(ctx context.Context) (t Transport, ok bool) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return Transport{}, false
	}
	return x.transport(), true
}

// transport works it out each time: with a token in hand, nobody asks.
func (x *exchange) transport() Transport { return resolveTransport(x.r, x.svc.cfg.TrustedProxies) }

// RequestID returns the id of the request of ctx, or "" outside a Service.
func RequestID(ctx context.Context) string {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x.id[0]
	}
	return ""
}

// resolveTransport believes forwarding headers of trusted peers only. In each,
// the last value is the one that the peer itself wrote.
func resolveTransport(r *http.Request, trusted []netip.Prefix) Transport {
	t := Transport{Secure: r.TLS != nil}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		t.ClientAddr = peer.Addr().Unmap().WithZone("")
	}
	if !trusts(trusted, t.ClientAddr) {
		return t
	}
	if strings.EqualFold(lastValue(r.Header["X-Forwarded-Proto"]), "https") {
		t.Secure = true
	}
	forwarded := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(forwarded) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(forwarded[i]))
		if err != nil {
			break
		}
		t.ClientAddr = addr.Unmap().WithZone("")
		if !trusts(trusted, t.ClientAddr) {
			break
		}
	}
	return t
}

func trusts(trusted []netip.Prefix, addr netip.Addr) bool {
	for _, prefix := range trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

func lastValue(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	last := lines[len(lines)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}
