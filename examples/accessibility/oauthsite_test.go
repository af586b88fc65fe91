package accessibility

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

const (
	redirectURI = "https://client.example/callback"
	password    = "correct horse"
	// longName has no place where a line could break.
	longName = "Annabel_Montgomery_Featherstonehaugh_of_the_Northern_Broadcasting_Department"
)

// oauthSite serves the pages of package oauth below a prism.Service, on HTTPS
// and on plain HTTP.
type oauthSite struct {
	secure, plain *httptest.Server
}

func newOAuthSite(t *testing.T) *oauthSite {
	t.Helper()
	site := &oauthSite{httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://127.0.0.1/live"})
	must(err)
	must(store.PutUser(t.Context(), prism.User{ID: "mina", Name: longName}))
	secrets := [][]byte{make([]byte, oauth.MinSecret)}
	server, err := oauth.New(oauth.Config{
		Clients:   clients{},
		Store:     store,
		Login:     oauth.PasswordLogin(checkPassword, oauth.PasswordOptions{Service: "Acme Live", Limiter: limiter{}}),
		Users:     store,
		Secrets:   secrets,
		PublicURL: "https://" + site.secure.Listener.Addr().String() + "/prism",
	})
	must(err)
	t.Cleanup(func() { must(server.Close()) })
	cfg := prism.FromStore(store)
	cfg.Auth = server
	cfg.Secrets = secrets
	svc, err := prism.New(cfg)
	must(err)
	t.Cleanup(func() { must(svc.Close()) })
	mux := http.NewServeMux()
	mux.Handle("/prism/", svc)
	mux.HandleFunc("/elsewhere", site.elsewhere)
	site.secure.Config.Handler, site.plain.Config.Handler = mux, mux
	site.secure.StartTLS()
	site.plain.Start()
	t.Cleanup(site.secure.Close)
	t.Cleanup(site.plain.Close)
	return site
}

// authorize is the address of an authorization request. pairs replace
// parameters.
func (s *oauthSite) authorize(pairs ...string) string {
	query := url.Values{"response_type": {"code"}, "client_id": {"studio"}, "redirect_uri": {redirectURI}, "state": {"st"}}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	return s.secure.URL + "/prism/oauth/authorize?" + query.Encode()
}

// elsewhere is a page of another origin with a form to the sign-in page.
func (s *oauthSite) elsewhere(w http.ResponseWriter, _ *http.Request) {
	page := `<!DOCTYPE html><title>Elsewhere</title><form method="post" action="` + template.HTMLEscapeString(s.authorize()) +
		`"><input name="account" autofocus><button>Go</button></form>`
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(page))
}

// clients has one client, and ids that stand for a source in trouble.
type clients struct{}

func (clients) Client(_ context.Context, id string) (oauth.Client, error) {
	switch id {
	case "studio":
		return oauth.Client{
			ID: id, Secrets: []oauth.Secret{oauth.NewSecret("secret")}, RedirectURIs: []string{redirectURI},
			Scopes: []string{"live", "chat", longName},
		}, nil
	case "unavailable":
		return oauth.Client{}, prism.ErrUnavailable
	case "broken":
		return oauth.Client{}, errors.New("the source of clients is broken")
	}
	return oauth.Client{}, prism.ErrNotFound
}

func checkPassword(_ context.Context, account, given string) (string, error) {
	if account != "mina" || given != password {
		return "", oauth.ErrBadCredentials
	}
	return account, nil
}

// limiter stops one account.
type limiter struct{}

func (limiter) Attempt(_ context.Context, account string, _ netip.Addr) (time.Duration, error) {
	if account == "limited" {
		return 12 * time.Minute, nil
	}
	return 0, nil
}

func (limiter) Succeeded(context.Context, string, netip.Addr) {}
