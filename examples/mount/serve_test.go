package mount

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gofiber/fiber/v3"
)

func serveHTTP(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// serveFiber lets fiber read the requests by itself: what it answers before
// us, it answers only there.
func serveFiber(t *testing.T, app *fiber.App) (address string) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() {
		if err := app.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

func overHTTP(mount func(http.Handler) http.Handler) func(*testing.T, http.Handler) string {
	return func(t *testing.T, svc http.Handler) string {
		t.Helper()
		return serveHTTP(t, mount(svc))
	}
}

func overFiber(mount func(http.Handler) *fiber.App) func(*testing.T, http.Handler) string {
	return func(t *testing.T, svc http.Handler) string {
		t.Helper()
		return serveFiber(t, mount(svc))
	}
}

// newClient has connections of its own, so that a server can close.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
