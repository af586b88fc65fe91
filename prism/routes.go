package prism

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// endpoint is one API: a method on a route.
type endpoint struct {
	// handle makes the data of the answer.
	handle func(*exchange) (any, error)
	// serve is set instead of handle where the endpoint writes its own answer.
	serve http.HandlerFunc
	// write lets the call outlive a client that went away, up to the deadline.
	write bool
	// body is set where a body is read: no more bytes than Config.MaxBody, and
	// no longer than the deadline.
	body bool
}

// route is one path and its mounted methods.
type route struct {
	// pattern is the path template without prefix.
	pattern  string
	segments []string
	methods  map[string]endpoint
	// off are documented methods whose capability is off.
	off []string
	// allow is the Allow header of a 405.
	allow string
	// flatErrors is set for the OAuth endpoints, whose errors have no envelope.
	flatErrors bool
	// anyTransport is set for the authorization endpoint, which answers plain
	// HTTP itself, with a page.
	anyTransport bool
}

// maxVars is the most variable segments of a path.
const maxVars = 2

const (
	servicePath   = "/v1/service"
	authorizePath = "/oauth/authorize"
	metadataPath  = "/.well-known/oauth-authorization-server"
)

// apis lists all routes, those that are polled first.
func (s *Service) apis() []*route {
	c := &s.cfg
	return []*route{
		newRoute("/live/{liveId}").
			on(http.MethodGet, true, endpoint{handle: s.getLive}).
			on(http.MethodPut, c.Update != nil, endpoint{handle: s.updateLive, write: true, body: true}),
		newRoute("/live/{liveId}/chat").
			on(http.MethodPost, c.Chat != nil, endpoint{handle: s.listChat, body: true}).
			on(http.MethodPut, c.ChatSend != nil, endpoint{handle: s.sendChat, write: true, body: true}),
		newRoute("/user").on(http.MethodGet, true, endpoint{handle: s.getUser}),
		newRoute("/channel/list").on(http.MethodGet, true, endpoint{handle: s.listChannels}),
		newRoute("/channel/{channelId}").on(http.MethodGet, true, endpoint{handle: s.getChannel}),
		newRoute("/channel/{channelId}/lives").on(http.MethodGet, true, endpoint{handle: s.listLives}),
		newRoute("/channel/{channelId}/live").
			on(http.MethodPost, true, endpoint{handle: s.createLive, write: true, body: true}),
		newRoute("/live/{liveId}/start").on(http.MethodPut, true, endpoint{handle: s.startLive, write: true}),
		newRoute("/live/{liveId}/stop").on(http.MethodPut, true, endpoint{handle: s.stopLive, write: true}),
		newRoute("/live/{liveId}/chat/{chatId}").
			on(http.MethodDelete, c.ChatDelete != nil, endpoint{handle: s.deleteChat, write: true}),
		newRoute("/live/{liveId}/ban/{userId}").
			on(http.MethodPut, c.Ban != nil, endpoint{handle: s.banUser, write: true}),
		newRoute("/live/{liveId}/timedBan/{userId}").
			on(http.MethodPut, c.Ban != nil, endpoint{handle: s.timedBanUser, write: true, body: true}),
		newRoute("/live/{liveId}/unban/{userId}").
			on(http.MethodPut, c.Ban != nil, endpoint{handle: s.unbanUser, write: true}),
		newRoute("/live/{liveId}/mod/{userId}").
			on(http.MethodPut, c.Managers != nil, endpoint{handle: s.addManager, write: true}),
		newRoute("/live/{liveId}/unmod/{userId}").
			on(http.MethodPut, c.Managers != nil, endpoint{handle: s.removeManager, write: true}),
	}
}

// oauthRoutes are the endpoints that Config.Auth serves itself.
func (s *Service) oauthRoutes() (token, authorize *route) {
	token = newRoute("/oauth2/token")
	token.flatErrors = true
	if auth, ok := s.cfg.Auth.(TokenEndpoint); ok {
		token.on(http.MethodGet, true, endpoint{serve: auth.ServePRISMToken, write: true})
	}
	authorize = &route{pattern: authorizePath, anyTransport: true}
	if auth, ok := s.cfg.Auth.(AuthorizeEndpoint); ok {
		authorize.on(http.MethodGet, true, endpoint{serve: auth.ServeAuthorize})
		authorize.on(http.MethodPost, true, endpoint{serve: auth.ServeAuthorize, body: true})
	}
	return token, authorize
}

