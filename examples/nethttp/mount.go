package main

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// prismBase is where the service API is mounted. PRISM itself asks for
// {serviceApiDomain}/prism/v1/service/…, so this mount fits a domain without a
// path.
const prismBase = "/prism"

// metadataPath is where OAuth clients look for what the OAuth server can do
// (RFC 8414 section 3): at the root, outside prismBase.
const metadataPath = "/.well-known/oauth-authorization-server"

// newAuthServer makes the OAuth server over the app's own sign-in.
func (a *app) newAuthServer(s settings) (*oauth.Server, error) {
	secrets, err := a.creds.signingSecrets()
	if err != nil {
		return nil, err
	}
	redirectURIs := s.redirectURIs
	if len(redirectURIs) == 0 {
		redirectURIs = []string{a.creds.RedirectURI}
	}
	return oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{
			ID:           a.creds.ClientID,
			Secrets:      []oauth.Secret{oauth.NewSecret(a.creds.ClientSecret)},
			RedirectURIs: redirectURIs,
		}),
		Store:     a.store,
		Login:     oauth.SessionLogin(a.currentStreamer),
		Users:     a.store,
		Secrets:   secrets,
		PublicURL: a.origin + prismBase,
		Logger:    a.log.Named("oauth"),
		Trace:     a.console.OAuthTrace(),
	})
}

// currentStreamer tells the OAuth server who is signed in to this app, or where
// to sign in. The admin is not a streamer and has to switch accounts.
func (a *app) currentStreamer(r *http.Request, resume string) (userID, redirect string, err error) {
	signIn := a.origin + "/login?next=" + url.QueryEscape(resume)
	in, _ := oauth.InteractionFrom(r.Context())
	switch who := a.signedIn(r); {
	case who == nil, in.Reauthenticate: // prompt=login
		return "", signIn, nil
	case who.admin:
		return "", signIn + "&notice=streamer", nil
	default:
		return who.userID, "", nil
	}
}

// newService makes the service API for one listener. The two listeners share
// everything but the permission to speak plain HTTP.
func (a *app) newService(s settings, insecure bool, kicker prism.PublisherKicker) (*prism.Service, error) {
	secrets, err := a.creds.signingSecrets()
	if err != nil {
		return nil, err
	}
	cfg := prism.FromStore(a.store) // users, channels, lives, chat, bans, managers, update
	cfg.Auth = a.auth
	cfg.Ingest = kicker
	cfg.Secrets = secrets
	cfg.BasePath = prismBase
	cfg.TrustedProxies = s.trustedProxies
	cfg.AllowInsecure = insecure
	cfg.Logger = a.log.Named("prism")
	cfg.ServeOpenAPI = true
	cfg.Trace = a.console.Trace()
	return prism.New(cfg)
}

// handler joins the service API and the app's pages. PRISM's paths are matched
// before http.ServeMux, which answers an unclean path with a redirect.
func (a *app) handler(svc *prism.Service) http.Handler {
	pages, metadata := a.pages(), svc.MetadataHandler()
	return a.accessLog(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case (path == "/oauth/authorize" || path == prismBase+"/oauth/authorize") && r.Method == http.MethodGet && !a.peers.secure(r):
			// Sign-in is on HTTPS, whatever address was registered.
			//nolint:gosec // G710: the origin is ours
			http.Redirect(w, r, a.origin+prismBase+"/oauth/authorize?"+r.URL.RawQuery, http.StatusFound)
		case path == prismBase || strings.HasPrefix(path, prismBase+"/"):
			svc.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/oauth/"):
			// The authorization URL that the console proposes by default.
			underBase(svc).ServeHTTP(w, r)
		case path == metadataPath || strings.HasPrefix(path, metadataPath+"/"):
			metadata.ServeHTTP(w, r)
		default:
			pages.ServeHTTP(w, r)
		}
	}))
}

// underBase serves a path of the root as if it stood under prismBase.
func underBase(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := *r.URL
		u.Path = prismBase + u.Path
		if u.RawPath != "" {
			u.RawPath = prismBase + u.RawPath
		}
		moved := r.WithContext(r.Context())
		moved.URL = &u
		next.ServeHTTP(w, moved)
	})
}

// accessLog writes one line per request. Queries hold codes, tokens and
// refresh tokens, so a URL is never logged as it came.
func (a *app) accessLog(next http.Handler) http.Handler {
	if a.noAccessLog {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		answer := &answerRecorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			a.log.Info("request",
				zap.String("method", r.Method),
				zap.String("url", prism.RedactURL(r.URL)),
				zap.Int("status", answer.status),
				zap.Duration("took", time.Since(start)))
		}()
		next.ServeHTTP(answer, r)
	})
}

type answerRecorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *answerRecorder) WriteHeader(status int) {
	if !r.wrote && status >= http.StatusOK {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *answerRecorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *answerRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// close ends what runs in the background, the services first.
func (a *app) close() error {
	problems := make([]error, 0, len(a.closers))
	for _, c := range a.closers {
		problems = append(problems, c())
	}
	return errors.Join(problems...)
}
