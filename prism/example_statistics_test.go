package prism_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// A watch page sends a heartbeat every 20 seconds and a like at a click. What
// its viewers do is written every other second, in two transactions.
func ExampleStatistics() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	if _, err := store.StartLive(ctx, "u1", live.ID); err != nil {
		log.Fatal(err)
	}
	stats, err := prism.NewStatistics(prism.StatisticsOptions{Store: store})
	if err != nil {
		log.Fatal(err)
	}

	page := http.NewServeMux()
	page.HandleFunc("POST /watch/{live}/seen", func(w http.ResponseWriter, r *http.Request) {
		viewer, err := r.Cookie("viewer") // random, set with the page
		if err != nil || stats.ViewerSeen(r.PathValue("live"), viewer.Value) != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	page.HandleFunc("POST /watch/{live}/like", func(w http.ResponseWriter, r *http.Request) {
		if err := stats.Add(r.PathValue("live"), prism.LiveStats{Likes: 1}); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})

	for _, click := range []struct{ viewer, path string }{
		{"v1", "/seen"}, {"v2", "/seen"}, {"v1", "/like"}, {"v1", "/seen"}, {"v2", "/like"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/watch/"+live.ID+click.path, http.NoBody)
		r.AddCookie(&http.Cookie{Name: "viewer", Value: click.viewer})
		page.ServeHTTP(httptest.NewRecorder(), r)
	}
	// At the end of the program, after the server has stopped.
	if err := stats.Close(); err != nil {
		log.Fatal(err)
	}

	live, err = store.WatchLive(ctx, live.ID)
	fmt.Println(live.Stats.Views, live.Stats.Viewers, live.Stats.Likes, err)
	// Output: 2 2 2 <nil>
}

// A host that counts its viewers at a CDN reports them as they are.
func ExampleStatistics_Set() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	if _, err := store.StartLive(ctx, "u1", live.ID); err != nil {
		log.Fatal(err)
	}
	stats, err := prism.NewStatistics(prism.StatisticsOptions{Store: store})
	if err != nil {
		log.Fatal(err)
	}
	views, viewers := int64(5120), int64(830) // from the CDN's report of this minute
	err = errors.Join(
		stats.Set(live.ID, prism.StatsValues{Views: &views, Viewers: &viewers}),
		stats.Close(),
	)
	if err != nil {
		log.Fatal(err)
	}
	live, err = store.WatchLive(ctx, live.ID)
	fmt.Println(live.Stats.Views, live.Stats.Viewers, err)
	// Output: 5120 830 <nil>
}

// Ten instances may run a Sweeper each: one of them does the work.
func ExampleSweeper() {
	ctx := context.Background()
	now := time.Now()
	clock := func() time.Time { return now }
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live", Now: clock})
	if err != nil {
		log.Fatal(err)
	}
	err = errors.Join(
		store.PutUser(ctx, prism.User{ID: "u1", Name: "Min-ji"}),
		store.PutChannel(ctx, "u1", prism.Channel{ID: "c1", Name: "Morning talk", Enabled: true}),
	)
	if err != nil {
		log.Fatal(err)
	}
	// A create timed out, and the streamer tried again.
	for range 2 {
		exampleLive(ctx, store, store)
		now = now.Add(20 * time.Second)
	}
	now = now.Add(prism.DefaultDuplicateAge)

	sweeper, err := prism.NewSweeper(prism.SweeperOptions{Store: store, Now: clock})
	if err != nil {
		log.Fatal(err)
	}
	deleted, err := sweeper.Sweep(ctx) // it does so itself every ten minutes
	fmt.Println(deleted, err)
	if err := sweeper.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: 1 <nil>
}
