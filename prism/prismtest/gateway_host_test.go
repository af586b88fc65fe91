package prismtest_test

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
)

const redirectURI = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/svc1"

// host is a whole service over TLS: the memory store, an authorization server
// with a password page, and a Gateway that knows its registration.
type host struct {
	store   *memory.Store
	auth    *oauth.Server
	service *prism.Service
	server  *httptest.Server
	gateway *prismtest.Gateway
}

// startHost makes two streamers, minji and juno, each with the password
// "pw-" + id, and a viewer. Minji has the channels main and off, which is
// disabled; Juno has the channel juno's.
func startHost() (*host, error) {
	ctx := context.Background()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example/live"})
	if err != nil {
		return nil, err
	}
	for _, u := range []prism.User{{ID: "minji", Name: "Minji"}, {ID: "juno", Name: "Juno"}, {ID: "haru|viewer", Name: "Haru"}} {
		err = errors.Join(err, store.PutUser(ctx, u))
	}
	for _, c := range []struct {
		owner, id string
		enabled   bool
	}{{"minji", "off", false}, {"minji", "main", true}, {"juno", "juno's", true}} {
		err = errors.Join(err, store.PutChannel(ctx, c.owner, prism.Channel{
			ID: c.id, Name: "Channel " + c.id, Enabled: c.enabled, Link: "https://tv.example/channel", Tags: []string{"game", "talk"},
		}))
	}
	if err != nil {
		return nil, err
	}

	h := &host{store: store, server: httptest.NewUnstartedServer(nil)}
	address := "https://" + h.server.Listener.Addr().String()
	clientID, clientSecret := oauth.NewCredentials()
	secrets := [][]byte{bytes.Repeat([]byte("s"), prism.MinSecret)}
	h.auth, err = oauth.New(oauth.Config{
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
	})
	if err != nil {
		h.server.Close()
		return nil, err
	}
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Secrets = h.auth, secrets
	h.service, err = prism.New(cfg)
	if err != nil {
		h.server.Close()
		return nil, errors.Join(err, h.auth.Close())
	}
	h.server.Config.Handler = h.service
	h.server.StartTLS()
	h.gateway = &prismtest.Gateway{
		ServiceAPIDomain: address, AuthorizeURL: address + "/prism/oauth/authorize",
		ClientID: clientID, ClientSecret: clientSecret, RedirectURI: redirectURI,
		HTTPClient: h.server.Client(),
	}
	return h, nil
}

func (h *host) close() error {
	h.server.Close()
	return errors.Join(h.service.Close(), h.auth.Close())
}
