package child

import (
	"context"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Address returns a free address of the loopback interface for a server that
// will be restarted on it. The port is below those that systems give to
// outgoing connections, so that none of these takes it while the server is
// down.
func Address(t testing.TB) string {
	t.Helper()
	const first, last = 20_000, 30_000
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(last-first))) //nolint:gosec // G404: a port need not be unguessable
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return addr
	}
	t.Fatalf("no free port between %d and %d", first, last)
	return ""
}
