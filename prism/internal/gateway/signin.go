package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Credentials are what a streamer types into the login page.
type Credentials struct {
	Account, Password string
}

// String tells nothing, so that a password does not get into a log.
func (Credentials) String() string { return "credentials" }

// GoString is String, for %#v.
func (c Credentials) GoString() string { return c.String() }

// SignIn signs a streamer in through the login page and exchanges the code.
func (g *Gateway) SignIn(ctx context.Context, who Credentials) (Tokens, error) {
	state := rand.Text()
	code, err := g.authorize(ctx, who, g.authorizeQuery(state))
	if code == "" {
		return Tokens{}, err
	}
	tokens, tokenErr := g.exchange(ctx, code, state)
	return tokens, joined(err, tokenErr)
}

// joined is errors.Join that leaves a single error as it is.
func joined(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}

// Authorize goes through the login page as PRISM's embedded browser does and
// returns the code: it opens the authorization URL, keeps cookies, follows
// redirects, fills in the login form, agrees to a consent form that may
// follow, and stops at the redirect URI. It returns ErrSignInRefused when the
// login form comes back, ErrNoLoginForm when a page has none, and a
// *TokenError when the redirect brings an OAuth error.
func (g *Gateway) Authorize(ctx context.Context, who Credentials) (string, error) {
	return g.authorize(ctx, who, g.authorizeQuery(rand.Text()))
}

// AuthorizeWith is Authorize with some parameters of the authorization request
// replaced; those with no values are left out.
func (g *Gateway) AuthorizeWith(ctx context.Context, who Credentials, params url.Values) (string, error) {
	query := g.authorizeQuery(rand.Text())
	for name, values := range params {
		query[name] = values
	}
	return g.authorize(ctx, who, query)
}

// SignInURL is the address that a streamer's browser opens, with this state.
func (g *Gateway) SignInURL(state string) (string, error) {
	start, err := g.signInURL(g.authorizeQuery(state))
	if err != nil {
		return "", err
	}
	return start.String(), nil
}

func (g *Gateway) authorizeQuery(state string) url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {g.ClientID}, "redirect_uri": {g.RedirectURI}, "state": {state},
	}
}

func (g *Gateway) signInURL(params url.Values) (*url.URL, error) {
	start, err := url.Parse(g.authorizeURL())
	if err != nil || start.Host == "" {
		return nil, errors.New("prismtest: Gateway.AuthorizeURL is not an absolute URL")
	}
	query := params.Encode()
	if start.RawQuery != "" {
		query = start.RawQuery + "&" + query
	}
	start.RawQuery = query
	return start, nil
}

func (g *Gateway) authorizeURL() string {
	if g.AuthorizeURL != "" {
		return g.AuthorizeURL
	}
	return strings.TrimRight(g.ServiceAPIDomain, "/") + authorizeRoute
}

func (g *Gateway) authorize(ctx context.Context, who Credentials, params url.Values) (string, error) {
	start, err := g.signInURL(params)
	if err != nil {
		return "", err
	}
	target, err := url.Parse(params.Get("redirect_uri"))
	if err != nil || target.Scheme == "" {
		return "", errors.New("prismtest: Gateway.RedirectURI is not an absolute URL")
	}

	r := &report{method: http.MethodGet, route: authorizeRoute}
	b := newBrowser(g, r, start, target)
	last, err := b.signIn(ctx, start, who)
	if err != nil {
		return "", r.err(err)
	}
	if last == nil {
		return "", r.err(nil)
	}
	code, err := readRedirect(r, last, target, params["state"])
	return code, r.err(err)
}

// readRedirect takes the code out of the redirect to PRISM.
func readRedirect(r *report, last *arrival, target *url.URL, states []string) (string, error) {
	if last.status != http.StatusFound && last.status != http.StatusSeeOther {
		r.add(RuleCodeRedirect, "", "got status %d, want 302 or 303", last.status)
	}
	query, err := url.ParseQuery(last.url.RawQuery)
	if err != nil {
		r.add(RuleCodeRedirect, "Location", "the query is malformed")
		return "", nil //nolint:nilerr // told as a violation
	}
	for name, values := range target.Query() {
		if len(query[name]) < len(values) {
			r.add(RuleCodeRedirect, "Location", "the parameter %s of the redirect URI is lost", shown(name))
		}
	}
	if last.url.Fragment != "" {
		r.add(RuleCodeRedirect, "Location", "the address has a fragment")
	}
	if got := query["state"]; !slices.Equal(got, states) {
		r.add(RuleState, "Location", "got state %d times, want what was sent, %d times", len(got), len(states))
	}
	if code := query.Get("error"); code != "" {
		checkInternals(r, "error_description", query.Get("error_description"))
		return "", &TokenError{Status: last.status, Code: code, Description: query.Get("error_description")}
	}
	if got := query["code"]; len(got) != 1 || got[0] == "" {
		r.add(RuleCodeRedirect, "Location", "got code %d times, want one that is not empty", len(got))
		return "", nil
	}
	return query.Get("code"), nil
}

// signIn walks from the first address to the redirect URI. It returns nil when
// a violation ends the walk.
func (b *browser) signIn(ctx context.Context, start *url.URL, who Credentials) (*arrival, error) {
	page, last, err := b.open(ctx, step{method: http.MethodGet, url: start})
	for sent, agreed := false, false; err == nil && last == nil && page != nil; {
		forms := parseForms(page.body)
		form := forms.login()
		switch {
		case form != nil && sent:
			return nil, fmt.Errorf("%w (status %d)", ErrSignInRefused, page.status)
		case form != nil:
			sent = true
			form.fill(who)
		case sent && !agreed && forms.consent() != nil:
			agreed = true
			form = forms.consent()
		default:
			b.checkInternals(page)
			return nil, fmt.Errorf("%w (status %d)", ErrNoLoginForm, page.status)
		}
		b.checkPage(page)
		next, ok := b.submit(page, form)
		if !ok {
			return nil, nil
		}
		page, last, err = b.open(ctx, next)
	}
	return last, err
}
