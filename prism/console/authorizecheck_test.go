package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// Only what cannot be a sign-in page is a finding: no answer, and 404.
func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	for path, status := range map[string]int{
		"/refuses": http.StatusBadRequest, "/login": http.StatusOK, "/unauthorized": http.StatusUnauthorized, "/breaks": http.StatusInternalServerError,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	mux.Handle("/leads", http.RedirectHandler("/nowhere", http.StatusFound))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	closed := httptest.NewServer(mux)
	closed.Close()
	for address, want := range map[string]string{
		server.URL + "/refuses": "", server.URL + "/login": "", server.URL + "/unauthorized": "", server.URL + "/breaks": "", server.URL + "/leads": "",
		server.URL + "/oauth/authorize": "authorization URL: GET " + server.URL + "/oauth/authorize: got status 404",
		closed.URL + "/login":           "authorization URL: no answer",
		"https://a b":                   "authorization URL",
	} {
		err := askAuthorizeURL(t.Context(), server.Client(), address)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}

// The default check asks the authorization URL, too: the form's proposal is
// wrong for a service whose sign-in page stands below its base path.
func TestDefaultCheckMount(t *testing.T) {
	t.Parallel()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://127.0.0.1/live"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	origin := "http://" + server.Listener.Addr().String()
	secrets := [][]byte{make([]byte, prism.MinSecret)}
	auth, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{
			ID: "acmelive", Secrets: []oauth.Secret{oauth.NewSecret("AZaz09AZaz09AZaz0920")}, RedirectURIs: []string{prismRedirect + "acme1"},
		}),
		Store: store, Users: store, Secrets: secrets, PublicURL: origin + "/prism", AllowInsecure: true, SweepInterval: -1,
		Login: oauth.PasswordLogin(func(context.Context, string, string) (string, error) {
			return "", oauth.ErrBadCredentials
		}, oauth.PasswordOptions{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := auth.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Secrets, cfg.AllowInsecure = auth, secrets, true
	svc, err := prism.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := svc.Close(); err != nil {
			t.Error(err)
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/prism/", svc)
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(server.Close)

	for authorizeURL, want := range map[string]string{
		origin + "/prism/oauth/authorize": "All is well",
		"":                                "GET " + origin + "/oauth/authorize: got status 404",
	} {
		c := testConfig(newClock())
		c.CheckMount, c.HTTPClient = nil, server.Client()
		c.Registration.ServiceAPIDomain, c.Registration.AuthorizeURL = origin, authorizeURL
		console := newTestConsole(t, c)
		select {
		case <-console.mount.start(console.cfg.CheckMount, console.cfg.Now):
		case <-time.After(20 * time.Second):
			t.Fatal("the check does not end")
		}
		if page := get(t, console, "?view=setup").Body.String(); !strings.Contains(page, want) {
			latest, _ := console.mount.state()
			t.Errorf("authorization URL %q: the page lacks %q: %q", authorizeURL, want, latest.problems)
		}
	}
}
