package check_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// mutant is a server that breaks one rule.
type mutant struct {
	// name says what is wrong.
	name string
	// check is the check that must find it.
	check string
	make  func(w *world)
}

// registered replaces the redirect URIs that the server accepts.
func registered(uris ...string) func(*world) {
	return func(w *world) {
		w.auth.Clients = oauth.StaticClients(oauth.Client{
			ID: w.target.ClientID, Secrets: []oauth.Secret{oauth.NewSecret(w.target.ClientSecret)},
			RedirectURIs: append(uris, redirectURI),
		})
	}
}

// headAsGet serves HEAD as GET below a path.
func headAsGet(below string) func(*world) {
	return func(w *world) {
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method != http.MethodHead || !strings.HasPrefix(r.URL.Path, below) {
				next.ServeHTTP(rw, r)
				return
			}
			r.Method = http.MethodGet
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			rw.WriteHeader(a.Code)
		})
	}
}

var transportMutants = []mutant{
	{"plain HTTP is registered", "transport.https", func(w *world) {
		w.plain, w.auth.AllowInsecure, w.config.AllowInsecure = true, true, true
		w.target.ServiceAPIDomain = strings.Replace(w.target.ServiceAPIDomain, "https:", "http:", 1)
		w.auth.PublicURL = w.target.ServiceAPIDomain
	}},
	{"the certificate is self-signed", "transport.certificate", func(w *world) {
		w.target.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	}},
	{"TLS ends at 1.1", "transport.tls12", func(w *world) { w.server.TLS = &tls.Config{MaxVersion: tls.VersionTLS11} }},
	{"TLS 1.0 is on", "transport.old-tls", func(w *world) { w.server.TLS = &tls.Config{MinVersion: tls.VersionTLS10} }},
	{"the API answers on the plain port", "transport.plain-http", func(w *world) {
		plain := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { fails(rw, http.StatusUnauthorized) }))
		w.target.PlainURL = plain.URL
		w.closers = append(w.closers, plain.Close)
	}},
	{"the API stands elsewhere", "mount.path", func(w *world) { w.target.ServiceAPIDomain += "/api" }},
	{"OPTIONS is answered", "mount.options", func(w *world) {
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodOptions && r.Header.Get("Origin") == "" {
				rw.Header().Set("Allow", "GET, OPTIONS")
				rw.WriteHeader(http.StatusNoContent)
				return
			}
			next.ServeHTTP(rw, r)
		})
	}},
	{"OPTIONS is answered at the authorization URL", "mount.options", func(w *world) {
		w.asking("OPTIONS /oauth/authorize", func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.WriteHeader(http.StatusNoContent)
			return true
		})
	}},
	{"HEAD of the login page is served as GET", "mount.head", headAsGet("/oauth/")},
	{"HEAD is served as GET", "mount.head", headAsGet("/prism/")},
	{"a preflight is permitted", "mount.preflight", func(w *world) {
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Header.Get("Access-Control-Request-Method") != "" {
				rw.Header().Set("Access-Control-Allow-Origin", "*")
				rw.WriteHeader(http.StatusNoContent)
				return
			}
			next.ServeHTTP(rw, r)
		})
	}},
	{"404 for a method that is not there", "mount.methods", func(w *world) {
		w.answering("*", func(a *httptest.ResponseRecorder, r *http.Request) {
			if a.Code == http.StatusMethodNotAllowed {
				a.Code = http.StatusNotFound
			}
		})
	}},
	{"unknown paths show the site", "mount.unknown-path", func(w *world) {
		w.failures("*", func(a *httptest.ResponseRecorder, _ *http.Request, body object) {
			if body["errorName"] == "NO_SUCH_API" {
				a.Code = http.StatusOK
			}
		})
	}},
	{"paths are cleaned by redirects", "mount.no-redirect", func(w *world) {
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasSuffix(r.URL.Path, "/") {
				rw.Header().Set("Location", strings.TrimRight(r.URL.Path, "/"))
				rw.WriteHeader(http.StatusMovedPermanently)
				return
			}
			next.ServeHTTP(rw, r)
		})
	}},
}

const authorizeCall = "GET /oauth/authorize"

