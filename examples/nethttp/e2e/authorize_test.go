package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/b2bprism/b2bprism/examples/internal/chromium"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
)

// callback stands for the redirect URI of PRISM.
type callback struct {
	uri      string
	arrivals chan url.Values
}

func newCallback(t *testing.T) *callback {
	t.Helper()
	c := &callback{arrivals: make(chan url.Values, 1)}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/partner/1" {
			c.arrivals <- r.URL.Query()
		}
		_, _ = fmt.Fprintln(w, "PRISM has the code")
	}))
	t.Cleanup(server.Close)
	c.uri = server.URL + "/oauth/partner/1"
	return c
}

// authorize signs in at the authorization URL and returns the code.
func authorize(t *testing.T, b *chromium.Browser, creds quickstart.Credentials, c *callback, who quickstart.Login) string {
	t.Helper()
	state := "st &=/안녕"
	query := url.Values{"response_type": {"code"}, "client_id": {creds.ClientID}, "redirect_uri": {creds.RedirectURI}, "state": {state}}
	b.Do("open the authorization URL", chromedp.Navigate(creds.AuthorizeURL+"?"+query.Encode()))
	b.SignIn(who.Login, who.Password)
	select {
	case got := <-c.arrivals:
		if got.Get("state") != state || got.Get("code") == "" || got.Get("error") != "" {
			t.Fatalf("the redirect brought state %q, error %q, a code %v", got.Get("state"), got.Get("error"), got.Get("code") != "")
		}
		return got.Get("code")
	case <-time.After(20 * time.Second):
		b.Do("see where the browser is", chromedp.WaitVisible("never"))
		return ""
	}
}
