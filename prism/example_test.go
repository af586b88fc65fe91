package prism_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// exampleAuth stands for an *oauth.Server.
var exampleAuth = tokens{"t": "u1"}

func exampleStore() *memory.Store {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	err = errors.Join(
		store.PutUser(ctx, prism.User{ID: "u1", Name: "Min-ji"}),
		store.PutChannel(ctx, "u1", prism.Channel{ID: "c1", Name: "Morning talk", Enabled: true}),
	)
	if err != nil {
		log.Fatal(err)
	}
	return store
}

func get(handler http.Handler, path string) {
	r := httptest.NewRequest(http.MethodGet, "https://api.example.com"+path, nil)
	r.Header.Set("x-prism-access-token", "t")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body)
}

// Mount the service API in a running app.
func Example() {
	store := exampleStore() // or your own data layer
	cfg := prism.FromStore(store)
	cfg.Auth = exampleAuth
	cfg.Secrets = [][]byte{bytes.Repeat([]byte("k"), 32)}
	svc, err := prism.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	router := http.NewServeMux()
	router.Handle("/prism/", svc)

	get(router, "/prism/v1/service/user")
	// Output: 200 {"success":true,"errorCode":0,"errorName":null,"message":null,"data":{"user":{"userId":"u1","userName":"Min-ji","profileThumbnail":null}}}
}

// members is a UserSource over a host's own table of people.
type members map[string]string

func (m members) User(_ context.Context, userID string) (prism.User, error) {
	name, ok := m[userID]
	if !ok {
		return prism.User{}, fmt.Errorf("member: %w", prism.ErrNotFound)
	}
	return prism.User{ID: userID, Name: name}, nil
}

// A service without channels: each user is one.
func ExampleUserChannels() {
	users := members{"u1": "Min-ji"}
	channels := prism.UserChannels(users, func(u prism.User) string { return "https://example.com/@" + u.ID })
	list, err := channels.Channels(context.Background(), "u1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(list[0].ID, list[0].Name, list[0].Link, list[0].Enabled)
	// Output: u1 Min-ji https://example.com/@u1 true
}

func ExampleUserSource() {
	var users prism.UserSource = members{"u1": "Min-ji"}
	user, err := users.User(context.Background(), "u1")
	fmt.Println(user.Name, err)
	_, err = users.User(context.Background(), "u2")
	fmt.Println(errors.Is(err, prism.ErrNotFound))
	// Output:
	// Min-ji <nil>
	// true
}

func ExampleChannelStore() {
	var channels prism.ChannelStore = exampleStore()
	list, err := channels.Channels(context.Background(), "u1")
	fmt.Println(len(list), list[0].Name, list[0].ForUser, err)
	_, err = channels.Channel(context.Background(), "u2", "c1") // not the channel of u2
	fmt.Println(errors.Is(err, prism.ErrNotFound))
	// Output:
	// 1 Morning talk u1 <nil>
	// true
}

func ExampleLiveStore() {
	ctx := context.Background()
	var lives prism.LiveStore = exampleStore()
	live, err := lives.CreateLive(ctx, "u1", "c1", prism.NewLive{Title: "Today", Scope: prism.ScopePublic})
	if err != nil {
		log.Fatal(err)
	}
	started, err := lives.StartLive(ctx, "u1", live.ID)
	fmt.Println(started.Live.Status, started.Changed, err)
	again, err := lives.StartLive(ctx, "u1", live.ID)
	fmt.Println(again.Live.Status, again.Changed, err)
	ended, err := lives.EndLive(ctx, "u1", live.ID, prism.EndOptions{OnlyBroadcast: started.Live.Broadcast})
	fmt.Println(ended.Live.Status, ended.Changed, err)
	// Output:
	// ON_AIR true <nil>
	// ON_AIR false <nil>
	// END true <nil>
}

// A service whose lives have no titles and no pages of their own.
func ExampleLivesWithDefaults() {
	ctx := context.Background()
	store := exampleStore()
	lives := prism.LivesWithDefaults(store, store)
	live, err := lives.CreateLive(ctx, "u1", "c1", prism.NewLive{Scope: prism.ScopePublic})
	fmt.Println(live.Title, err)
	// Output: Morning talk <nil>
}

// The same for the update extension.
func ExampleUpdatesWithDefaults() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	updates := prism.UpdatesWithDefaults(store, store)
	blank := " "
	live, err := updates.UpdateLive(ctx, "u1", live.ID, prism.LiveUpdate{Title: &blank})
	fmt.Println(live.Title, err)
	// Output: Morning talk <nil>
}

// A service that does not manage the state of its lives.
func ExampleAlwaysOnAir() {
	ctx := context.Background()
	lives := prism.AlwaysOnAir(exampleStore())
	live, err := lives.CreateLive(ctx, "u1", "c1", prism.NewLive{Title: "Today"})
	if err != nil {
		log.Fatal(err)
	}
	stopped, err := lives.EndLive(ctx, "u1", live.ID, prism.EndOptions{})
	fmt.Println(live.Status, stopped.Live.Status, err)
	// Output: ON_AIR ON_AIR <nil>
}

// An error of the host's own, with its own code and message on the wire.
func ExampleError() {
	tooMany := &prism.Error{Status: http.StatusTooManyRequests, Code: 100001, Name: "TOO_MANY_LIVES", Message: "Delete a live first."}
	err := fmt.Errorf("live 4711 of u1: %w", tooMany) // the log gets all of it, the wire the message
	fmt.Println(errors.Is(err, tooMany))
	// Output: true
}

// End a live for the host, for example from an admin page.
func ExampleService_EndLive() {
	ctx := context.Background()
	cfg := prism.FromStore(exampleStore())
	cfg.Auth, cfg.Development = exampleAuth, true
	svc, err := prism.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	live, err := cfg.Lives.CreateLive(ctx, "u1", "c1", prism.NewLive{Title: "Today"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err = cfg.Lives.StartLive(ctx, "u1", live.ID); err != nil {
		log.Fatal(err)
	}
	result, err := svc.EndLive(ctx, live.ID, prism.EndedByHost)
	fmt.Println(result.Live.Status, result.Changed, err)
	// Output: END true <nil>
}

// Observe requests and lives.
func ExampleTrace() {
	cfg := prism.FromStore(exampleStore())
	cfg.Auth, cfg.Development = exampleAuth, true
	cfg.Trace = prism.Trace{
		RequestStart: func(ctx context.Context, info prism.RequestInfo) (context.Context, func(prism.RequestResult)) {
			return ctx, func(r prism.RequestResult) { fmt.Println(info.Method, info.Route, r.Status, r.UserID) }
		},
	}
	svc := prism.Handler(cfg)
	r := httptest.NewRequest(http.MethodGet, "https://api.example.com/prism/v1/service/channel/c1", nil)
	r.Header.Set("x-prism-access-token", "t")
	svc.ServeHTTP(httptest.NewRecorder(), r)
	// Output: GET /v1/service/channel/{channelId} 200 u1
}
