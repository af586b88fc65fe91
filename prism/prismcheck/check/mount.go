package check

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

// pathChecks come first, the other ones once somebody is signed in.
var pathChecks = []Check{
	{
		ID: "mount.path", Severity: Required, Source: srcAPI,
		Title: "The API stands at /prism/v1/service behind the service API domain.",
		Fix:   "Mount the handler so that {serviceApiDomain}/prism/v1/service/user reaches it, and register that domain.",
		run:   checkMountPath,
	},
}

var mountChecks = []Check{
	{
		ID: "mount.options", Severity: Required, Source: srcSetup,
		Title: "OPTIONS is not exposed on any path.",
		Fix:   "Answer OPTIONS with 405; take CORS middleware and automatic OPTIONS handling away from these paths.",
		run:   func(p *probe) { checkNotExposed(p, http.MethodOptions) },
	},
	{
		ID: "mount.head", Severity: Required, Source: srcSetup,
		Title: "HEAD is not exposed on any path.",
		Fix:   "Answer HEAD with 405; many frameworks serve HEAD wherever there is a GET.",
		run:   func(p *probe) { checkNotExposed(p, http.MethodHead) },
	},
	{
		ID: "mount.preflight", Severity: Required, Source: srcSetup,
		Title: "A CORS preflight gets no permission.",
		Fix:   "Mount the API outside of CORS middleware: PRISM is no browser page.",
		run:   checkPreflight,
	},
	{
		ID: "mount.methods", Severity: Recommended, Source: srcSetup + ": methods; RFC 9110 section 15.5.6",
		Title: "A method that a path does not have is answered with 405 and an Allow header that names those it has.",
		Fix:   "Answer 405 with Allow for a known path, never 200, 404 or 500.",
		run:   checkMethods,
	},
	{
		ID: "mount.unknown-path", Severity: Recommended, Source: srcSetup + ": 404",
		Title: "A path without an API is answered with 404.",
		Fix:   "Answer unknown paths below /prism with 404 and the failure envelope, not with a page of the site.",
		run:   checkUnknownPath,
	},
	{
		ID: "mount.no-redirect", Severity: Recommended, Source: srcAPI,
		Title: "A path with a trailing or a doubled slash is not redirected.",
		Fix:   "Turn the clean-up of paths off in the router: a redirected PUT loses its method.",
		run:   checkNoRedirect,
	},
}

// route is one method of a path of the service API.
type route struct {
	method, path string
	optional     API
}

// routes are all calls of the service API but the token endpoint.
var routes = []route{
	{http.MethodGet, "/user", ""},
	{http.MethodGet, "/channel/list", ""},
	{http.MethodGet, "/channel/{channelId}", ""},
	{http.MethodGet, "/channel/{channelId}/lives", ""},
	{http.MethodPost, "/channel/{channelId}/live", ""},
	{http.MethodGet, "/live/{liveId}", ""},
	{http.MethodPut, "/live/{liveId}/start", ""},
	{http.MethodPut, "/live/{liveId}/stop", ""},
	{http.MethodPut, "/live/{liveId}", APIUpdate},
	{http.MethodPost, "/live/{liveId}/chat", APIChat},
	{http.MethodPut, "/live/{liveId}/chat", APIChatSend},
	{http.MethodDelete, "/live/{liveId}/chat/{chatId}", APIChatDelete},
	{http.MethodPut, "/live/{liveId}/ban/{userId}", APIBan},
	{http.MethodPut, "/live/{liveId}/timedBan/{userId}", APIBan},
	{http.MethodPut, "/live/{liveId}/unban/{userId}", APIBan},
	{http.MethodPut, "/live/{liveId}/mod/{userId}", APIManagers},
	{http.MethodPut, "/live/{liveId}/unmod/{userId}", APIManagers},
}

// at fills ids into the route that exist nowhere.
func (t route) at(token string, body any) gateway.Request {
	return request(token, t.method, t.path, body, slices.Repeat([]string{noSuchID}, strings.Count(t.path, "{"))...)
}

// noSuchID is an id that no service should have.
const noSuchID = "prismcheck-no-such-id"

func checkMountPath(p *probe) {
	resp := p.send(request("", http.MethodGet, "/user", nil))
	switch {
	case resp.Status == http.StatusUnauthorized:
	case resp.Status == http.StatusForbidden && strings.Contains(string(resp.Body), "TLS"):
		p.fail("the service answers that it saw plain HTTP: it does not believe the proxy that ends TLS")
	case resp.Status == http.StatusOK:
		// access.required says more.
	default:
		p.fail("a request for the user without a token got %d, want 401", resp.Status)
	}
}

