package prism

import (
	"context"
	"net/netip"
)

// Transport is how a request reached the service, by the rule of
// Config.TrustedProxies.
type Transport struct {
	// Secure tells that the client spoke HTTPS.
	Secure bool
	// ClientAddr is the address of the client; the zero Addr if unknown.
	ClientAddr netip.Addr
}

type contextKey int

const (
	transportKey contextKey = iota
	requestIDKey
)

// TransportFrom returns how the request of ctx reached the service. ok is
// false outside a Service.
func TransportFrom(ctx context.Context) (t Transport, ok bool) {
	t, ok = ctx.Value(transportKey).(Transport)
	return t, ok
}

// RequestID returns the id of the request of ctx, or "" outside a Service.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}
