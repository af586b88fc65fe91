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
	// body is set where a JSON body is read.
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
		authorize.on(http.MethodPost, true, endpoint{serve: boundOwnBody(auth.ServeAuthorize)})
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
		t.on(http.MethodPost, true, endpoint{serve: boundOwnBody(e.serve), write: true})
		routes = append(routes, t)
	}
	return routes
}

// boundOwnBody gives an endpoint that writes its own answer no more bytes and
// no more time to read than the others have.
func boundOwnBody(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
			x.boundBody()
			r.Body = x.r.Body
		}
		serve(w, r)
	}
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
	t := &route{pattern: metadataPath, flatErrors: true}
	if auth, ok := s.cfg.Auth.(StandardEndpoints); ok {
		t.on(http.MethodGet, true, endpoint{serve: auth.MetadataHandler().ServeHTTP})
	}
	return s.serve(t)
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

// routes builds the router. Paths are not cleaned, because gorilla/mux answers
// an unclean one with a redirect, and matched in their encoded form, so that
// an encoded slash stays within its segment.
func (s *Service) routes() *mux.Router {
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	base := s.cfg.BasePath
	if base == "/" {
		base = ""
	}
	for _, prefix := range []string{base, "", base + "/prism", "/prism"} {
		if !slices.Contains(s.prefixes, prefix+servicePath) {
			s.prefixes = append(s.prefixes, prefix+servicePath)
		}
	}
	token, authorize := s.oauthRoutes()
	for _, api := range append(s.apis(), token) {
		router.NewRoute().Name(api.pattern).Handler(s.serve(api)).
			MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool {
				_, ok := api.find(r.URL.EscapedPath(), s.prefixes)
				return ok
			})
	}
	router.NewRoute().Name(authorizePath).Handler(s.serve(authorize)).
		MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool {
			p := r.URL.EscapedPath()
			return p == base+authorizePath || p == authorizePath
		})
	for _, standard := range s.standardRoutes() {
		name := strings.TrimPrefix(standard.pattern, "/oauth2")
		paths := []string{"/oauth2" + name, "/oauth" + name, base + "/oauth2" + name, base + "/oauth" + name}
		router.NewRoute().Name(standard.pattern).Handler(s.serve(standard)).
			MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool {
				return slices.Contains(paths, r.URL.EscapedPath())
			})
	}
	router.NotFoundHandler = s.serve(&route{pattern: "unknown", anyTransport: true})
	return router
}

// find looks for the route's path below one of the prefixes, segment by
// segment and without a regular expression, and returns the variable segments
// as they stand in the path.
func (t *route) find(path string, prefixes []string) (vars [maxVars]string, ok bool) {
	for _, prefix := range prefixes {
		if rest, below := strings.CutPrefix(path, prefix); below {
			if vars, ok = t.match(rest); ok {
				return vars, true
			}
		}
	}
	return vars, false
}

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