func checkNotExposed(p *probe, method string) {
	done := map[string]bool{}
	for _, t := range append([]route{{path: "/oauth2/token"}}, routes...) {
		if done[t.path] {
			continue
		}
		done[t.path] = true
		t.method = method
		for _, token := range p.tokensToTry() {
			if resp := p.send(t.at(token, nil)); resp.Status < http.StatusBadRequest {
				p.fail("%s %s got %d, want 405", method, t.path, resp.Status)
			}
			if p.ctx.Err() != nil {
				return
			}
		}
	}
	if resp := p.sendToSignIn(method); resp != nil && resp.Status < http.StatusBadRequest {
		p.fail("%s of the authorization URL got %d, want 405", method, resp.Status)
	}
}

// sendToSignIn makes an authorization request by another method than GET; it
// returns nil when the client is not known. A request without its parameters
// would be refused for that.
func (p *probe) sendToSignIn(method string) *gateway.Response {
	address, err := p.g.SignInURL(rand.Text())
	if err != nil || p.ClientID == "" || p.RedirectURI == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	g := p.gateway(p.ClientID, p.ClientSecret)
	g.ServiceAPIDomain = u.Scheme + "://" + u.Host
	return p.sendBy(g, gateway.Request{Method: method, Path: u.RequestURI(), Route: authorizeRoute})
}

// tokensToTry are no token and, once signed in, a good one.
func (p *probe) tokensToTry() []string {
	if p.run.me == nil {
		return []string{""}
	}
	return []string{"", p.run.me.AccessToken()}
}

func checkPreflight(p *probe) {
	in := request("", http.MethodOptions, "/user", nil)
	in.Header = http.Header{
		"Origin": {"https://prismcheck.invalid"}, "Access-Control-Request-Method": {http.MethodGet},
		"Access-Control-Request-Headers": {"x-prism-access-token"},
	}
	resp := p.send(in)
	if resp.Status < http.StatusBadRequest {
		p.fail("the preflight got %d, want 405", resp.Status)
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			p.fail("the answer to a preflight has %s", name)
		}
	}
}

func checkMethods(p *probe) {
	for _, t := range []struct{ method, path, allow string }{
		{http.MethodPatch, "/user", http.MethodGet},
		{http.MethodDelete, "/channel/list", http.MethodGet},
		{http.MethodPost, "/live/{liveId}", http.MethodGet},
		{http.MethodGet, "/live/{liveId}/start", http.MethodPut},
		{http.MethodOptions, "/user", http.MethodGet},
		{http.MethodHead, "/user", http.MethodGet},
	} {
		resp := p.send(route{method: t.method, path: t.path}.at("", nil))
		if resp.Status != http.StatusMethodNotAllowed {
			p.fail("%s %s got %d, want 405", t.method, t.path, resp.Status)
			continue
		}
		var allowed []string
		for part := range strings.SplitSeq(strings.Join(resp.Header.Values("Allow"), ","), ",") {
			allowed = append(allowed, strings.TrimSpace(part))
		}
		if !slices.Contains(allowed, t.allow) || slices.Contains(allowed, http.MethodOptions) || slices.Contains(allowed, http.MethodHead) {
			p.fail("%s %s got Allow %q, want %s in it, without OPTIONS and HEAD", t.method, t.path, strings.Join(allowed, ", "), t.allow)
		}
	}
}

func checkUnknownPath(p *probe) {
	for _, path := range []string{"/prismcheck-no-such-api", "/user/more", "/live"} {
		for _, token := range p.tokensToTry() {
			resp := p.send(request(token, http.MethodGet, path, nil))
			if media := resp.Header.Get("Content-Type"); resp.Status != http.StatusNotFound {
				p.fail("GET %s got %d, want 404", path, resp.Status)
			} else if !strings.HasPrefix(media, "application/json") {
				p.fail("GET %s got 404 as %q, want the failure envelope as application/json", path, media)
			}
		}
	}
}

func checkNoRedirect(p *probe) {
	for _, path := range []string{api + "/user/", "/prism//v1/service/user", api + "/../service/user", "/prism/v1/service/live/x/start/"} {
		method := http.MethodGet
		if strings.Contains(path, "start") {
			method = http.MethodPut
		}
		if resp := p.send(gateway.Request{Method: method, Path: path}); resp.Status >= 300 && resp.Status < 400 {
			p.fail("%s %s got %d to %s, want 404", method, path, resp.Status, resp.Header.Get("Location"))
		}
	}
}

// Calls names every call that PRISM makes, as Call.Name does.
func Calls() []string {
	names := append(make([]string, 0, 1+len(routes)), "GET /v1/service"+tokenPath)
	for _, t := range routes {
		names = append(names, t.method+" /v1/service"+t.path)
	}
	return names
}