// standardRoutes are the endpoints of the standard dialect, if Config.Auth has
// it.
func (s *Service) standardRoutes() []*route {
	auth, ok := s.cfg.Auth.(StandardEndpoints)
	if !ok {
		return nil
	}
	var routes []*route
	for _, e := range []struct {
		name  string
		serve http.HandlerFunc
	}{{"token", auth.ServeToken}, {"revoke", auth.ServeRevoke}, {"introspect", auth.ServeIntrospect}} {
		t := &route{pattern: "/oauth2/" + e.name, flatErrors: true}
		t.on(http.MethodPost, true, endpoint{serve: e.serve, write: true, body: true})
		routes = append(routes, t)
	}
	return routes
}

// MetadataHandler serves the OAuth 2.0 authorization server metadata (RFC
// 8414) of a Config.Auth that has StandardEndpoints, and a 404 otherwise. It
// stands at the root of the host, outside BasePath:
//
//	mux.Handle("/.well-known/oauth-authorization-server", svc.MetadataHandler())
//	mux.Handle("/.well-known/oauth-authorization-server/", svc.MetadataHandler())
//
// The rules of the service hold: HTTPS, GET only, never a redirect.
func (s *Service) MetadataHandler() http.Handler {
	return s.serve(s.metadataRoute())
}

func (s *Service) metadataRoute() *route {
	t := &route{pattern: metadataPath, flatErrors: true}
	if auth, ok := s.cfg.Auth.(StandardEndpoints); ok {
		t.on(http.MethodGet, true, endpoint{serve: auth.MetadataHandler().ServeHTTP})
	}
	return t
}

func newRoute(path string) *route {
	return &route{pattern: servicePath + path, segments: strings.Split(path[1:], "/")}
}

func (t *route) on(method string, mounted bool, e endpoint) *route {
	if !mounted {
		t.off = append(t.off, method)
		return t
	}
	if t.methods == nil {
		t.methods = map[string]endpoint{}
	}
	t.methods[method] = e
	if t.allow != "" {
		t.allow += ", "
	}
	t.allow += method
	return t
}

// unknownRoute answers for paths at which nothing stands.
var unknownRoute = route{pattern: "unknown", anyTransport: true}

// routes builds the router. Paths are not cleaned, because gorilla/mux answers
// an unclean one with a redirect, and matched in their encoded form, so that
// an encoded slash stays within its segment.
func (s *Service) routes() *mux.Router {
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	base := s.cfg.BasePath
	if base == "/" {
		base = ""
	}
	// The longest comes first. What is below it can never be below another as
	// well: no API has "v1" and "service" in its path.
	for _, prefix := range []string{base + "/prism", base, "/prism", ""} {
		if !slices.Contains(s.prefixes, prefix+servicePath) {
			s.prefixes = append(s.prefixes, prefix+servicePath)
		}
	}
	token, authorize := s.oauthRoutes()
	for _, api := range append(s.apis(), token) {
		addRoute(router, api, func(x *exchange) (ok bool) {
			x.vars, ok = api.match(x.api)
			return ok
		})
	}
	for _, page := range []*route{authorize, s.openAPIRoute()} {
		addRoute(router, page, func(x *exchange) bool { return x.path == base+page.pattern || x.path == page.pattern })
	}
	for _, standard := range s.standardRoutes() {
		name := strings.TrimPrefix(standard.pattern, "/oauth2")
		paths := []string{"/oauth2" + name, "/oauth" + name, base + "/oauth2" + name, base + "/oauth" + name}
		addRoute(router, standard, func(x *exchange) bool { return slices.Contains(paths, x.path) })
	}
	return router
}

// addRoute has the router choose t for what fits. The handler that the router
// is called with is the exchange, which has taken the path apart already; it
// gets the route.
func addRoute(router *mux.Router, t *route, fits func(*exchange) bool) {
	router.NewRoute().Name(t.pattern).MatcherFunc(func(_ *http.Request, m *mux.RouteMatch) bool {
		x, ok := m.Handler.(*exchange)
		if !ok || !fits(x) {
			return false
		}
		x.route = t
		return true
	})
}

// match compares a path with the route's, segment by segment and without a
// regular expression, and returns the variable segments as they stand in the
// path.
func (t *route) match(path string) (vars [maxVars]string, ok bool) {
	n := 0
	for _, want := range t.segments {
		if path == "" || path[0] != '/' {
			return vars, false
		}
		path = path[1:]
		end := strings.IndexByte(path, '/')
		if end < 0 {
			end = len(path)
		}
		segment := path[:end]
		path = path[end:]
		switch {
		case segment == "":
			return vars, false
		case want[0] == '{':
			vars[n] = segment
			n++
		case segment != want:
			return vars, false
		}
	}
	return vars, path == ""
}

// RedactURL returns a URL for an access log: the path, and "?redacted" in
// place of a query, which holds codes and refresh tokens on the token endpoint.
func RedactURL(u *url.URL) string {
	if u.RawQuery == "" && !u.ForceQuery {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?redacted"
}
