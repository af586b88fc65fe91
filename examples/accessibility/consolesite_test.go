package accessibility

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/console"
	"github.com/b2bprism/b2bprism/store/memory"
)

// consoleSite serves two operator's pages, one that has seen much and one that
// has seen nothing, behind a guard.
type consoleSite struct {
	*httptest.Server
	trace prism.Trace
	// signedOut has the guard answer with its sign-in page.
	signedOut atomic.Bool
	// updates counts the requests for the part that updates.
	updates atomic.Int64
}

func newConsoleSite(t *testing.T) *consoleSite {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://127.0.0.1/live"})
	must(err)
	newConsole := func(cfg console.Config) *console.Console {
		con, err := console.New(cfg)
		must(err)
		t.Cleanup(func() { must(con.Close()) })
		return con
	}
	var ago time.Duration // how long ago the traffic is
	now := time.Now()
	busy := newConsole(console.Config{
		Registration: console.Registration{
			ServiceName: "Acme Live", ServiceAPIDomain: "https://live.acme.example", ClientID: longName, ClientSecret: "no",
			ClientSecretAt: longName, RedirectURI: "https://client.example/" + longName,
		},
		Instance: longName,
		OnAir:    consoleLives{{ID: longName, Title: longName, StartedAt: now.Add(-time.Hour)}, {ID: "live2", Title: "Two", StartedAt: now}},
		Ingest:   consoleAges{longName: now.Add(-3 * time.Minute), "live2": now},
		CheckMount: func(context.Context) error {
			return errors.Join(errors.New("GET /prism/"+longName+": bad"), errors.New("two"))
		},
		Now: func() time.Time { return time.Now().Add(-ago) },
	})
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Development, cfg.Ban = noTokens{}, true, nil
	svc, err := prism.New(cfg)
	must(err)
	t.Cleanup(func() { must(svc.Close()) })
	busy.Attach(svc)
	site := &consoleSite{trace: busy.Trace()}
	for minute := range 60 {
		ago = time.Duration(59-minute) * time.Minute
		if minute%10 != 7 {
			site.minute(t, minute)
		}
	}
	for range 2 {
		for _, event := range []oauth.RefusedEvent{
			{Endpoint: "token", Code: "invalid_grant", Reason: "code expired"}, {Endpoint: "introspect", Code: "invalid_client", Reason: longName},
		} {
			busy.OAuthTrace().TokenRefused(t.Context(), event)
		}
		busy.OAuthTrace().ReuseDetected(t.Context(), oauth.ReuseEvent{What: "code"})
		busy.OAuthTrace().LoginFailed(t.Context(), oauth.LoginEvent{Limited: true})
		site.trace.BadData(t.Context(), prism.BadData{Adapter: "*host." + longName, Field: "Live.RTMPPath"})
	}

	mux := http.NewServeMux()
	mux.Handle("/console", site.guard(busy))
	mux.Handle("/empty", site.guard(newConsole(console.Config{Registration: console.Registration{ServiceAPIDomain: "https://live.acme.example"}})))
	mux.HandleFunc("/login", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!DOCTYPE html><title>Sign in</title><p id="login">Sign in</p>`)
	})
	site.Server = httptest.NewTLSServer(mux)
	t.Cleanup(site.Close)
	return site
}

// minute plays the traffic of one minute: fast, slow, lost, refused, failed.
func (s *consoleSite) minute(t *testing.T, minute int) {
	t.Helper()
	for i := range 20 {
		result := prism.RequestResult{Status: 200, LiveID: longName, UserID: "user1", Duration: time.Duration(1+minute*i) * time.Millisecond}
		switch {
		case i == 3 && minute%10 == 0:
			result.Status, result.ErrorCode, result.UserID = 404, 40400, longName
		case i == 4 && minute%9 == 0:
			result.Status, result.ErrorCode, result.Duration = 504, 50400, 3500*time.Millisecond
		case i == 5 && minute%20 == 0:
			result.Status = 0
		}
		s.play(t, "/v1/service/live/{liveId}", result)
		s.play(t, "/v1/service/"+longName, result)
	}
	if minute == 59 {
		s.play(t, "unknown", prism.RequestResult{Status: 404, ErrorCode: 40401})
	}
}

func (s *consoleSite) play(t *testing.T, route string, result prism.RequestResult) {
	t.Helper()
	_, done := s.trace.RequestStart(t.Context(), prism.RequestInfo{RequestID: "0123456789abcdef01234567", Method: http.MethodGet, Route: route})
	done(result)
}

func (s *consoleSite) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.signedOut.Load() {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		if r.URL.Query().Get("part") != "" {
			s.updates.Add(1)
		}
		next.ServeHTTP(w, r)
	})
}

type consoleLives []prism.Live

func (c consoleLives) LivesOnAir(_ context.Context, limit int) ([]prism.Live, error) {
	return c[:min(limit, len(c))], nil
}

type consoleAges map[string]time.Time

func (c consoleAges) LastIngest(context.Context, []string) (map[string]time.Time, error) {
	return c, nil
}

// noTokens knows no token.
type noTokens struct{}

func (noTokens) Verify(context.Context, string) (prism.Principal, error) {
	return prism.Principal{}, prism.ErrUnauthorized
}
