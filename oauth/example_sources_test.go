package oauth_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// clientTable stands for the host's own table of clients, which keeps the
// digests of their secrets.
type clientTable map[string]oauth.Client

func (t clientTable) Client(_ context.Context, clientID string) (oauth.Client, error) {
	client, ok := t[clientID]
	if !ok {
		return oauth.Client{}, fmt.Errorf("clients: %w", prism.ErrNotFound)
	}
	return client, nil
}

// Read the clients from a table of the host's.
func ExampleClientSource() {
	id, secret := oauth.NewCredentials()
	clients := clientTable{id: {
		ID: id, Secrets: []oauth.Secret{oauth.NewSecret(secret)},
		RedirectURIs: []string{"https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/example"},
	}}
	server, err := oauth.New(oauth.Config{
		Clients:   clients,
		Store:     exampleStore(),
		Users:     hostUsers{},
		Login:     oauth.SessionLogin(hostSession),
		Secrets:   [][]byte{exampleSecret()},
		PublicURL: "https://api.example.com/prism",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(server.Close())
	// Output: <nil>
}

// sharedCounter stands for a counter that all instances share, for example in
// Redis, whose entries end by themselves.
type sharedCounter func(ctx context.Context, key string, window time.Duration) (n int, err error)

// perAddress lets each client address try five times in a minute.
type perAddress struct{ count sharedCounter }

func (p perAddress) Attempt(ctx context.Context, _ string, addr netip.Addr) (retryAfter time.Duration, err error) {
	n, err := p.count(ctx, addr.String(), time.Minute)
	if err == nil && n > 5 {
		retryAfter = time.Minute
	}
	return retryAfter, err
}

func (perAddress) Succeeded(context.Context, string, netip.Addr) {}

func ExampleLoginLimiter() {
	attempts := map[string]int{}
	var limiter oauth.LoginLimiter = perAddress{func(_ context.Context, key string, _ time.Duration) (int, error) {
		attempts[key]++
		return attempts[key], nil
	}}
	for range 5 {
		if _, err := limiter.Attempt(context.Background(), "mina", netip.MustParseAddr("192.0.2.1")); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(limiter.Attempt(context.Background(), "mina", netip.MustParseAddr("192.0.2.1")))
	fmt.Println(limiter.Attempt(context.Background(), "mina", netip.MustParseAddr("192.0.2.2")))
	// Output:
	// 1m0s <nil>
	// 0s <nil>
}
