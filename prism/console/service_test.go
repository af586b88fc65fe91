package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// anyToken takes every token for the user's id.
type anyToken struct{}

func (anyToken) Verify(_ context.Context, token string) (prism.Principal, error) {
	return prism.Principal{UserID: token}, nil
}

// A real Service tells which live was polled, by the host's own id, and a poll
// of somebody else's live is none.
func TestPollsOfAService(t *testing.T) {
	t.Parallel()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://127.0.0.1/live"})
	if err != nil {
		t.Fatal(err)
	}
	const liveID = "auth0|라이브"
	now := newClock()
	for _, err := range []error{
		store.PutUser(t.Context(), prism.User{ID: "mina", Name: "Mina"}),
		store.PutUser(t.Context(), prism.User{ID: "other", Name: "Other"}),
		store.PutChannel(t.Context(), "mina", prism.Channel{ID: "ch", Name: "Channel", Enabled: true, Link: "https://acme.example/ch"}),
		store.PutLive(t.Context(), prism.Live{ID: liveID, ChannelID: "ch", Title: "Title", Status: prism.StatusOnAir, Broadcast: 1, StartedAt: now.now()}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg := testConfig(now)
	cfg.OnAir = store
	c := newTestConsole(t, cfg)
	service := prism.FromStore(store)
	service.Auth, service.Development, service.AllowInsecure, service.Trace = anyToken{}, true, true, c.Trace()
	svc, err := prism.New(service)
	if err != nil {
		t.Fatal(err)
	}
	c.Attach(svc)
	ask := func(user, path string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/prism/v1/service"+path, http.NoBody)
		r.Header.Set("x-prism-access-token", user)
		w := httptest.NewRecorder()
		svc.ServeHTTP(w, r)
		return w.Code
	}
	list := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/prism/v1/service/channel/ch/lives", http.NoBody)
	r.Header.Set("x-prism-access-token", "mina")
	svc.ServeHTTP(list, r)
	_, wireID, _ := strings.Cut(list.Body.String(), `"liveId":"`)
	wireID, _, _ = strings.Cut(wireID, `"`)

	poll := func() string { return c.lives(t.Context(), c.view(request(t, ""))).Rows[0].Poll.Text }
	if got := ask("other", "/live/"+url.PathEscape(wireID)); got != http.StatusNotFound || poll() != "unknown" {
		t.Errorf("another user: status %d, last poll %s", got, poll())
	}
	if got := ask("mina", "/live/"+url.PathEscape(wireID)); got != http.StatusOK || poll() != "0 s ago" {
		t.Errorf("the streamer: status %d, last poll %s", got, poll())
	}
	if page := get(t, c, "").Body.String(); !strings.Contains(page, liveID) || !strings.Contains(page, "0 s ago") || strings.Contains(page, "rtmp://") {
		t.Error("the page does not show the live as it should")
	}
	if h := hourOf(t, c, http.MethodGet, liveRoute); h.sum.requests != 2 || h.sum.refused != 1 {
		t.Errorf("%d polls, %d refused", h.sum.requests, h.sum.refused)
	}
}

// Whatever the query is, the page answers, and is not broken out of.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{"", "view=setup", "part=live&lang=ko", "asset=console.css&v=x", "api=GET+/x&lang=ja", "lang=%zz", "view=<script>"} {
		f.Add(query, "ko;q=0.5")
	}
	c, err := New(testConfig(newClock()))
	if err != nil {
		f.Fatal(err)
	}
	call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 200})
	f.Fuzz(func(t *testing.T, query, accept string) {
		r := request(t, "")
		r.URL.RawQuery = query
		r.Header.Set("Accept-Language", accept)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusNotFound {
			t.Errorf("status %d", w.Code)
		}
		if strings.Contains(w.Header().Get("Content-Type"), "html") && strings.Contains(w.Body.String(), "<script>") {
			t.Error("the query breaks out")
		}
	})
}
