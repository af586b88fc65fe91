package memory_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// A store is filled through its prism.Directory methods and then serves every
// interface of prism.Config.
func Example() {
	ctx := context.Background()
	store, err := memory.New(prism.StoreOptions{
		RTMPBase: "rtmp://ingest.example.com/live",
		LiveLink: func(liveID string) string { return "https://example.com/watch/" + liveID },
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.PutUser(ctx, prism.User{ID: "minji", Name: "Minji"}); err != nil {
		log.Fatal(err)
	}
	if err := store.PutChannel(ctx, "minji", prism.Channel{ID: "games", Name: "Minji plays", Enabled: true}); err != nil {
		log.Fatal(err)
	}

	first, err := store.CreateLive(ctx, "minji", "games", prism.NewLive{Title: "First", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	if err != nil {
		log.Fatal(err)
	}
	second, err := store.CreateLive(ctx, "minji", "games", prism.NewLive{Title: "Second", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := store.StartLive(ctx, "minji", first.ID); err != nil {
		log.Fatal(err)
	}
	// The newest start wins: it ends the channel's other live.
	result, err := store.StartLive(ctx, "minji", second.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Live.Title, result.Live.Status)
	fmt.Println(result.Ended.Title, result.Ended.Status)
	// Output:
	// Second ON_AIR
	// First END
}
