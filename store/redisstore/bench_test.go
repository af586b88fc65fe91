package redisstore_test

import (
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// The check of a token, as every request from PRISM begins with one.
func BenchmarkFindAccess(b *testing.B) {
	store := open(b, startServer(b).client(b), redisstore.Options{})
	r := signIn(b, store, "juno", start)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := store.FindAccess(b.Context(), r.Pair.Access); err != nil {
				b.Error(err)
			}
		}
	})
}

// A poll of the latest 100 messages.
func BenchmarkMessages(b *testing.B) {
	client := startServer(b).client(b)
	chat, live := openLive(b, client, redisstore.ChatOptions{})
	for range prism.MaxChatPage {
		must(b, chat.SendMessage(b.Context(), owner, live.ID, "Good evening, and welcome."))
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := chat.Messages(b.Context(), owner, live.ID, prism.ChatQuery{Limit: prism.MaxChatPage}); err != nil {
				b.Error(err)
			}
		}
	})
}
