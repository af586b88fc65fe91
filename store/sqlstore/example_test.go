package sqlstore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "prism")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of the example

	store, err := sqlstore.Open(ctx, "sqlite:"+filepath.Join(dir, "prism.db"), prism.StoreOptions{
		RTMPBase: "rtmp://ingest.example.com/live",
		LiveLink: func(liveID string) string { return "https://example.com/watch/" + liveID },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // the process ends
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}

	// What the host knows goes in by the Directory methods.
	if err := store.PutUser(ctx, prism.User{ID: "u1", Name: "Ada"}); err != nil {
		log.Fatal(err)
	}
	err = store.PutChannel(ctx, "u1", prism.Channel{ID: "c1", Name: "Ada live", Enabled: true, Link: "https://example.com/c/c1"})
	if err != nil {
		log.Fatal(err)
	}

	// A store fills every field of the configuration that holds data. Auth and
	// Secrets are still to be set before prism.New.
	cfg := prism.FromStore(store)

	channels, err := cfg.Channels.Channels(ctx, "u1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(channels[0].Name, cfg.Chat != nil, cfg.Update != nil)
	// Output: Ada live true true
}
