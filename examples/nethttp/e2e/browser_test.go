package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func tlsConfig(roots *x509.CertPool) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
}

// browser is a Chromium with a profile of its own.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("/usr/bin/chromium"),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1100, 800),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancelAllocator)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	// The browser lives as long as the context of its first step.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return &browser{t, ctx}
}

// do runs steps in the browser.
func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		where, _ := chromedp.Run(b.ctx, chromedp.Location())
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		b.t.Fatalf("%s: %v\nat %s\n%.600s", what, err, where, text)
	}
}

// signIn fills the sign-in form of the page that is open.
func (b *browser) signIn(who login) {
	b.t.Helper()
	b.do("sign in",
		chromedp.WaitVisible(`input[type=password]`),
		chromedp.SetValue(`input[autocomplete=username]`, who.Login),
		chromedp.SetValue(`input[type=password]`, who.Password),
		chromedp.Submit(`input[type=password]`),
	)
}

// eval evaluates a JavaScript expression.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

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
func (b *browser) authorize(a *app, c *callback, who login) string {
	b.t.Helper()
	state := "st &=/안녕"
	query := url.Values{"response_type": {"code"}, "client_id": {a.creds.ClientID}, "redirect_uri": {a.creds.RedirectURI}, "state": {state}}
	b.do("open the authorization URL", chromedp.Navigate(a.creds.AuthorizeURL+"?"+query.Encode()))
	b.signIn(who)
	select {
	case got := <-c.arrivals:
		if got.Get("state") != state || got.Get("code") == "" || got.Get("error") != "" {
			b.t.Fatalf("the redirect brought state %q, error %q, a code %v", got.Get("state"), got.Get("error"), got.Get("code") != "")
		}
		return got.Get("code")
	case <-time.After(20 * time.Second):
		b.do("see where the browser is", chromedp.WaitVisible("never"))
		return ""
	}
}
