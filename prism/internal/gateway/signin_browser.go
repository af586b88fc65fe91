package gateway

import (
	"context"
	"mime"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// maxHops is how many redirects in a row are followed, as Chromium does.
const maxHops = 20

// browser is PRISM's embedded browser during one sign-in.
type browser struct {
	g      *Gateway
	r      *report
	client *http.Client
	target *url.URL
	secure bool
	first  bool
}

// step is one request of a browser.
type step struct {
	method string
	url    *url.URL
	body   []byte
	// origin is the Origin header of a form, site its Sec-Fetch-Site.
	origin, site string
	secrets      []string
}

// webpage is an answer that is not a redirect.
type webpage struct {
	url    *url.URL
	status int
	header http.Header
	body   []byte
}

// arrival is the redirect to the redirect URI.
type arrival struct {
	url    *url.URL
	status int
}

func newBrowser(g *Gateway, r *report, start, target *url.URL) *browser {
	client := *g.httpClient()
	client.Jar, _ = cookiejar.New(nil) // fails only for a bad public suffix list
	return &browser{g: g, r: r, client: &client, target: target, secure: start.Scheme == "https", first: true}
}

// open makes a step and follows redirects to a page or to the redirect URI.
// Both are nil when a violation ends the walk.
func (b *browser) open(ctx context.Context, s step) (*webpage, *arrival, error) {
	for range maxHops {
		resp, err := b.request(ctx, s)
		if err != nil {
			return nil, nil, err
		}
		location := resp.Header.Get("Location")
		if resp.Status < 300 || resp.Status >= 400 || location == "" {
			return &webpage{s.url, resp.Status, resp.Header, resp.Body}, nil, nil
		}
		next, err := s.url.Parse(location)
		if err != nil {
			b.r.add(RuleLoginPage, "Location", "the redirect has no valid address")
			return nil, nil, nil //nolint:nilerr // told as a violation
		}
		if b.arrived(next) {
			return nil, &arrival{next, resp.Status}, nil
		}
		if !b.mayGo(next, "Location") {
			return nil, nil, nil
		}
		again := resp.Status == http.StatusTemporaryRedirect || resp.Status == http.StatusPermanentRedirect
		if again {
			s.url = next
			continue
		}
		s = step{method: http.MethodGet, url: next, secrets: s.secrets}
	}
	b.r.add(RuleLoginPage, "Location", "more than %d redirects in a row", maxHops)
	return nil, nil, nil
}

func (b *browser) request(ctx context.Context, s step) (*Response, error) {
	route := signInStep
	if b.first {
		route, b.first = authorizeRoute, false
	}
	address := *s.url
	address.Fragment = ""
	req, err := newRequest(ctx, s.method, address.String(), s.body)
	if err != nil {
		return nil, err
	}
	language := b.g.AcceptLanguage
	if language == "" {
		language = "ko,en;q=0.8"
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	req.Header.Set("Accept-Language", language)
	req.Header.Set("Upgrade-Insecure-Requests", "1")
	if s.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", s.origin)
		req.Header.Set("Sec-Fetch-Mode", "navigate")
		req.Header.Set("Sec-Fetch-Dest", "document")
		req.Header.Set("Sec-Fetch-Site", s.site)
	}
	return b.g.send(b.client, req, route, s.body, s.secrets)
}

// arrived tells whether an address is the redirect URI with parameters added.
func (b *browser) arrived(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, b.target.Scheme) && strings.EqualFold(u.Host, b.target.Host) &&
		u.EscapedPath() == b.target.EscapedPath() && u.Opaque == b.target.Opaque
}

// mayGo reports an address that leaves HTTPS or the web.
func (b *browser) mayGo(u *url.URL, field string) bool {
	switch {
	case u.Scheme == "https", u.Scheme == "http" && !b.secure:
		return true
	case u.Scheme == "http":
		b.r.add(RuleSignInTLS, field, "the sign-in goes on over plain http")
	default:
		b.r.add(RuleLoginPage, field, "the sign-in leads to scheme %s", shown(u.Scheme))
	}
	return false
}

// submit makes the step that sends a form.
func (b *browser) submit(page *webpage, f *form) (step, bool) {
	action, err := f.target(page.url)
	if err != nil {
		b.r.add(RuleLoginForm, "action", "the form has no valid address")
		return step{}, false
	}
	if f.method != http.MethodPost {
		b.r.add(RuleLoginForm, "method", "the form is sent by %s, want POST", f.method)
		return step{}, false
	}
	if f.window != "" && f.window != "_self" && f.window != "_top" && f.window != "_parent" {
		b.r.add(RuleLoginForm, "target", "the form opens a window")
	}
	if f.enctype != "" && f.enctype != "application/x-www-form-urlencoded" {
		b.r.add(RuleLoginForm, "enctype", "got %s, want application/x-www-form-urlencoded", shown(f.enctype))
		return step{}, false
	}
	if !b.mayGo(action, "action") {
		return step{}, false
	}
	s := step{method: http.MethodPost, url: action, body: []byte(f.encode()), secrets: f.secrets()}
	s.origin, s.site = origin(page.url), "same-origin"
	if origin(action) != s.origin {
		s.site = "cross-site"
	}
	if headerHas(page.header, "Referrer-Policy", "no-referrer") {
		// Fetch standard, "serializing a request origin": this policy hides
		// the origin of a form, too.
		s.origin = "null"
	}
	return s, true
}

func origin(u *url.URL) string { return strings.ToLower(u.Scheme + "://" + u.Host) }

// checkPage holds a page with a form against the rules.
func (b *browser) checkPage(page *webpage) {
	if page.status >= 500 {
		b.r.add(RuleLoginPage, "", "got status %d", page.status)
	}
	media, _, err := mime.ParseMediaType(page.header.Get("Content-Type"))
	if err != nil || media != "text/html" {
		b.r.add(RuleContentType, "Content-Type", "got %s, want text/html", shown(page.header.Get("Content-Type")))
	}
	for name := range page.header {
		if strings.HasPrefix(name, "Access-Control-") {
			b.r.add(RuleNoCORS, name, "the header is there")
		}
	}
	if !headerHas(page.header, "Cache-Control", "no-store") {
		b.r.add(RuleNoStore, "Cache-Control", "got %s, want no-store", shown(page.header.Get("Cache-Control")))
	}
	for _, policy := range page.header.Values("Content-Security-Policy") {
		if !b.policyAllows(policy) {
			b.r.add(RuleLoginPage, "Content-Security-Policy", "form-action keeps Chromium from following the redirect to the redirect URI")
		}
	}
}

// policyAllows reports whether the form-action of a policy lets a form lead to
// the redirect URI: Chromium holds redirects against it, too.
func (b *browser) policyAllows(policy string) bool {
	for directive := range strings.SplitSeq(policy, ";") {
		words := strings.Fields(strings.ToLower(directive))
		if len(words) == 0 || words[0] != "form-action" {
			continue
		}
		for _, source := range words[1:] {
			whole := origin(b.target)
			if source == "*" || source == strings.ToLower(b.target.Scheme)+":" || source == strings.ToLower(b.target.Host) ||
				source == whole || strings.HasPrefix(source, whole+"/") {
				return true
			}
		}
		return false
	}
	return true
}

// checkInternals looks for internals in a page that ends the walk.
func (b *browser) checkInternals(page *webpage) {
	checkInternals(b.r, "", textOf(page.body))
}
