package redisstore_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-oauth2/oauth2/v4"
	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// allKeys returns all keys of a server with their values in text.
func allKeys(t testing.TB, client *redis.Client) map[string]string {
	t.Helper()
	ctx := context.Background()
	keys, err := client.Keys(ctx, "*").Result()
	must(t, err)
	all := make(map[string]string, len(keys))
	for _, key := range keys {
		kind, err := client.Type(ctx, key).Result()
		must(t, err)
		var value any
		switch kind {
		case "hash":
			value, err = client.HGetAll(ctx, key).Result()
		case "zset":
			value, err = client.ZRangeWithScores(ctx, key, 0, -1).Result()
		case "stream":
			value, err = client.XRange(ctx, key, "-", "+").Result()
		case "string":
			value, err = client.Get(ctx, key).Result()
		default:
			t.Fatalf("key %q is a %s, which doc.go does not list", key, kind)
		}
		must(t, err)
		all[key] = fmt.Sprint(value)
	}
	return all
}

// busy does what leaves a record of every kind, some of them old.
func busy(t testing.TB, client redis.UniversalClient) (*redisstore.Store, *redisstore.Chat) {
	t.Helper()
	ctx := t.Context()
	store := open(t, client, redisstore.Options{Now: newClock().Now})
	for _, at := range []time.Time{time.Date(1991, 2, 3, 4, 5, 6, 0, time.UTC), start} {
		must(t, store.SaveCode(ctx, newCode("juno", at)))
		used, revoked := signIn(t, store, "juno", at), signIn(t, store, "haru", at)
		for range 2 {
			must(t, errOf(store.RotateRefresh(ctx, rotationOf(used, at))))
		}
		must(t, store.MarkUsed(ctx, used.Family.ID, 2))
		must(t, store.RevokeFamily(ctx, revoked.Family.ID, at))
	}
	_, err := store.Lease(ctx, "sweep", "holder", time.Minute)
	must(t, err)
	chat, live := openLive(t, client, redisstore.ChatOptions{})
	for range 2 {
		must(t, chat.SendMessage(ctx, owner, live.ID, "hello"))
	}
	must(t, chat.DeleteMessage(ctx, owner, live.ID, readChat(t, chat, live.ID, nil).Messages[0].ID))
	return store, chat
}

func TestEveryKeyHasATimeToLive(t *testing.T) {
	client := startServer(t).client(t)
	store, _ := busy(t, client)
	// Sweeping step by step moves families to an index that it has just
	// emptied, which must not leave it without a time to live.
	for n := 1; n != 0; {
		for key := range allKeys(t, client) {
			ttl, err := client.PTTL(t.Context(), key).Result()
			must(t, err)
			if most := max(redisstore.DefaultChatRetention, redisstore.DefaultRetention+refreshLife); ttl <= 0 || ttl > most {
				t.Fatalf("key %q lives for %v, want at most %v", key, ttl, most)
			}
			if strings.Contains(key, ":code:") && ttl < redisstore.MinRetention {
				t.Errorf("key %q lives for %v: a code must be known for a day to detect its replay", key, ttl)
			}
		}
		var err error
		n, err = store.Sweep(t.Context(), start.Add(2*familyLife), 1)
		must(t, err)
	}
}

func TestRecordsStayForTheRetentionAndThenGo(t *testing.T) {
	m, client := mini(t)
	store, _ := busy(t, client)
	r := signIn(t, store, "minji", start)
	m.FastForward(codeLife + redisstore.DefaultRetention - time.Second)
	if _, err := store.FindCode(t.Context(), r.Code); err != nil {
		t.Errorf("FindCode a second before its retention is over: %v", err)
	}
	m.FastForward(2 * time.Second)
	if _, err := store.FindCode(t.Context(), r.Code); err == nil {
		t.Errorf("FindCode after the retention found a code")
	}
	if _, err := store.FindRefresh(t.Context(), r.Pair.Refresh); err != nil {
		t.Errorf("FindRefresh of a token that lives longer: %v", err)
	}
	m.FastForward(redisstore.DefaultChatRetention)
	if left := m.Keys(); len(left) != 0 {
		t.Errorf("after all retentions these keys are left: %v", left)
	}
}

