package readme

import (
	"bytes"
	"context"
	"flag"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/b2bprism/b2bprism/examples/internal/chromium"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

var keepPictures = flag.Bool("pictures", false, "keep the pictures that the test takes for the README")

// TestPictures takes the README's pictures. With -pictures they replace those
// that are there.
func TestPictures(t *testing.T) {
	chromium.Need(t)
	browser := chromium.New(t)
	app := quickstart.Start(t)
	report := filepath.Join(t.TempDir(), "report.html")
	goRun(t, []string{"go", "run", "./prism/prismcheck", "-credentials", app.CredentialsFile(), "-take-over",
		"-lives", "50", "-load-time", "2s", "-format", "html", "-o", report})

	browser.Show(chromium.Look{Width: 390})
	browser.Open("sign-in page", http.StatusOK, chromedp.Navigate(signInPage(t)))
	take(t, browser, "login.png")

	browser.Show(chromium.Look{Width: 900})
	browser.Do("report", chromedp.Navigate("file://"+report))
	take(t, browser, "report.png")

	browser.Show(chromium.Look{Width: 1000})
	browser.Open("console", http.StatusOK, chromedp.Navigate(consolePage(t)))
	browser.Do("plots", chromedp.WaitVisible(`path.p99`))
	take(t, browser, "console.png")
}

// signInPage is the address of the page that oauth.PasswordLogin shows.
func signInPage(t *testing.T) string {
	t.Helper()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://live.example.com/live"})
	must(t, err)
	secrets := [][]byte{make([]byte, oauth.MinSecret)}
	host := httptest.NewUnstartedServer(nil)
	nobody := func(context.Context, string, string) (string, error) { return "", oauth.ErrBadCredentials }
	auth, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{
			ID: "prism", Secrets: []oauth.Secret{oauth.NewSecret("secret")}, RedirectURIs: []string{"https://client.example/callback"},
		}),
		Store: store, Users: store, Secrets: secrets,
		Login:     oauth.PasswordLogin(nobody, oauth.PasswordOptions{Service: "Maru Live"}),
		PublicURL: "https://" + host.Listener.Addr().String() + "/prism",
	})
	must(t, err)
	t.Cleanup(func() { must(t, auth.Close()) })
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Secrets = auth, secrets
	host.Config.Handler = prism.Handler(cfg)
	host.StartTLS()
	t.Cleanup(host.Close)
	query := url.Values{"response_type": {"code"}, "client_id": {"prism"}}
	return host.URL + "/prism/oauth/authorize?" + query.Encode()
}

// take takes a picture of what the window shows.
func take(t *testing.T, browser *chromium.Browser, name string) {
	t.Helper()
	var picture []byte
	browser.Do("take "+name, chromedp.Func(func(ctx context.Context, target *chromedp.Target) (err error) {
		picture, err = chromedp.CaptureScreenshot()(ctx, target)
		return err
	}))
	if image, err := png.Decode(bytes.NewReader(picture)); err != nil || image.Bounds().Empty() {
		t.Errorf("%s is no picture: %v", name, err)
	}
	if len(picture) > maxPicture {
		t.Errorf("%s has %d bytes, want at most %d", name, len(picture), maxPicture)
	}
	if *keepPictures && strings.HasSuffix(name, ".png") {
		must(t, os.WriteFile(name, picture, 0o644))
	}
}
