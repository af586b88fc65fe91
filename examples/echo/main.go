// Command echo is a host app on echo v5 with the service API mounted: echo's own
// groups, error handler and request logger, and sessions by alexedwards/scs,
// which PRISM's sign-in uses as well.
//
// It speaks plain HTTP on this machine only, which is for development.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/b2bprism/b2bprism/examples/internal/demo"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func main() {
	demo.Run("127.0.0.1:8082", newApp)
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
	return a.routes(), nil
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

func (a *app) routes() *echo.Echo {
	router := echo.New()
	router.Logger = a.log
	router.HTTPErrorHandler = a.fail
	router.Use(middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		LogMethod: true, LogStatus: true, LogLatency: true, HandleError: true, LogValuesFunc: a.logRequest,
	}))

	// PRISM's calls have no session and no browser: they stay outside of the
	// pages' middleware. Only its sign-in needs to know who is there.
	session := echo.WrapMiddleware(a.sessions.LoadAndSave)
	router.Any("/prism/*", echo.WrapHandler(a.prism))
	router.Any("/prism/oauth/authorize", echo.WrapHandler(a.prism), session)

	sameOrigin := echo.WrapMiddleware(http.NewCrossOriginProtection().Handler)
	pages := router.Group("", middleware.Recover(), sameOrigin, session)
	pages.GET("/login", a.showLogin)
	pages.POST("/login", a.signIn)
	pages.POST("/logout", a.signOut)
	members := pages.Group("", a.membersOnly)
	members.GET("/", a.home)
	members.GET("/watch/:id", a.watch)
	members.POST("/watch/:id/chat", a.chat)
	return router
}

// logRequest is the access log, without query strings, which hold codes and
// refresh tokens. echo's own LogURI has them.
func (a *app) logRequest(c *echo.Context, v middleware.RequestLoggerValues) error {
	log := c.Logger().With("method", v.Method, "url", prism.RedactURL(c.Request().URL), "status", v.Status, "took", v.Latency)
	if v.Error != nil {
		log = log.With("error", v.Error)
	}
	log.Info("request")
	return nil
}

// fail answers a prism error with its status and leaves the others to echo.
func (a *app) fail(c *echo.Context, err error) {
	var known *prism.Error
	if errors.As(err, &known) {
		err = echo.NewHTTPError(known.Status, "").Wrap(err)
	}
	echo.DefaultHTTPErrorHandler(false)(c, err)
}

func (a *app) user(r *http.Request) string { return a.sessions.GetString(r.Context(), "user") }

// currentUser tells the OAuth server who is signed in, or where to sign in.
func (a *app) currentUser(r *http.Request, resume string) (userID, redirect string, err error) {
	if id := a.user(r); id != "" {
		return id, "", nil
	}
	return "", "/login?next=" + url.QueryEscape(resume), nil
}

func (a *app) membersOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		if a.user(c.Request()) == "" {
			return c.Redirect(http.StatusSeeOther, "/login?next="+url.QueryEscape(c.Request().URL.RequestURI()))
		}
		return next(c)
	}
}

func (a *app) showLogin(c *echo.Context) error {
	page, status := demo.SignInPage(c.QueryParam("next"), nil)
	return send(c, status, page)
}

func (a *app) signIn(c *echo.Context) error {
	ctx, next := c.Request().Context(), c.FormValue("next")
	userID, err := a.members.SignIn(c.Request())
	if err == nil { // a new session id, so that a planted one is worth nothing
		err = a.sessions.RenewToken(ctx)
	}
	if err != nil {
		demo.RetryAfter(c.Response().Header(), err)
		page, status := demo.SignInPage(next, err)
		return send(c, status, page)
	}
	a.sessions.Put(ctx, "user", userID)
	return c.Redirect(http.StatusSeeOther, demo.LocalPath(a.origin, next))
}

func (a *app) signOut(c *echo.Context) error {
	if err := a.sessions.Destroy(c.Request().Context()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/login")
}

func (a *app) home(c *echo.Context) error {
	page, err := demo.HomePage(c.Request().Context(), a.store)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, page)
}

func (a *app) watch(c *echo.Context) error {
	page, err := demo.WatchPage(c.Request().Context(), a.store, c.Param("id"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, page)
}

func (a *app) chat(c *echo.Context) error {
	id := c.Param("id")
	if err := demo.Say(c.Request().Context(), a.store, id, a.user(c.Request()), c.FormValue("text")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/watch/"+url.PathEscape(id))
}

func send(c *echo.Context, status int, page []byte) error {
	demo.PageHeaders(c.Response().Header())
	return c.HTMLBlob(status, page)
}
