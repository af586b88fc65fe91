package redisstore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// A host keeps tokens and chat in Redis and all else in its main store.
func Example() {
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer func() { _ = client.Close() }()
	main, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		log.Fatal(err)
	}

	tokens, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	chat, err := redisstore.NewChat(client, redisstore.ChatOptions{Lives: main, Users: main, Standings: main})
	if err != nil {
		log.Fatal(err)
	}
	cfg := prism.FromStore(main)
	cfg.Lives = chat.Lives(main)
	cfg.Update = chat.Updates(main)
	cfg.Chat, cfg.ChatSend, cfg.ChatDelete = chat, chat, chat
	fmt.Printf("oauth.Config.Store is a %T, prism.Config.Chat a %T\n", tokens, cfg.Chat)
	// Output: oauth.Config.Store is a *redisstore.Store, prism.Config.Chat a *redisstore.Chat
}

// Viewers read and write the same chat as the streamer, on the host's pages.
func ExampleChat_Audience() {
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer func() { _ = client.Close() }()
	main, live := exampleLive()
	chat, err := redisstore.NewChat(client, redisstore.ChatOptions{Lives: main, Users: main, Standings: main})
	if err != nil {
		log.Fatal(err)
	}

	ctx, audience := context.Background(), chat.Audience(main)
	if err := audience.PostChat(ctx, live.ID, "juno", "Good evening!"); err != nil {
		log.Fatal(err)
	}
	if err := chat.SendMessage(ctx, "minji", live.ID, "Welcome."); err != nil {
		log.Fatal(err)
	}
	page, err := audience.LiveChat(ctx, live.ID, prism.ChatQuery{Limit: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range page.Messages {
		fmt.Printf("%s (owner: %t): %s\n", m.AuthorName, m.LiveOwner, m.Text)
	}
	// Output:
	// Juno (owner: false): Good evening!
	// Minji (owner: true): Welcome.
}

func exampleLive() (*memory.Store, prism.Live) {
	ctx := context.Background()
	main, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		log.Fatal(err)
	}
	for _, u := range []prism.User{{ID: "minji", Name: "Minji"}, {ID: "juno", Name: "Juno"}} {
		if err := main.PutUser(ctx, u); err != nil {
			log.Fatal(err)
		}
	}
	if err := main.PutChannel(ctx, "minji", prism.Channel{ID: "games", Name: "Games", Enabled: true}); err != nil {
		log.Fatal(err)
	}
	live, err := main.CreateLive(ctx, "minji", "games", prism.NewLive{Title: "Tonight", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	if err != nil {
		log.Fatal(err)
	}
	return main, live
}
