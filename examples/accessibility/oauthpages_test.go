package accessibility

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/b2bprism/b2bprism/examples/internal/chromium"
)

// oauthPages are all pages of package oauth, in every state, with the way of a
// person to them, by keyboard.
var oauthPages = []struct {
	name string
	open func(a *auditor, t *testing.T, site *oauthSite)
	// has is what shows that it is this page.
	has string
}{
	{"sign-in", func(a *auditor, _ *testing.T, site *oauthSite) {
		a.get(site.authorize(), http.StatusOK)
	}, `form .go`},
	{"sign-in, nothing typed", func(a *auditor, t *testing.T, site *oauthSite) {
		a.get(site.authorize(), http.StatusOK)
		a.enter(t, http.StatusUnprocessableEntity, "")
	}, `#problem`},
	{"sign-in, wrong password", func(a *auditor, t *testing.T, site *oauthSite) {
		a.get(site.authorize(), http.StatusOK)
		a.enter(t, http.StatusUnprocessableEntity, longName+kb.Tab+"wrong")
	}, `#problem`},
	{"sign-in, too many attempts", func(a *auditor, t *testing.T, site *oauthSite) {
		a.get(site.authorize(), http.StatusOK)
		a.enter(t, http.StatusTooManyRequests, "limited"+kb.Tab+password)
	}, `#problem`},
	{"sign-in, page of another browser", func(a *auditor, t *testing.T, site *oauthSite) {
		a.get(site.authorize(), http.StatusOK)
		a.Forget()
		a.enter(t, http.StatusBadRequest, "mina"+kb.Tab+password)
	}, `#problem`},
	{"consent", func(a *auditor, t *testing.T, site *oauthSite) {
		a.get(site.authorize("prompt", "consent"), http.StatusOK)
		a.enter(t, http.StatusOK, "mina"+kb.Tab+password)
	}, `button[value=allow]`},
	{"consent with scopes", func(a *auditor, t *testing.T, site *oauthSite) {
		a.get(site.authorize("prompt", "consent", "scope", "live chat "+longName), http.StatusOK)
		a.enter(t, http.StatusOK, "mina"+kb.Tab+password)
	}, `li:nth-child(3)`},
	{"error, unknown client", func(a *auditor, _ *testing.T, site *oauthSite) {
		a.get(site.authorize("client_id", "nobody"), http.StatusBadRequest)
	}, `main:not(:has(form))`},
	{"error, redirect URI", func(a *auditor, _ *testing.T, site *oauthSite) {
		a.get(site.authorize("redirect_uri", "https://attacker.example/"), http.StatusBadRequest)
	}, `main:not(:has(form))`},
	{"error, malformed request", func(a *auditor, _ *testing.T, site *oauthSite) {
		a.get(site.authorize()+"&x=%zz", http.StatusBadRequest)
	}, `main:not(:has(form))`},
	{"error, plain HTTP", func(a *auditor, _ *testing.T, site *oauthSite) {
		a.get(site.plain.URL+site.authorize()[len(site.secure.URL):], http.StatusForbidden)
	}, `.link a`},
	{"error, unavailable", func(a *auditor, _ *testing.T, site *oauthSite) {
		a.get(site.authorize("client_id", "unavailable"), http.StatusServiceUnavailable)
	}, `.reference code`},
	{"error, failed", func(a *auditor, _ *testing.T, site *oauthSite) {
		a.get(site.authorize("client_id", "broken"), http.StatusInternalServerError)
	}, `.reference code`},
	{"error, form of another site", func(a *auditor, t *testing.T, site *oauthSite) {
		a.get(site.plain.URL+"/elsewhere", http.StatusOK)
		a.enter(t, http.StatusForbidden, "mina")
	}, `main:not(:has(form))`},
}

func TestOAuthPages(t *testing.T) {
	a := newAuditor(t)
	site := newOAuthSite(t)
	for _, language := range []string{"en", "ko", "ja"} {
		for _, page := range oauthPages {
			t.Run(language+"/"+page.name, func(t *testing.T) {
				a := a.on(t)
				a.Speak(language)
				for _, scripts := range []bool{false, true} {
					a.Scripts(scripts)
					page.open(a, t, site)
					a.want(t, language, page.has)
					a.clean(t)
				}
			})
		}
	}
}

// get opens an address.
func (a *auditor) get(address string, status int64) {
	a.Open("the page "+address, status, chromedp.Navigate(address))
}

// enter types, beginning in the first field, and presses Enter.
func (a *auditor) enter(t *testing.T, status int64, keys string) {
	t.Helper()
	chromium.Eval[bool](a.Browser, `(document.querySelector("form input:not([type=hidden])").focus(), true)`)
	a.Open("the answer to the form", status, chromedp.KeyEvent(keys+kb.Enter))
}

// want tells whether the right page is open, and that it has no script.
func (a *auditor) want(t *testing.T, language, selector string) {
	t.Helper()
	got := chromium.Eval[struct {
		Language string `json:"language"`
		Found    bool   `json:"found"`
		Scripts  bool   `json:"scripts"`
	}](a.Browser, `({
		language: document.documentElement.lang,
		found: document.querySelector(`+"`"+selector+"`"+`) !== null,
		scripts: [...document.querySelectorAll("*")].some(element => element.localName === "script" ||
			[...element.attributes].some(a => a.name.startsWith("on") || /^\s*javascript:/i.test(a.value))),
	})`)
	if got.Language != language || !got.Found || got.Scripts {
		t.Errorf("the page is in %q; %s is there: %t; it has a script: %t", got.Language, selector, got.Found, got.Scripts)
	}
}
