package otelprism_test

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/adapters/otelprism"
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

// newTelemetry returns Telemetry and the recorder of its spans.
func newTelemetry(t testing.TB, opt otelprism.Options) (*otelprism.Telemetry, *sdktrace.TracerProvider, *tracetest.SpanRecorder) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	t.Cleanup(func() {
		if err := provider.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	telemetry, err := otelprism.New(provider, opt)
	if err != nil {
		t.Fatal(err)
	}
	return telemetry, provider, recorder
}

// tracedStore is a data layer with spans of its own and a failure on demand.
type tracedStore struct {
	*memory.Store
	tracer trace.Tracer
	fail   error
}

func (s *tracedStore) Channel(ctx context.Context, userID, channelID string) (prism.Channel, error) {
	ctx, span := s.tracer.Start(ctx, "store.Channel")
	defer span.End()
	if s.fail != nil {
		return prism.Channel{}, s.fail
	}
	return s.Store.Channel(ctx, userID, channelID)
}

// host is a whole service over TLS that is observed by Telemetry.
type host struct {
	store    *tracedStore
	recorder *tracetest.SpanRecorder
	service  *prism.Service
	gateway  *prismtest.Gateway
}

func startHost(t *testing.T, opt otelprism.Options) *host {
	t.Helper()
	telemetry, provider, recorder := newTelemetry(t, opt)
	store := newStore(t)
	h := &host{store: &tracedStore{Store: store, tracer: provider.Tracer("store")}, recorder: recorder}

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
		Trace: telemetry.OAuthTrace(),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := prism.FromStore(h.store)
	cfg.Auth, cfg.Secrets, cfg.Trace = auth, secrets, telemetry.PRISMTrace()
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

func (h *host) signIn(t *testing.T) (prismtest.Tokens, *prismtest.Session) {
	t.Helper()
	tokens, err := h.gateway.SignIn(t.Context(), prismtest.Credentials{Account: "minji", Password: "pw-minji"})
	if err != nil {
		t.Fatal(err)
	}
	return tokens, h.gateway.Session(tokens)
}