// A host that never sweeps must not see its indexes grow.
func TestIndexesForgetWhatRedisExpired(t *testing.T) {
	m, client := mini(t)
	clock := newClock()
	store := open(t, client, redisstore.Options{Now: clock.Now})
	size := func() int64 {
		return client.ZCard(t.Context(), "{prism}:expiry").Val() + client.ZCard(t.Context(), "{prism}:user:juno").Val()
	}
	step := redisstore.DefaultRetention / 4
	var most int64
	for day := range 100 {
		r := signIn(t, store, "juno", clock.Now())
		must(t, errOf(store.RotateRefresh(t.Context(), rotationOf(r, clock.Now()))))
		clock.Advance(step)
		m.FastForward(step)
		if day == 30 {
			most = size()
		}
	}
	if got := size(); got > most+10 {
		t.Errorf("the indexes have %d entries after 100 rounds and had %d after 30: they grow", got, most)
	}
	n, err := store.Sweep(t.Context(), clock.Now().Add(-redisstore.DefaultRetention), 1000)
	must(t, err)
	if n < 0 || n > 10 {
		t.Errorf("Sweep deleted %d records, want the few that Redis has not expired yet", n)
	}
}

// What Redis has expired is dropped from the index, and is not counted.
func TestSweepCountsOnlyWhatItDeletes(t *testing.T) {
	client := startServer(t).client(t)
	store := open(t, client, redisstore.Options{})
	r := signIn(t, store, "juno", start)
	must(t, client.Del(t.Context(), keyOf("access", r.Pair.Access), keyOf("code", r.Code)).Err())
	n, err := store.Sweep(t.Context(), start.Add(familyLife), 100)
	must(t, err)
	if n != 1 {
		t.Errorf("Sweep deleted %d records, want 1: the refresh token", n)
	}
	if n := client.ZCard(t.Context(), "{prism}:expiry").Val(); n != 0 {
		t.Errorf("the index has %d entries after Sweep, want none", n)
	}
}

func TestRedisHoldsNoTokenInClear(t *testing.T) {
	client := startServer(t).client(t)
	m := openMain(t, time.Now)
	store := open(t, client, redisstore.Options{})
	server, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{
			ID: "Client00000000000001", Secrets: []oauth.Secret{oauth.NewSecret("Secret00000000000001")},
			RedirectURIs: []string{"https://client.example/cb"},
		}),
		Store: store, Users: m, Login: oauth.SessionLogin(func(*http.Request, string) (string, string, error) { return owner, "", nil }),
		Secrets: [][]byte{make([]byte, oauth.MinSecret)}, PublicURL: "https://api.example.com/prism", SweepInterval: -1,
	})
	must(t, err)
	defer func() { must(t, server.Close()) }()
	ctx, manager := t.Context(), server.Manager()
	as := oauth2.TokenGenerateRequest{ClientID: "Client00000000000001", ClientSecret: "Secret00000000000001", RedirectURI: "https://client.example/cb", UserID: owner}
	code, err := manager.GenerateAuthToken(ctx, oauth2.Code, &as)
	must(t, err)
	as.Code = code.GetCode()
	pair, err := manager.GenerateAccessToken(ctx, oauth2.AuthorizationCode, &as)
	must(t, err)
	as.Refresh = pair.GetRefresh()
	next, err := manager.RefreshAccessToken(ctx, &as)
	must(t, err)
	if _, err := server.Verify(ctx, next.GetAccess()); err != nil {
		t.Fatalf("Verify: %v", err)
	}

	secrets := []string{code.GetCode(), pair.GetAccess(), pair.GetRefresh(), next.GetAccess(), next.GetRefresh(), "Secret00000000000001"}
	all := allKeys(t, client)
	if len(all) < 7 {
		t.Errorf("there are %d keys, want a code, four tokens, a family and indexes", len(all))
	}
	for key, value := range all {
		for i, secret := range secrets {
			if secret == "" || strings.Contains(key, secret) || strings.Contains(value, secret) {
				t.Errorf("secret %d is in clear in or under %q, or is empty", i, key)
			}
		}
	}
}
