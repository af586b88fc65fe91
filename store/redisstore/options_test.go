package redisstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// anyLive lets everybody use every live.
type anyLive struct{}

func (anyLive) Live(_ context.Context, userID, liveID string) (prism.Live, error) {
	return prism.Live{ID: liveID, ForUser: userID}, nil
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	_, client := mini(t)
	m := openMain(t, time.Now)
	for _, tt := range []struct {
		name string
		make func() error
		want []string
	}{
		{"no client", func() error { _, err := redisstore.New(nil, redisstore.Options{}); return err }, []string{"client is nil"}},
		{"prefix with a brace", func() error { _, err := redisstore.New(client, redisstore.Options{Prefix: "{a}"}); return err }, []string{"Options.Prefix"}},
		{"short retention", func() error {
			_, err := redisstore.New(client, redisstore.Options{Retention: time.Hour})
			return err
		}, []string{"Options.Retention"}},
		{"an empty chat", func() error { _, err := redisstore.NewChat(nil, redisstore.ChatOptions{}); return err }, []string{"client is nil", "Lives", "Users"}},
		{"bad chat options", func() error {
			_, err := redisstore.NewChat(client, redisstore.ChatOptions{Lives: m, Users: m, Prefix: "a}", Limit: -1, Retention: time.Second})
			return err
		}, []string{"ChatOptions.Prefix", "ChatOptions.Limit", "ChatOptions.Retention"}},
	} {
		err := tt.make()
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got error %v, want one that names %s", tt.name, err, want)
			}
		}
	}
}

func TestStoresWithOtherPrefixesAreApart(t *testing.T) {
	_, client := mini(t)
	a := open(t, client, redisstore.Options{Prefix: "a"})
	r := signIn(t, a, "juno", start)
	b := open(t, client, redisstore.Options{Prefix: "b"})
	if _, err := b.FindAccess(t.Context(), r.Pair.Access); err == nil {
		t.Errorf("a Store finds a token of another prefix")
	}
}
