package redisstore_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// countingMain counts what is asked of a host's main store.
type countingMain struct {
	main  *memory.Store
	calls atomic.Int64
}

func (c *countingMain) asked() *memory.Store {
	c.calls.Add(1)
	return c.main
}

func (c *countingMain) User(ctx context.Context, userID string) (prism.User, error) {
	return c.asked().User(ctx, userID)
}

func (c *countingMain) Standing(ctx context.Context, liveID, userID string) (prism.Standing, error) {
	return c.asked().Standing(ctx, liveID, userID)
}

func (c *countingMain) Channels(ctx context.Context, userID string) ([]prism.Channel, error) {
	return c.asked().Channels(ctx, userID)
}

func (c *countingMain) Channel(ctx context.Context, userID, channelID string) (prism.Channel, error) {
	return c.asked().Channel(ctx, userID, channelID)
}

func (c *countingMain) Lives(ctx context.Context, userID, channelID string, filter prism.LiveFilter) ([]prism.Live, error) {
	return c.asked().Lives(ctx, userID, channelID, filter)
}

func (c *countingMain) Live(ctx context.Context, userID, liveID string) (prism.Live, error) {
	return c.asked().Live(ctx, userID, liveID)
}

func (c *countingMain) CreateLive(ctx context.Context, userID, channelID string, live prism.NewLive) (prism.Live, error) {
	return c.asked().CreateLive(ctx, userID, channelID, live)
}

func (c *countingMain) StartLive(ctx context.Context, userID, liveID string) (prism.StartResult, error) {
	return c.asked().StartLive(ctx, userID, liveID)
}

func (c *countingMain) EndLive(ctx context.Context, userID, liveID string, opt prism.EndOptions) (prism.EndResult, error) {
	return c.asked().EndLive(ctx, userID, liveID, opt)
}

// roundTripHook counts what is sent to Redis. A pipeline is sent at once.
type roundTripHook struct{ trips atomic.Int64 }

func (*roundTripHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h *roundTripHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.trips.Add(1)
		return next(ctx, cmd)
	}
}

func (h *roundTripHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.trips.Add(1)
		return next(ctx, cmds)
	}
}

type everyTokenIsOwners struct{}

func (everyTokenIsOwners) Verify(context.Context, string) (prism.Principal, error) {
	return prism.Principal{UserID: owner}, nil
}

// PRISM polls the live, the chat and the list while it is open. Beside the
// check of the token each of these requests costs one call of the main store
// and one round trip to Redis, however much data there is.
func TestCostOfRequests(t *testing.T) {
	_, client := mini(t)
	clock := newClock()
	main := &countingMain{main: openMain(t, clock.Now)}
	chat := openChat(t, client, redisstore.ChatOptions{Lives: main, Users: main, Standings: main, Now: clock.Now})
	live := newLive(t, main.main)
	for i := range 20 {
		newLive(t, main.main)
		must(t, chat.SendMessage(t.Context(), owner, live.ID, fmt.Sprint(i)))
	}
	service, err := prism.New(prism.Config{
		Auth: everyTokenIsOwners{}, Secrets: [][]byte{[]byte(strings.Repeat("s", prism.MinSecret))},
		Users: main, Channels: main, Lives: chat.Lives(main), Chat: chat, ChatSend: chat, ChatDelete: chat,
	})
	must(t, err)
	t.Cleanup(func() { must(t, service.Close()) })
	hook := &roundTripHook{}
	client.AddHook(hook)

	for _, tc := range []struct{ name, method, path, body, want string }{
		{"live info", http.MethodGet, "/live/" + live.ID, "", `"chatCount":20`},
		{"live list", http.MethodGet, "/channel/games/lives", "", `"chatCount":20`},
		{"live list of a status", http.MethodGet, "/channel/games/lives?status=RESERVED", "", live.ID},
		{"chat list", http.MethodPost, "/live/" + live.ID + "/chat", `{"maxResults":50}`, `"19"`},
	} {
		// The first request dials and sends the script in full.
		for range 2 {
			main.calls.Store(0)
			hook.trips.Store(0)
			r := httptest.NewRequestWithContext(t.Context(), tc.method, "https://api.example.com/v1/service"+tc.path, strings.NewReader(tc.body))
			r.Header.Set("X-Prism-Access-Token", "token")
			if tc.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			w := httptest.NewRecorder()
			service.ServeHTTP(w, r)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), tc.want) {
				t.Errorf("%s: %d, want 200 and %s: %.300s", tc.name, w.Code, tc.want, w.Body)
			}
		}
		if calls, trips := main.calls.Load(), hook.trips.Load(); calls != 1 || trips != 1 {
			t.Errorf("%s: %d calls of the main store and %d round trips to Redis, want one of each", tc.name, calls, trips)
		}
	}
}