// landing changes the redirects to the redirect URI.
func (w *world) landing(f func(u *url.URL, q url.Values)) {
	w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		a := httptest.NewRecorder()
		next.ServeHTTP(a, r)
		if location := a.Header().Get("Location"); strings.HasPrefix(location, redirectURI) {
			u, err := url.Parse(location)
			if err != nil {
				panic(err)
			}
			q := u.Query()
			f(u, q)
			u.RawQuery = q.Encode()
			a.Header().Set("Location", u.String())
		}
		for name, values := range a.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(a.Code)
		_, _ = rw.Write(a.Body.Bytes())
	})
}

// page changes the login page.
func (w *world) page(f func(a *httptest.ResponseRecorder, text string) string) {
	w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		a := httptest.NewRecorder()
		next.ServeHTTP(a, r)
		text := a.Body.String()
		if strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") {
			text = f(a, text)
		}
		for name, values := range a.Header() {
			rw.Header()[name] = values
		}
		rw.Header().Del("Content-Length")
		rw.WriteHeader(a.Code)
		_, _ = rw.Write([]byte(text))
	})
}

var signInMutants = []mutant{
	{"the client id has a hyphen", "signin.registration", func(w *world) {
		w.target.ClientID = "prism-live"
		registered()(w)
	}},
	{"the redirect brings no code", "signin.code", func(w *world) { w.landing(func(_ *url.URL, q url.Values) { q.Del("code") }) }},
	{"the authorization URL is another", "signin.code", func(w *world) {
		w.target.AuthorizeURL = w.target.ServiceAPIDomain + "/sign-in"
	}},
	{"state is demanded", "signin.no-state", func(w *world) {
		w.asking(authorizeCall, func(rw http.ResponseWriter, r *http.Request) bool {
			return !r.URL.Query().Has("state") && fails(rw, http.StatusBadRequest)
		})
	}},
	{"any password does", "signin.password", func(w *world) {
		w.auth.Login = oauth.PasswordLogin(anyPassword, oauth.PasswordOptions{})
	}},
	{"an unknown client is sent on with an error", "signin.client", func(w *world) {
		w.asking(authorizeCall, func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("client_id") == w.target.ClientID {
				return false
			}
			rw.Header().Set("Location", r.URL.Query().Get("redirect_uri")+"?error=unauthorized_client&state="+r.URL.Query().Get("state"))
			rw.WriteHeader(http.StatusFound)
			return true
		})
	}},
	{"errors are sent to any redirect URI", "signin.redirect-uri", func(w *world) {
		w.asking(authorizeCall, func(rw http.ResponseWriter, r *http.Request) bool {
			to := r.URL.Query().Get("redirect_uri")
			if to == redirectURI {
				return false
			}
			rw.Header().Set("Location", to+"?error=invalid_request")
			rw.WriteHeader(http.StatusFound)
			return true
		})
	}},
	{"redirect URIs are compared by prefix", "signin.redirect-uri", registered(redirectURI + "/more")},
	{"a trailing slash is forgiven", "signin.redirect-uri", registered(redirectURI + "/")},
	{"a query is forgiven", "signin.redirect-uri", registered(redirectURI + "?next=1")},
	{"any service's redirect URI does", "signin.redirect-uri", registered(strings.TrimSuffix(redirectURI, "svc1") + "prismcheck-other")},
	{"the implicit grant is on", "signin.response-type", func(w *world) {
		w.asking(authorizeCall, func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("response_type") != "token" {
				return false
			}
			rw.Header().Set("Location", redirectURI+"?state="+r.URL.Query().Get("state")+"#access_token=abcdefgh&token_type=bearer")
			rw.WriteHeader(http.StatusFound)
			return true
		})
	}},
	{"codes are counted", "signin.code-random", func(w *world) {
		var mu sync.Mutex
		codes := map[string]string{}
		w.landing(func(_ *url.URL, q url.Values) {
			mu.Lock()
			defer mu.Unlock()
			alias := fmt.Sprintf("code-%040d", len(codes))
			codes[alias] = q.Get("code")
			q.Set("code", alias)
		})
		w.asking(tokenCall, func(_ http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			query(r, func(q url.Values) {
				if real, ok := codes[q.Get("code")]; ok && len(q["code"]) == 1 {
					q.Set("code", real)
				}
			})
			return false
		})
	}},
	{"the login page can be framed", "signin.framing", func(w *world) {
		w.page(func(a *httptest.ResponseRecorder, text string) string {
			a.Header().Del("Content-Security-Policy")
			a.Header().Del("X-Frame-Options")
			return text
		})
	}},
	{"form-action keeps Chromium", "signin.page", func(w *world) {
		w.page(func(a *httptest.ResponseRecorder, text string) string {
			a.Header().Set("Content-Security-Policy", "frame-ancestors 'none'; form-action 'self'")
			return text
		})
	}},
	{"the form goes by GET", "signin.form", func(w *world) {
		w.page(func(_ *httptest.ResponseRecorder, text string) string {
			return strings.Replace(text, `method="post"`, `method="get"`, 1)
		})
	}},
	{"the form opens a window", "signin.form", func(w *world) {
		w.page(func(_ *httptest.ResponseRecorder, text string) string {
			return strings.Replace(text, `<form`, `<form target="_blank"`, 1)
		})
	}},
	{"the form goes over plain HTTP", "signin.tls", func(w *world) {
		w.page(func(_ *httptest.ResponseRecorder, text string) string {
			return strings.Replace(text, `<form`, `<form action="http://login.example/"`, 1)
		})
	}},
	{"the redirect repeats the POST", "signin.redirect", func(w *world) {
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			if strings.HasPrefix(a.Header().Get("Location"), redirectURI) {
				a.Code = http.StatusTemporaryRedirect
			}
			for name, values := range a.Header() {
				rw.Header()[name] = values
			}
			rw.WriteHeader(a.Code)
			_, _ = rw.Write(a.Body.Bytes())
		})
	}},
	{"state comes back in lower case", "signin.state", func(w *world) {
		w.landing(func(_ *url.URL, q url.Values) {
			if q.Has("state") {
				q.Set("state", strings.ToLower(q.Get("state")))
			}
		})
	}},
	{"the login page may be stored", "answer.no-store", func(w *world) {
		w.page(func(a *httptest.ResponseRecorder, text string) string {
			a.Header().Del("Cache-Control")
			return text
		})
	}},
}

