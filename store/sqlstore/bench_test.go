package sqlstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// What PRISM polls, over 10,000 lives on air on SQLite and 1,000 elsewhere, one
// of them with a chat of 50 messages, from as many goroutines as there are
// processors.
func BenchmarkPolled(b *testing.B) {
	for _, e := range []struct {
		name  string
		lives int
		dsn   func(b *testing.B) string
	}{
		{"SQLite", 10_000, func(b *testing.B) string { b.Helper(); return "sqlite:" + b.TempDir() + "/prism.db" }},
		{"PostgreSQL", 1000, func(b *testing.B) string { b.Helper(); return sqlstoretest.PostgreSQL(b) }},
		{"MySQL", 1000, func(b *testing.B) string { b.Helper(); return sqlstoretest.MySQL(b) }},
	} {
		b.Run(e.name, func(b *testing.B) { benchmarkPolled(b, e.dsn(b), e.lives) })
	}
}

func benchmarkPolled(b *testing.B, dsn string, lives int) {
	b.Helper()
	ctx := context.Background()
	s, err := sqlstore.Open(ctx, dsn, prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	const messages = 50
	fill := []error{s.Migrate(ctx), s.PutUser(ctx, prism.User{ID: "owner", Name: "Owner"})}
	ids := make([]string, lives)
	for i := range lives {
		ids[i] = fmt.Sprint("live", i)
		channel := fmt.Sprint("channel", i)
		fill = append(fill,
			s.PutChannel(ctx, "owner", prism.Channel{ID: channel, Enabled: true}),
			s.PutLive(ctx, prism.Live{ID: ids[i], ChannelID: channel, Title: "Title", Status: prism.StatusOnAir}))
	}
	for i := range messages {
		fill = append(fill, s.SendMessage(ctx, "owner", ids[0], fmt.Sprint("message ", i)))
	}
	now := time.Now()
	code := oauth.Code{Digest: oauth.DigestOf("code"), FamilyID: "family", ClientID: "client", UserID: "owner", ExpiresAt: now.Add(time.Minute)}
	redemption := redemptionOf(code, "", now)
	fill = append(fill, s.SaveCode(ctx, code), s.RedeemCode(ctx, redemption))
	for _, err := range fill {
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, call := range []struct {
		name string
		call func(ctx context.Context) error
	}{
		{"live info", func(ctx context.Context) error {
			_, err := s.Live(ctx, "owner", ids[rand.N(lives)])
			return err
		}},
		{"chat page", func(ctx context.Context) error {
			_, err := s.Messages(ctx, "owner", ids[0], prism.ChatQuery{Limit: messages})
			return err
		}},
		{"token check", func(ctx context.Context) error {
			_, err := s.FindAccess(ctx, redemption.Pair.Access)
			return err
		}},
	} {
		b.Run(call.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					ctx, cancel := context.WithTimeout(ctx, time.Minute)
					if err := call.call(ctx); err != nil {
						b.Error(err)
					}
					cancel()
				}
			})
		})
	}
}
