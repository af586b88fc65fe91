// Command chi is a host app on chi with the service API mounted: chi's own
// routing, middleware and access log, and sessions by alexedwards/scs, which
// PRISM's sign-in uses as well.
//
// It speaks plain HTTP on this machine only, which is for development.
package main

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/b2bprism/b2bprism/examples/internal/demo"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func main() {
	demo.Run("127.0.0.1:8083", newApp)
}

type app struct {
	origin   string
	log      *slog.Logger
	members  *demo.Members
	store    *memory.Store
	sessions *scs.SessionManager
	prism    *prism.Service
}

func newApp(ctx context.Context, s demo.Setup) (http.Handler, error) {
	members, store, err := demo.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a := &app{origin: s.Origin, log: log, members: members, store: store, sessions: demo.NewSessions(s)}
	if a.prism, err = a.newService(s); err != nil {
		return nil, err
	}
	return a.routes(s.Log), nil
}

// newService makes the service API over the app's data and sessions.
func (a *app) newService(s demo.Setup) (*prism.Service, error) {
	logger := prism.SlogLogger(a.log.Handler())
	auth, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(s.Client()),
		Store:   a.store, Users: a.store, Secrets: s.Secrets, Logger: logger.Named("oauth"),
		Login:         oauth.SessionLogin(a.currentUser),
		PublicURL:     a.origin + "/prism",
		AllowInsecure: true, // development only
	})
	if err != nil {
		return nil, err
	}
	cfg := prism.FromStore(a.store)
	cfg.Auth, cfg.Secrets, cfg.Logger = auth, s.Secrets, logger.Named("prism")
	cfg.AllowInsecure = true // development only
	return prism.New(cfg)
}

func (a *app) routes(accessLog io.Writer) http.Handler {
	router := chi.NewRouter()
	lines := log.New(accessLog, "", log.LstdFlags)
	router.Use(middleware.RequestLogger(&redacted{middleware.DefaultLogFormatter{Logger: lines, NoColor: true}}))

	// PRISM's calls have no session and no browser: they stay outside of the
	// pages' middleware. Only its sign-in needs to know who is there.
	router.Mount("/prism", a.prism)
	router.With(a.sessions.LoadAndSave).Handle("/prism/oauth/authorize", a.prism)

	router.Group(func(pages chi.Router) {
		pages.Use(middleware.Recoverer, http.NewCrossOriginProtection().Handler, a.sessions.LoadAndSave)
		pages.Get("/login", a.showLogin)
		pages.Post("/login", a.signIn)
		pages.Post("/logout", a.signOut)
		pages.Group(func(members chi.Router) {
			members.Use(a.membersOnly)
			members.Get("/", a.home)
			members.Get("/watch/{id}", a.watch)
			members.Post("/watch/{id}/chat", a.chat)
		})
	})
	return router
}

// redacted is chi's access log without query strings, which hold codes and
// refresh tokens.
type redacted struct{ middleware.DefaultLogFormatter }

// NewLogEntry gives chi a request whose address can be logged.
func (f *redacted) NewLogEntry(r *http.Request) middleware.LogEntry {
	safe := *r
	safe.RequestURI = prism.RedactURL(r.URL)
	return f.DefaultLogFormatter.NewLogEntry(&safe)
}

func (a *app) user(r *http.Request) string { return a.sessions.GetString(r.Context(), "user") }

// currentUser tells the OAuth server who is signed in, or where to sign in.
func (a *app) currentUser(r *http.Request, resume string) (userID, redirect string, err error) {
	if id := a.user(r); id != "" {
		return id, "", nil
	}
	return "", "/login?next=" + url.QueryEscape(resume), nil
}

func (a *app) membersOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.user(r) == "" {
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *app) showLogin(w http.ResponseWriter, r *http.Request) {
	page, status := demo.SignInPage(r.URL.Query().Get("next"), nil)
	a.answer(w, status, page, nil)
}

func (a *app) signIn(w http.ResponseWriter, r *http.Request) {
	next := r.PostFormValue("next")
	userID, err := a.members.SignIn(r)
	if err == nil { // a new session id, so that a planted one is worth nothing
		err = a.sessions.RenewToken(r.Context())
	}
	if err != nil {
		demo.RetryAfter(w.Header(), err)
		page, status := demo.SignInPage(next, err)
		a.answer(w, status, page, nil)
		return
	}
	a.sessions.Put(r.Context(), "user", userID)
	//nolint:gosec // G710: LocalPath is a place of this app
	http.Redirect(w, r, demo.LocalPath(a.origin, next), http.StatusSeeOther)
}

func (a *app) signOut(w http.ResponseWriter, r *http.Request) {
	if err := a.sessions.Destroy(r.Context()); err != nil {
		a.answer(w, 0, nil, err)
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func (a *app) home(w http.ResponseWriter, r *http.Request) {
	page, err := demo.HomePage(r.Context(), a.store)
	a.answer(w, http.StatusOK, page, err)
}

func (a *app) watch(w http.ResponseWriter, r *http.Request) {
	page, err := demo.WatchPage(r.Context(), a.store, chi.URLParam(r, "id"))
	a.answer(w, http.StatusOK, page, err)
}

func (a *app) chat(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if err := demo.Say(r.Context(), a.store, id, a.user(r), r.PostFormValue("text")); err != nil {
		a.answer(w, 0, nil, err)
		return
	}
	http.Redirect(w, r, "/watch/"+url.PathEscape(id), http.StatusSeeOther)
}

// answer sends a page, or the status of an error.
func (a *app) answer(w http.ResponseWriter, status int, page []byte, err error) {
	if err != nil {
		status = demo.Status(err)
		a.log.Error("page failed", "status", status, "error", err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	demo.PageHeaders(w.Header())
	w.WriteHeader(status)
	_, _ = w.Write(page) //nolint:gosec // G705: html/template made the page; a viewer who went away is no failure
}
