package check

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

var signInChecks = []Check{
	{
		ID: "signin.registration", Severity: Required, Source: srcConsole,
		Title: "Client id and client secret are 3 to 20 letters and digits, the authorization URL has at most 100 characters.",
		Fix:   "Choose values that the console takes.",
		run:   checkRegistration,
	},
	{
		ID: "signin.code", setup: true, Severity: Required, Source: srcAPI + ": authorize",
		Title: "A sign-in ends with a redirect to the redirect URI that brings a code.",
		Fix:   "After the login answer 302 or 303 to redirect_uri with code and the state that came.",
		run:   checkSignIn,
	},
	{
		ID: "signin.no-state", Severity: Required, Source: srcAPI + ": authorize",
		Title: "An authorization request without state is accepted.",
		Fix:   "Treat state as optional, and send back none when none came.",
		run:   checkNoState,
	},
	{
		ID: "signin.password", Severity: Security, Source: "RFC 6749 section 10",
		Title: "A wrong password gives no code.",
		Fix:   "Check the password before the code is made, and show the login page again.",
		run:   checkWrongPassword,
	},
	{
		ID: "signin.client", Severity: Security, Source: "RFC 6749 section 4.1.2.1",
		Title: "An authorization request of an unknown client leads nowhere.",
		Fix:   "Show an error page, and redirect to no address, when client_id is not known.",
		run:   checkUnknownClient,
	},
	{
		ID: "signin.redirect-uri", Severity: Security, Source: "RFC 9700 section 2.1; RFC 6749 section 4.1.2.1",
		Title: "No redirect goes to an address that is not the registered redirect URI, byte for byte.",
		Fix:   "Compare redirect_uri with the registered one as whole strings, before the login page is shown, and never redirect to another.",
		run:   checkRedirectURI,
	},
	{
		ID: "signin.response-type", Severity: Security, Source: "RFC 9700 section 2.1.2",
		Title: "The authorization endpoint hands out no token (the implicit grant).",
		Fix:   "Support response_type=code only; answer others with unsupported_response_type.",
		run:   checkResponseType,
	},
	{
		ID: "signin.code-random", Severity: Security, Source: "RFC 6749 section 10.10",
		Title: "Codes cannot be guessed: each is new, with at least 128 bits.",
		Fix:   "Make the code of 16 or more random bytes from the system's generator.",
		run:   checkCodeRandom,
	},
	{
		ID: "signin.framing", Severity: Recommended, Source: "RFC 6749 section 10.13",
		Title: "The login page cannot be framed by another site.",
		Fix:   "Send Content-Security-Policy: frame-ancestors 'none' (or X-Frame-Options: DENY) with the login page.",
		run:   checkFraming,
	},
}

var consoleCredential = regexp.MustCompile(`^[A-Za-z0-9]{3,20}$`)

// signInFlags are those without which the run cannot sign in by itself.
func (p *probe) signInFlags() string {
	var missing []string
	for _, f := range []struct{ name, value string }{
		{"-client-id", p.ClientID}, {"-client-secret", p.ClientSecret}, {"-redirect-uri", p.RedirectURI},
		{"-login", p.Account.Account}, {"-password", p.Account.Password},
	} {
		if f.value == "" {
			missing = append(missing, f.name)
		}
	}
	return strings.Join(missing, ", ")
}

func (p *probe) oauth() {
	if p.ClientID == "" || p.ClientSecret == "" || p.RedirectURI == "" {
		p.need(p.signInFlags(), "the client is not known, only a token")
	}
}

// filler skips the check unless the login form can be filled in.
func (p *probe) filler() {
	p.oauth()
	if p.Account.Account == "" {
		p.need(p.signInFlags(), "needs an account and its password (-login, -password)")
	}
	if p.tokens.AccessToken == "" && p.code == "" {
		p.skip("the sign-in does not work")
	}
}

func checkRegistration(p *probe) {
	p.oauth()
	if !consoleCredential.MatchString(p.ClientID) {
		p.fail("the client id has other characters or another length")
	}
	if !consoleCredential.MatchString(p.ClientSecret) {
		p.fail("the client secret has other characters or another length")
	}
	if n := len(p.AuthorizeURL); n > 100 {
		p.fail("the authorization URL has %d characters", n)
	}
}

// authorize signs an account in and returns a code.
func (p *probe) authorize(params url.Values) (string, error) {
	return call(p, func(ctx context.Context) (string, error) { return p.g.AuthorizeWith(ctx, p.Account, params) })
}

// newCode is a code of a sign-in of its own.
func (p *probe) newCode() string {
	p.filler()
	code, err := p.authorize(nil)
	if code == "" {
		p.end("the sign-in gave no code: %v", errText(err))
	}
	return code
}

func errText(err error) string {
	if err == nil {
		return "see the checks of the area answer"
	}
	return reason(err)
}

func checkSignIn(p *probe) {
	var err error
	switch {
	case p.Token != "" && (p.ClientID == "" || p.ClientSecret == "" || p.RedirectURI == ""):
		p.need(p.signInFlags(), "a token was given")
	case p.Account.Account != "":
		p.code, err = p.authorize(nil)
	case p.Browser != nil:
		p.code, err = p.browse()
	case p.Code != "":
		p.code = p.Code
		p.need(p.signInFlags(), "a code was given")
	default:
		p.need(p.signInFlags(), "a token was given")
	}
	switch {
	case p.code != "":
	case p.last.Route == authorizeRoute && p.last.Status == http.StatusNotFound:
		p.fail("nothing is at the authorization URL %s: status 404. If the sign-in page has another address, "+
			"as {service API domain}/prism/oauth/authorize, give it with -authorize-url", p.AuthorizeURL)
	default:
		p.fail("the sign-in gave no code: %v", errText(err))
	}
}

