package promprism_test

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/adapters/promprism"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const redirectURI = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/svc1"

func newStore(t testing.TB) *memory.Store {
	t.Helper()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example/live"})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		store.PutUser(t.Context(), prism.User{ID: "minji", Name: "Minji"}),
		store.PutChannel(t.Context(), "minji", prism.Channel{ID: "main", Name: "Main", Enabled: true, Link: "https://tv.example/main"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// newMetrics registers Metrics on a registry of their own.
func newMetrics(t testing.TB, opt promprism.Options) (*prometheus.Registry, *promprism.Metrics) {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	metrics, err := promprism.New(reg, opt)
	if err != nil {
		t.Fatal(err)
	}
	return reg, metrics
}

// host is a whole service over TLS that is observed by Metrics and by a Trace
// that keeps the refused events.
type host struct {
	registry *prometheus.Registry
	service  *prism.Service
	gateway  *prismtest.Gateway

	mu      sync.Mutex
	refused []oauth.RefusedEvent
}

func startHost(t *testing.T) *host {
	t.Helper()
	store := newStore(t)
	h := &host{}
	var metrics *promprism.Metrics
	h.registry, metrics = newMetrics(t, promprism.Options{LivesOnAir: promprism.CountLives(store, 100)})

	server := httptest.NewUnstartedServer(nil)
	address := "https://" + server.Listener.Addr().String()
	clientID, clientSecret := oauth.NewCredentials()
	secrets := [][]byte{bytes.Repeat([]byte("s"), prism.MinSecret)}
	auth, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{
			ID: clientID, Secrets: []oauth.Secret{oauth.NewSecret(clientSecret)}, RedirectURIs: []string{redirectURI},
		}),
		Store: store, Users: store, Secrets: secrets, PublicURL: address + "/prism", SweepInterval: -1,
		Login: oauth.PasswordLogin(func(_ context.Context, account, password string) (string, error) {
			if password != "pw-"+account {
				return "", oauth.ErrBadCredentials
			}
			return account, nil
		}, oauth.PasswordOptions{}),
		Trace: oauth.JoinTraces(metrics.OAuthTrace(), oauth.Trace{TokenRefused: func(_ context.Context, e oauth.RefusedEvent) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.refused = append(h.refused, e)
		}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Secrets, cfg.Trace = auth, secrets, metrics.PRISMTrace()
	if h.service, err = prism.New(cfg); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = h.service
	server.StartTLS()
	t.Cleanup(func() {
		server.Close()
		if err := errors.Join(h.service.Close(), auth.Close()); err != nil {
			t.Error(err)
		}
	})
	h.gateway = &prismtest.Gateway{
		ServiceAPIDomain: address, AuthorizeURL: address + "/prism/oauth/authorize",
		ClientID: clientID, ClientSecret: clientSecret, RedirectURI: redirectURI, HTTPClient: server.Client(),
	}
	return h
}

// gathered returns the families of a registry by name.
func gathered(t testing.TB, reg prometheus.Gatherer) map[string]family {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]family{}
	for _, f := range families {
		byName[f.GetName()] = family{f}
	}
	return byName
}
