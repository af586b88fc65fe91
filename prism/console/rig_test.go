package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/prism"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 10, 0, 30, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func testConfig(c *clock) Config {
	return Config{
		Registration: Registration{
			ServiceName:      "Acme Live",
			ServiceAPIDomain: "https://live.example.com",
			ClientID:         "acmelive",
			RedirectURI:      prismRedirect + "acme1",
		},
		Instance:   "web-1",
		Now:        c.now,
		CheckMount: func(context.Context) error { return nil },
	}
}

func newTestConsole(t *testing.T, cfg Config) *Console {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// get asks for the page as a browser does.
func get(t *testing.T, c *Console, query string) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, c, http.MethodGet, query, nil)
}

func do(t *testing.T, c *Console, method, query string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	body := ""
	if method == http.MethodPost {
		body = "action=check-mount"
	}
	r := httptest.NewRequestWithContext(t.Context(), method, "https://acme.example/admin/console"+query, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}

const liveRoute = "/v1/service/live/{liveId}"

// call plays one request through the Trace.
func call(c *Console, method, route string, result prism.RequestResult) {
	_, done := c.Trace().RequestStart(context.Background(), prism.RequestInfo{RequestID: "req1", Method: method, Route: route})
	done(result)
}

// hourOf is what the page reads of one API.
func hourOf(t *testing.T, c *Console, method, route string) *hour {
	t.Helper()
	var h hour
	if s, ok := c.requests.known()[api{method, route}]; ok {
		h.add(s, c.minute())
	}
	return &h
}