func (p *probe) browse() (string, error) {
	state := rand.Text()
	address, err := p.g.SignInURL(state)
	if err != nil {
		return "", err
	}
	return p.Browser(p.ctx, address, state)
}

func checkNoState(p *probe) {
	p.filler()
	if code, err := p.authorize(url.Values{"state": nil}); code == "" {
		p.fail("without state: %v", errText(err))
	}
}

func checkWrongPassword(p *probe) {
	p.filler()
	wrong := p.Account
	wrong.Password = "prismcheck-" + rand.Text()
	code, err := call(p, func(ctx context.Context) (string, error) { return p.g.Authorize(ctx, wrong) })
	var denied *refusal
	switch {
	case code != "":
		p.fail("a wrong password gave a code")
	case err == nil || errors.Is(err, gateway.ErrSignInRefused) || errors.As(err, &denied):
	case p.last.Status >= http.StatusInternalServerError:
		p.fail("a wrong password gave status %d", p.last.Status)
	}
}

func checkUnknownClient(p *probe) {
	p.filler()
	for name, id := range inOrder(map[string]string{"an unknown client id": "prismcheck0nobody", "no client id": ""}) {
		p.ledAway(name, url.Values{"client_id": {id}})
	}
}

// ledAway fails when an authorization request that must not be trusted leads
// to its redirect URI.
func (p *probe) ledAway(what string, params url.Values) {
	code, err := p.authorize(params)
	var sent *refusal
	switch {
	case code != "":
		p.fail("%s: a code was sent to the redirect URI", what)
	case errors.As(err, &sent):
		p.fail("%s: the browser was sent to the redirect URI, with error %s", what, sent.name)
	case p.last.Status >= http.StatusInternalServerError:
		p.fail("%s: got status %d, want a page that says what is wrong", what, p.last.Status)
	}
}

func checkRedirectURI(p *probe) {
	p.filler()
	registered, err := url.Parse(p.RedirectURI)
	if err != nil {
		p.skip("the redirect URI cannot be parsed")
	}
	change := func(f func(*url.URL)) string {
		u := *registered
		f(&u)
		return u.String()
	}
	for name, uri := range inOrder(map[string]string{
		"another host":              "https://prismcheck.invalid/callback",
		"a host that ends the same": change(func(u *url.URL) { u.Host = "evil" + u.Host }),
		"a host that begins so":     change(func(u *url.URL) { u.Host = u.Hostname() + ".prismcheck.invalid" }),
		"another path":              change(func(u *url.URL) { u.Path += "/more"; u.RawPath = "" }),
		"a trailing slash":          change(func(u *url.URL) { u.Path += "/"; u.RawPath = "" }),
		"a query":                   change(func(u *url.URL) { u.RawQuery = "next=1" }),
		"a user name":               change(func(u *url.URL) { u.User = url.User("prismcheck") }),
		"another port":              change(func(u *url.URL) { u.Host = u.Hostname() + ":8444" }),
		"another service's id":      registeredSibling(p.RedirectURI),
	}) {
		if uri != p.RedirectURI {
			p.ledAway("a redirect URI with "+name, url.Values{"redirect_uri": {uri}})
		}
	}
}

// registeredSibling changes the last segment.
func registeredSibling(uri string) string {
	i := strings.LastIndexByte(uri, '/')
	return uri[:i+1] + "prismcheck-other"
}

func checkResponseType(p *probe) {
	p.filler()
	for _, kind := range []string{"token", "id_token", "code token", "none"} {
		if _, err := p.authorize(url.Values{"response_type": {kind}}); err == nil && p.last.Status < http.StatusBadRequest {
			location := p.last.ResponseHeader.Get("Location")
			if strings.Contains(location, "access_token") || strings.Contains(location, "code=") {
				p.fail("response_type=%s was granted", kind)
			}
		}
	}
}

func checkCodeRandom(p *probe) {
	p.filler()
	a, b := p.newCode(), p.newCode()
	if a == b {
		p.fail("two sign-ins gave the same code")
	}
	if !unguessable(a, b) {
		p.fail("the codes have too few characters that differ for 128 bits: %d and %d characters", len(a), len(b))
	}
}

// unguessable is a rough test of two tokens: long enough for 128 bits in their
// alphabet, and different nearly everywhere.
func unguessable(a, b string) bool {
	const bits = 128
	per := 6.0 // base64
	if isHex(a) && isHex(b) {
		per = 4
	}
	differ := 0
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			differ++
		}
	}
	// By chance 1 in 16 places agree in hex. JWTs share their front.
	return float64(differ)*per >= bits*0.8
}

func isHex(s string) bool {
	return strings.Trim(strings.ToLower(s), "0123456789abcdef-") == ""
}

func checkFraming(p *probe) {
	p.filler()
	// The login page is the last step before the form is sent: a wrong
	// password brings it back.
	wrong := p.Account
	wrong.Password = "prismcheck-" + rand.Text()
	code, err := call(p, func(ctx context.Context) (string, error) { return p.g.Authorize(ctx, wrong) })
	if code != "" || !errors.Is(err, gateway.ErrSignInRefused) {
		p.skip("the login page did not come back")
	}
	header := p.last.ResponseHeader
	if header.Get("X-Frame-Options") == "" && !strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors") {
		p.fail("the login page has neither X-Frame-Options nor frame-ancestors")
	}
}

// inOrder ranges over a map by its keys.
func inOrder[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
