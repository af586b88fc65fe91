package check_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
	"github.com/b2bprism/b2bprism/store/memory"
)

const redirectURI = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/svc1"

// world is a correct service over TLS, and the knobs by which a mutant breaks
// it.
type world struct {
	store  *memory.Store
	auth   oauth.Config
	config prism.Config
	server *httptest.Server
	// wrap changes what goes over the wire.
	wrap func(http.Handler) http.Handler
	// plain serves the same without TLS.
	plain bool
	// inner is the service once it runs.
	inner   *prism.Service
	closers []func()
	target  check.Target
}

// newWorld makes two streamers, minji with an enabled and a disabled channel,
// and juno with one of her own.
func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example/live"})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"minji", "juno"} {
		err = errors.Join(err, store.PutUser(ctx, prism.User{ID: id, Name: "Streamer " + id, ThumbnailURL: "https://tv.example/" + id + ".png"}))
	}
	for _, c := range []struct {
		owner, id string
		enabled   bool
	}{{"minji", "off", false}, {"minji", "main", true}, {"juno", "junos", true}} {
		err = errors.Join(err, store.PutChannel(ctx, c.owner, prism.Channel{
			ID: c.id, Name: "Channel " + c.id, Enabled: c.enabled, Link: "https://tv.example/" + c.id, Tags: []string{"game"},
		}))
	}
	if err != nil {
		t.Fatal(err)
	}
	w := &world{store: store, server: httptest.NewUnstartedServer(nil), config: prism.FromStore(store)}
	w.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	address := "https://" + w.server.Listener.Addr().String()
	id, secret := oauth.NewCredentials()
	secrets := [][]byte{bytes.Repeat([]byte("s"), prism.MinSecret)}
	w.auth = oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{ID: id, Secrets: []oauth.Secret{oauth.NewSecret(secret)}, RedirectURIs: []string{redirectURI}}),
		Store:   store, Users: store, Secrets: secrets, PublicURL: address, SweepInterval: -1,
		Login: oauth.PasswordLogin(func(_ context.Context, account, password string) (string, error) {
			if password != "pw-"+account {
				return "", oauth.ErrBadCredentials
			}
			return account, nil
		}, oauth.PasswordOptions{}),
	}
	w.config.Secrets, w.config.BasePath, w.config.Deadline = secrets, "/", 30*time.Second // the race detector is slow
	w.target = check.Target{
		ServiceAPIDomain: address, ClientID: id, ClientSecret: secret, RedirectURI: redirectURI,
		Account: check.Account{Account: "minji", Password: "pw-minji"}, Second: check.Account{Account: "juno", Password: "pw-juno"},
		PlainURL: "http://" + w.server.Listener.Addr().String(),
		Pace:     2 * time.Millisecond, Lives: 4, LoadTime: 40 * time.Millisecond,
		RecommendedTime: 20 * time.Second, MaxTime: 30 * time.Second,
	}
	return w
}

// start serves the world until the test ends.
func (w *world) start(t *testing.T) {
	t.Helper()
	auth, err := oauth.New(w.auth)
	if err != nil {
		t.Fatal(err)
	}
	w.config.Auth = auth
	w.inner, err = prism.New(w.config)
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = w.inner
	if w.wrap != nil {
		handler = w.wrap(handler)
	}
	w.server.Config.Handler = handler
	if w.plain {
		w.server.Start()
	} else {
		w.server.StartTLS()
		transport, ok := w.server.Client().Transport.(*http.Transport)
		if !ok {
			t.Fatal("the test server's client has no *http.Transport")
		}
		transport.MaxIdleConnsPerHost = 64
	}
	if w.target.HTTPClient == nil {
		w.target.HTTPClient = w.server.Client()
	}
	t.Cleanup(func() {
		w.target.HTTPClient.CloseIdleConnections()
		w.server.Close()
		for _, f := range w.closers {
			f()
		}
		if err := errors.Join(w.inner.Close(), auth.Close()); err != nil {
			t.Error(err)
		}
	})
}

// run checks the world.
func (w *world) run(t *testing.T) check.Report {
	t.Helper()
	w.start(t)
	report, err := check.Run(t.Context(), w.target)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func anyPassword(_ context.Context, account, _ string) (string, error) { return account, nil }

func containsSecret(text, secret string) bool { return secret != "" && strings.Contains(text, secret) }