var accessMutants = []mutant{
	{"start needs no token", "access.required", func(w *world) {
		w.asking("PUT /live/*/start", func(rw http.ResponseWriter, r *http.Request) bool {
			return r.Header.Get(accessName) == "" && fails(rw, http.StatusNotFound)
		})
	}},
	{"a missing token is 403", "access.required", func(w *world) {
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Header.Get(accessName) == "" && strings.HasPrefix(r.URL.Path, base+"/channel") && r.Method == http.MethodGet {
				fails(rw, http.StatusForbidden)
				return
			}
			next.ServeHTTP(rw, r)
		})
	}},
	{"any token does for the user", "access.unknown", func(w *world) {
		w.asking("GET /user", func(rw http.ResponseWriter, r *http.Request) bool {
			return strings.HasPrefix(r.Header.Get(accessName), "prismcheck") &&
				succeeds(rw, object{"user": object{"userId": "minji", "userName": "Minji"}})
		})
	}},
	{"half of a token does", "access.altered", func(w *world) {
		tokens := w.watchTokens()
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if sent := r.Header.Get(accessName); len(sent) > 12 {
				if p, ok := tokens.find(func(p pair) bool { return strings.HasPrefix(p.access, sent[:12]) }); ok {
					r.Header.Set(accessName, p.access)
				}
			}
			next.ServeHTTP(rw, r)
		})
	}},
	{"the query has the token, too", "access.header-only", func(w *world) {
		w.asking("GET /user", func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get(accessName) == "" {
				r.Header.Set(accessName, r.URL.Query().Get("access_token"))
			}
			return false
		})
	}},
	{"a live that is not there is 401", "access.status", func(w *world) {
		w.failures("GET /live/*", func(a *httptest.ResponseRecorder, _ *http.Request, _ object) { a.Code = http.StatusUnauthorized })
	}},
	{"bad JSON is 401", "access.status", func(w *world) {
		w.failures("POST /channel/*/live", func(a *httptest.ResponseRecorder, _ *http.Request, _ object) {
			if a.Code == http.StatusBadRequest {
				a.Code = http.StatusUnauthorized
			}
		})
	}},
}

// slow delays an answer by a timer, as a slow server does.
func slow(d time.Duration, r *http.Request) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// big is a text that makes an answer too large.
var big = sync.OnceValue(func() []byte { return bytes.Repeat([]byte("x"), 17<<20) })
