// Command gin is a host app on gin with the service API mounted: gin's own
// groups, middleware and access log, and sessions by alexedwards/scs, which
// PRISM's sign-in uses as well.
//
// It speaks plain HTTP on this machine only, which is for development.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"

	"github.com/b2bprism/b2bprism/examples/internal/demo"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	demo.Run("127.0.0.1:8081", newApp)
}

type app struct {
	origin   string
	log      *slog.Logger
	members  *demo.Members
	store    *memory.Store
	sessions *scs.SessionManager
	prism    *prism.Service
	csrf     http.CrossOriginProtection
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
	router := gin.New()
	router.Use(gin.LoggerWithConfig(gin.LoggerConfig{Output: accessLog, Formatter: logLine}))

	// The service stands outside of the pages' middleware. It recovers from
	// panics itself: gin.Recovery would write the headers, with the tokens in
	// them, to its log. PRISM's sign-in uses the session; its other calls have
	// no cookie.
	router.Any("/prism/*any", a.session, gin.WrapH(a.prism))

	pages := router.Group("/", gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, problem any) {
		a.answer(c, 0, nil, fmt.Errorf("panic: %v", problem))
	}), a.sameOrigin, a.session)
	pages.GET("/login", a.showLogin)
	pages.POST("/login", a.signIn)
	pages.POST("/logout", a.signOut)
	members := pages.Group("/", a.membersOnly)
	members.GET("/", a.home)
	members.GET("/watch/:id", a.watch)
	members.POST("/watch/:id/chat", a.chat)
	return router
}

// logLine is a line of gin's access log without the query string, which holds
// codes and refresh tokens.
func logLine(p gin.LogFormatterParams) string {
	return fmt.Sprintf("%s %d %s %s %s\n", p.TimeStamp.Format(time.RFC3339), p.StatusCode, p.Method, prism.RedactURL(p.Request.URL), p.Latency)
}

// sameOrigin refuses forms of other sites (CSRF).
func (a *app) sameOrigin(c *gin.Context) {
	if err := a.csrf.Check(c.Request); err != nil {
		c.AbortWithStatus(http.StatusForbidden)
	}
}

// session puts the browser's session into the request.
func (a *app) session(c *gin.Context) {
	token, _ := c.Cookie(a.sessions.Cookie.Name) // none is a new session
	ctx, err := a.sessions.Load(c.Request.Context(), token)
	if err != nil {
		a.answer(c, 0, nil, err)
		return
	}
	c.Request = c.Request.WithContext(ctx)
}

func (a *app) user(r *http.Request) string { return a.sessions.GetString(r.Context(), "user") }

// currentUser tells the OAuth server who is signed in, or where to sign in.
func (a *app) currentUser(r *http.Request, resume string) (userID, redirect string, err error) {
	if id := a.user(r); id != "" {
		return id, "", nil
	}
	return "", "/login?next=" + url.QueryEscape(resume), nil
}

func (a *app) membersOnly(c *gin.Context) {
	if a.user(c.Request) == "" {
		c.Redirect(http.StatusSeeOther, "/login?next="+url.QueryEscape(c.Request.URL.RequestURI()))
		c.Abort()
	}
}

func (a *app) showLogin(c *gin.Context) {
	page, status := demo.SignInPage(c.Query("next"), nil)
	a.answer(c, status, page, nil)
}

func (a *app) signIn(c *gin.Context) {
	ctx, next := c.Request.Context(), c.PostForm("next")
	userID, err := a.members.SignIn(c.Request)
	if err != nil {
		demo.RetryAfter(c.Writer.Header(), err)
		page, status := demo.SignInPage(next, err)
		a.answer(c, status, page, nil)
		return
	}
	renewed := a.sessions.RenewToken(ctx) // a new id, so that a planted one is worth nothing
	a.sessions.Put(ctx, "user", userID)
	id, expiry, err := a.sessions.Commit(ctx)
	if err := errors.Join(renewed, err); err != nil {
		a.answer(c, 0, nil, err)
		return
	}
	a.sessions.WriteSessionCookie(ctx, c.Writer, id, expiry)
	c.Redirect(http.StatusSeeOther, demo.LocalPath(a.origin, next))
}

func (a *app) signOut(c *gin.Context) {
	if err := a.sessions.Destroy(c.Request.Context()); err != nil {
		a.answer(c, 0, nil, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/login")
}

func (a *app) home(c *gin.Context) {
	page, err := demo.HomePage(c.Request.Context(), a.store)
	a.answer(c, http.StatusOK, page, err)
}

func (a *app) watch(c *gin.Context) {
	page, err := demo.WatchPage(c.Request.Context(), a.store, c.Param("id"))
	a.answer(c, http.StatusOK, page, err)
}

func (a *app) chat(c *gin.Context) {
	id := c.Param("id")
	if err := demo.Say(c.Request.Context(), a.store, id, a.user(c.Request), c.PostForm("text")); err != nil {
		a.answer(c, 0, nil, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/watch/"+url.PathEscape(id))
}

// answer sends a page, or the status of an error.
func (a *app) answer(c *gin.Context, status int, page []byte, err error) {
	if err != nil {
		a.log.Error("page failed", "error", err)
		c.AbortWithStatus(demo.Status(err))
		return
	}
	demo.PageHeaders(c.Writer.Header())
	c.Data(status, c.Writer.Header().Get("Content-Type"), page)
}
