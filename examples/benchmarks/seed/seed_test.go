package seed_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/seed"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

func TestFillOnSQLite(t *testing.T) {
	t.Parallel()
	testFill(t, "sqlite:"+filepath.Join(t.TempDir(), "seed.db"))
}

func TestFillOnPostgreSQL(t *testing.T) {
	t.Parallel()
	testFill(t, sqlstoretest.PostgreSQL(t))
}

// testFill reads through the store what was written past it.
func testFill(t *testing.T, dsn string) {
	ctx := t.Context()
	store, err := sqlstore.Open(ctx, dsn, prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	// More rows than one statement takes, and not a multiple.
	const last = 262
	plan := seed.Plan{Secret: "s", ClientID: "client", Broadcasts: last + 1, SignIns: 2, Messages: 3, Now: time.Now()}
	if err := plan.Fill(ctx, dsn); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, last} {
		live, err := store.Live(ctx, seed.UserID(i), seed.OnAirID(i))
		if err != nil || live.Status != prism.StatusOnAir || live.ChannelID != seed.ChannelID(i) || live.Stats.Chats != 3 {
			t.Errorf("live %d: %+v, %v", i, live, err)
		}
		page, err := store.Messages(ctx, seed.UserID(i), seed.OnAirID(i), prism.ChatQuery{Limit: 100})
		if err != nil || len(page.Messages) != 3 || page.Next != 3 || page.Messages[0].AuthorID != seed.UserID(i) {
			t.Errorf("chat %d: %+v, %v", i, page, err)
		}
		for _, find := range []struct {
			by    func(oauth.Digest) (oauth.Token, error)
			token string
		}{
			{func(d oauth.Digest) (oauth.Token, error) { return store.FindAccess(ctx, d) }, plan.AccessToken(i, 1)},
			{func(d oauth.Digest) (oauth.Token, error) { return store.FindRefresh(ctx, d) }, plan.RefreshToken(i, 1)},
		} {
			token, err := find.by(oauth.DigestOf(find.token))
			if err != nil || token.Family.UserID != seed.UserID(i) || token.Family.ClientID != "client" || !token.Family.Alive(time.Now()) {
				t.Errorf("token of %d: %+v, %v", i, token, err)
			}
		}
		// A start ends the other live, so both are as the store makes them.
		started, err := store.StartLive(ctx, seed.UserID(i), seed.ReservedID(i))
		if err != nil || !started.Changed || started.Ended == nil || started.Ended.ID != seed.OnAirID(i) {
			t.Errorf("start %d: %+v, %v", i, started, err)
		}
	}
	if err := plan.Fill(ctx, dsn); err == nil {
		t.Error("the same again was taken")
	}
}
