package prism_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// exampleLive is a live of u1, with u2 as a viewer.
func exampleLive(ctx context.Context, lives prism.LiveStore, directory prism.Directory) prism.Live {
	if err := directory.PutUser(ctx, prism.User{ID: "u2", Name: "Viewer"}); err != nil {
		log.Fatal(err)
	}
	live, err := lives.CreateLive(ctx, "u1", "c1", prism.NewLive{Title: "Today", Scope: prism.ScopePublic})
	if err != nil {
		log.Fatal(err)
	}
	return live
}

func ExampleLiveUpdater() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	var lives prism.LiveUpdater = store
	title := "Tonight"
	live, err := lives.UpdateLive(ctx, "u1", live.ID, prism.LiveUpdate{Title: &title})
	fmt.Println(live.Title, live.Scope, err)
	// Output: Tonight PUBLIC <nil>
}

func ExampleChatReader() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	var sender prism.ChatSender = store
	for _, text := range []string{"one", "two"} {
		if err := sender.SendMessage(ctx, "u1", live.ID, text); err != nil {
			log.Fatal(err)
		}
	}
	var chat prism.ChatReader = store
	page, err := chat.Messages(ctx, "u1", live.ID, prism.ChatQuery{Limit: 1}) // the latest one
	fmt.Println(page.Messages[0].Text, page.Messages[0].LiveOwner, err)
	page, err = chat.Messages(ctx, "u1", live.ID, prism.ChatQuery{After: &page.Next, Limit: 100}) // what is new since
	fmt.Println(len(page.Messages), err)
	// Output:
	// two true <nil>
	// 0 <nil>
}

func ExampleChatSender() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	var sender prism.ChatSender = store
	fmt.Println(sender.SendMessage(ctx, "u1", live.ID, "Hello everyone!"))
	fmt.Println(errors.Is(sender.SendMessage(ctx, "u2", live.ID, "as its owner"), prism.ErrNotFound))
	// Output:
	// <nil>
	// true
}

func ExampleChatDeleter() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	if err := store.SendMessage(ctx, "u1", live.ID, "oops"); err != nil {
		log.Fatal(err)
	}
	page, err := store.Messages(ctx, "u1", live.ID, prism.ChatQuery{Limit: 1})
	if err != nil {
		log.Fatal(err)
	}
	var chat prism.ChatDeleter = store
	fmt.Println(chat.DeleteMessage(ctx, "u1", live.ID, page.Messages[0].ID))
	fmt.Println(chat.DeleteMessage(ctx, "u1", live.ID, page.Messages[0].ID)) // again is no error
	fmt.Println(errors.Is(chat.DeleteMessage(ctx, "u1", live.ID, "none"), prism.ErrNotFound))
	// Output:
	// <nil>
	// <nil>
	// true
}

func ExampleBanner() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	var bans prism.Banner = store
	if err := bans.BanUser(ctx, "u1", live.ID, "u2", 10*time.Minute); err != nil {
		log.Fatal(err)
	}
	var audience prism.Audience = store
	fmt.Println(errors.Is(audience.PostChat(ctx, live.ID, "u2", "hello"), prism.ErrForbidden))
	if err := bans.UnbanUser(ctx, "u1", live.ID, "u2"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(audience.PostChat(ctx, live.ID, "u2", "hello"))
	// Output:
	// true
	// <nil>
}

func ExampleManagerStore() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	var managers prism.ManagerStore = store
	if err := managers.AddManager(ctx, "u1", live.ID, "u2"); err != nil {
		log.Fatal(err)
	}
	if err := store.PostChat(ctx, live.ID, "u2", "hello"); err != nil {
		log.Fatal(err)
	}
	page, err := store.Messages(ctx, "u1", live.ID, prism.ChatQuery{Limit: 1})
	fmt.Println(page.Messages[0].LiveManager, err)
	// Output: true <nil>
}

