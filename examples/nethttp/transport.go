package main

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// peerRule tells how a request came in. X-Forwarded-* count only from the
// trusted proxies, and of these only the value the nearest proxy added.
type peerRule []netip.Prefix

// secure tells whether the browser spoke HTTPS.
func (p peerRule) secure(r *http.Request) bool {
	return r.TLS != nil || p.trusts(peer(r)) && strings.EqualFold(lastForwarded(r, "X-Forwarded-Proto"), "https")
}

// client is the browser's address; the zero Addr if unknown.
func (p peerRule) client(r *http.Request) netip.Addr {
	from := peer(r)
	if p.trusts(from) {
		if ip, err := netip.ParseAddr(lastForwarded(r, "X-Forwarded-For")); err == nil {
			return ip.Unmap()
		}
	}
	return from
}

func (p peerRule) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Contains(ip) })
}

func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

func lastForwarded(r *http.Request, name string) string {
	values := r.Header.Values(name)
	if len(values) == 0 {
		return ""
	}
	all := strings.Split(values[len(values)-1], ",")
	return strings.TrimSpace(all[len(all)-1])
}
