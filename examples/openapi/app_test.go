package openapi

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

	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	redirectURI = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/svc1"
	password    = "correct horse battery"
)

// The clients. Each has the secret of clientSecret.
const (
	prismClient = "prismclient"
	webClient   = "webclient"  // has scopes, is asked for consent
	siteClient  = "siteclient" // signs in on a site of its own
)

// faults are what the name of a client, an account or an access token can stand
// for: a part of the host that fails so.
var faults = map[string]error{
	"FORBIDDEN":        prism.ErrForbidden,
	"CHANNEL_DISABLED": prism.ErrChannelDisabled,
	"NOT_FOUND":        prism.ErrNotFound,
	"CONFLICT":         prism.ErrConflict,
	"INTERNAL":         errors.New("the disk is full"),
	"UNAVAILABLE":      prism.ErrUnavailable,
	"TIMEOUT":          context.DeadlineExceeded,
	"default":          &prism.Error{Status: http.StatusTooManyRequests, Code: 100001, Name: "TOO_MANY_LIVES", Message: "End a live first."},
}

// app is a service with everything on, over TLS and over plain HTTP, whose
// answers a witness checks.
type app struct {
	*witness
	store         *memory.Store
	auth          *oauth.Server
	secure, plain *httptest.Server
	clientSecret  string
}

func newApp(t *testing.T) *app {
	t.Helper()
	store, err := memory.New(prism.StoreOptions{
		RTMPBase: "rtmp://ingest.example/live",
		LiveLink: func(liveID string) string { return "https://live.example/watch/" + liveID },
	})
	must(t, err)
	ctx := t.Context()
	for _, id := range []string{"minji", "juno"} {
		must(t, store.PutUser(ctx, prism.User{ID: id, Name: strings.ToUpper(id), ThumbnailURL: "https://live.example/" + id + ".png"}))
	}
	must(t, store.PutChannel(ctx, "minji", prism.Channel{ID: "off", Name: "Off", Link: "https://live.example/off"}))
	must(t, store.PutChannel(ctx, "minji", prism.Channel{ID: "main", Name: "Main", Enabled: true, Link: "https://live.example/main", Tags: []string{"a", "b"}, FollowerCount: 3}))
	must(t, store.PutChannel(ctx, "juno", prism.Channel{ID: "games|1", Name: "Games", Enabled: true, Link: "https://live.example/games"}))

	a := &app{store: store, secure: httptest.NewUnstartedServer(nil), plain: httptest.NewUnstartedServer(nil)}
	_, a.clientSecret = oauth.NewCredentials()
	secrets := [][]byte{bytes.Repeat([]byte("s"), prism.MinSecret)}
	public := "https://" + a.secure.Listener.Addr().String() + "/prism"
	a.auth, err = oauth.New(oauth.Config{
		Clients: a, Store: store, Users: store, Secrets: secrets, PublicURL: public, Login: newLogin(), SweepInterval: -1,
	})
	must(t, err)
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Secrets, cfg.ServeOpenAPI, cfg.AllowBearer = faultyTokens{a.auth}, secrets, true, true
	svc, err := prism.New(cfg)
	must(t, err)

	description := httptest.NewRecorder()
	svc.ServeHTTP(description, httptest.NewRequest(http.MethodGet, public+"/openapi.yaml", nil))
	a.witness = newWitness(t, description.Body.Bytes())
	metadata := svc.MetadataHandler()
	handler := a.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.well-known/") {
			metadata.ServeHTTP(w, r)
			return
		}
		svc.ServeHTTP(w, r)
	}))
	a.secure.Config.Handler, a.plain.Config.Handler = handler, handler
	a.secure.Config.ErrorLog = log.New(io.Discard, "", 0) // prismcheck tries old versions of TLS
	a.secure.StartTLS()
	a.plain.Start()
	t.Cleanup(func() {
		a.secure.Close()
		a.plain.Close()
		must(t, svc.Close())
		must(t, a.auth.Close())
	})
	return a
}

// Client is the app's oauth.ClientSource.
func (a *app) Client(_ context.Context, id string) (oauth.Client, error) {
	c := oauth.Client{ID: id, Secrets: []oauth.Secret{oauth.NewSecret(a.clientSecret)}, RedirectURIs: []string{redirectURI}}
	switch id {
	case prismClient, siteClient:
		return c, nil
	case webClient:
		c.Scopes = []string{"live", "chat"}
		return c, nil
	}
	if err, ok := faults[id]; ok {
		return oauth.Client{}, err
	}
	return oauth.Client{}, prism.ErrNotFound
}

// faultyTokens is the authorization server, but for tokens that stand for
// faults: every adapter's errors are answered alike.
type faultyTokens struct{ *oauth.Server }

func (f faultyTokens) Verify(ctx context.Context, token string) (prism.Principal, error) {
	if err, ok := faults[token]; ok {
		return prism.Principal{}, err
	}
	return f.Server.Verify(ctx, token)
}

// login is our page, or a site's own sign-in.
type login struct{ page, site oauth.Login }

func newLogin() login {
	check := func(_ context.Context, account, word string) (string, error) {
		if err, ok := faults[account]; ok {
			return "", err
		}
		if word != password {
			return "", oauth.ErrBadCredentials
		}
		return account, nil
	}
	limiter := oauth.NewMemoryLimiter(oauth.LimiterOptions{AddressAttempts: 1000, AccountInterval: time.Hour})
	return login{
		page: oauth.PasswordLogin(check, oauth.PasswordOptions{Limiter: limiter}),
		site: oauth.SessionLogin(func(*http.Request, string) (userID, redirect string, err error) { return "", "/sign-in", nil }),
	}
}

func (l login) Authenticate(w http.ResponseWriter, r *http.Request, in oauth.Interaction) (string, error) {
	if in.Client.ID == siteClient {
		return l.site.Authenticate(w, r, in)
	}
	return l.page.Authenticate(w, r, in)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