// Disable a channel from an admin page: the store ends the live that is on air,
// the service drops its publisher.
func ExampleDirectory() {
	ctx := context.Background()
	store := exampleStore()
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Development = exampleAuth, true
	svc, err := prism.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	live := exampleLive(ctx, store, store)
	if _, err := store.StartLive(ctx, "u1", live.ID); err != nil {
		log.Fatal(err)
	}
	var directory prism.Directory = store
	ended, err := directory.SetChannelEnabled(ctx, "c1", false)
	if err != nil {
		log.Fatal(err)
	}
	if ended != nil {
		svc.LiveEnded(ctx, *ended, prism.EndedByChannel)
	}
	fmt.Println(ended.Title, ended.Status)
	// Output: Today END
}

func ExampleAudience() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	if _, err := store.StartLive(ctx, "u1", live.ID); err != nil {
		log.Fatal(err)
	}
	var audience prism.Audience = store
	if err := audience.ViewerSeen(ctx, live.ID, "browser 1"); err != nil { // the page says so now and then
		log.Fatal(err)
	}
	seen, err := audience.WatchLive(ctx, live.ID)
	fmt.Println(seen.Stats.Views, seen.Stats.Viewers, seen.RTMPPath == "", err)
	// Output: 1 1 true <nil>
}

// dropConnection stands for the media server's own call.
type dropConnection func(ctx context.Context, application, key string) error

func (drop dropConnection) KickPublisher(ctx context.Context, live prism.Live) error {
	server, key, err := prism.SplitRTMPPath(live.RTMPPath)
	if err != nil {
		return err
	}
	return drop(ctx, server, key)
}

// Drop the publisher of a live that the host ends. adapters/ingest has
// PublisherKickers for several media servers.
func ExamplePublisherKicker() {
	ctx := context.Background()
	store := exampleStore()
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Development = exampleAuth, true
	cfg.Ingest = dropConnection(func(_ context.Context, server, _ string) error {
		fmt.Println("dropped a connection to", server)
		return nil
	})
	svc, err := prism.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	live := exampleLive(ctx, store, store)
	if _, err := store.StartLive(ctx, "u1", live.ID); err != nil {
		log.Fatal(err)
	}
	_, err = svc.EndLive(ctx, live.ID, prism.EndedByHost)
	fmt.Println(err)
	// Output:
	// dropped a connection to rtmp://ingest.example.com/live
	// <nil>
}

func ExampleIngestStore() {
	ctx := context.Background()
	store := exampleStore()
	live := exampleLive(ctx, store, store)
	if _, err := store.StartLive(ctx, "u1", live.ID); err != nil {
		log.Fatal(err)
	}
	_, key, err := prism.SplitRTMPPath(live.RTMPPath) // what the publisher pushes with
	if err != nil {
		log.Fatal(err)
	}
	var ingest prism.IngestStore = store
	published, err := ingest.LiveByStreamKey(ctx, prism.KeyDigest(key))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ingest.IngestStarted(ctx, published.ID, published.Broadcast, "connection 1"))
	fmt.Println(ingest.IngestSeen(ctx, published.ID, "connection 1"))
	fmt.Println(errors.Is(ingest.IngestSeen(ctx, published.ID, "connection 0"), prism.ErrConflict)) // drop that one
	// Output:
	// <nil>
	// <nil>
	// true
}

// introspection is an Authenticator over a service that already knows tokens.
type introspection func(ctx context.Context, token string) (userID string, active bool, err error)

func (f introspection) Verify(ctx context.Context, token string) (prism.Principal, error) {
	userID, active, err := f(ctx, token)
	switch {
	case err != nil:
		return prism.Principal{}, fmt.Errorf("introspect: %w: %w", prism.ErrUnavailable, err)
	case !active:
		return prism.Principal{}, prism.ErrUnauthorized
	}
	return prism.Principal{UserID: userID}, nil
}

// Bring your own tokens.
func ExampleAuthenticator() {
	var auth prism.Authenticator = introspection(func(_ context.Context, token string) (string, bool, error) {
		return "u1", token == "good", nil
	})
	principal, err := auth.Verify(context.Background(), "good")
	fmt.Println(principal.UserID, err)
	_, err = auth.Verify(context.Background(), "expired")
	fmt.Println(errors.Is(err, prism.ErrUnauthorized))
	// Output:
	// u1 <nil>
	// true
}
