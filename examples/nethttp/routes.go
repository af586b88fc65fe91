package main

import (
	"html/template"
	"io/fs"
	"net/http"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/console"
)

// maxForm is the most bytes of a form of this app.
const maxForm = 64 << 10

// app is the customer's service: what it has and serves.
type app struct {
	// origin is the public HTTPS address, without a trailing slash.
	origin   string
	creds    credentials
	accounts *accountDirectory
	sessions *sessions
	limiter  oauth.LoginLimiter
	peers    peerRule
	store    dataStore
	// statistics collects what viewers do, so that none of it is a write.
	statistics *prism.Statistics
	auth       *oauth.Server
	// service ends lives for the host's own pages; it is the one on TLS.
	service *prism.Service
	console *console.Console
	// hls is the folder of the media server's files, or "".
	hls       string
	likes     likeBook
	chatPace  paceBook
	templates map[string]*template.Template
	static    fs.FS
	now       func() time.Time
	log       *zap.Logger
	// noAccessLog leaves out the line that each request has in the log.
	noAccessLog bool
	// closers end what the app runs, in this order.
	closers []func() error
}

func newApp(log *zap.Logger, origin string, creds credentials, peers peerRule) *app {
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // the folder is embedded
	}
	accounts := newAccountDirectory(creds)
	return &app{
		origin:    origin,
		creds:     creds,
		accounts:  accounts,
		sessions:  newSessions(accounts, time.Now),
		limiter:   oauth.NewMemoryLimiter(oauth.LimiterOptions{}),
		peers:     peers,
		chatPace:  paceBook{every: rate.Every(time.Second), burst: 5},
		templates: parseTemplates(),
		static:    static,
		now:       time.Now,
		log:       log,
	}
}

// pages is everything of this app that is not PRISM's.
func (a *app) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.showHome)
	mux.HandleFunc("GET /channel/{channel}", a.showChannel)
	mux.HandleFunc("GET /avatar/{file}", serveAvatar)
	mux.HandleFunc("GET /static/", a.serveStatic)
	mux.HandleFunc("GET /healthz", a.healthz)

	mux.HandleFunc("GET /watch/{live}", a.showWatch)
	mux.HandleFunc("GET /watch/{live}/chat", a.pollChat)
	mux.HandleFunc("GET /watch/{live}/hls/{file}", a.serveHLS)
	mux.HandleFunc("POST /watch/{live}/seen", a.viewerSeen)
	mux.HandleFunc("POST /watch/{live}/chat", a.member(a.postChat))
	mux.HandleFunc("POST /watch/{live}/like", a.member(a.like))

	mux.HandleFunc("GET /login", a.onlySecure(a.showLogin))
	mux.HandleFunc("POST /login", a.onlySecure(a.signIn))
	mux.HandleFunc("POST /logout", a.onlySecure(a.signOut))

	mux.HandleFunc("GET /studio", a.member(a.showStudio))
	mux.HandleFunc("POST /studio/lives", a.member(a.scheduleLive))
	mux.HandleFunc("POST /studio/lives/{live}/start", a.member(a.startLive))
	mux.HandleFunc("POST /studio/lives/{live}/stop", a.member(a.stopLive))

	mux.HandleFunc("GET /admin", a.admin(a.showAdmin))
	mux.HandleFunc("GET /admin/console", a.admin(a.showConsole))
	mux.HandleFunc("POST /admin/console", a.admin(a.showConsole))
	mux.HandleFunc("GET /admin/lives/{live}", a.admin(a.showAdminLive))
	mux.HandleFunc("POST /admin/lives/{live}/end", a.admin(a.forceEnd))
	mux.HandleFunc("POST /admin/lives/{live}/ban", a.admin(a.ban))
	mux.HandleFunc("POST /admin/lives/{live}/unban", a.admin(a.unban))
	mux.HandleFunc("POST /admin/channels/{channel}", a.admin(a.switchChannel))
	mux.HandleFunc("POST /admin/users/{user}", a.admin(a.switchUser))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, prism.ErrNotFound) })

	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.fail(w, r, prism.ErrForbidden)
	}))
	if err := protection.AddTrustedOrigin(a.origin); err != nil {
		panic(err) // the origin was checked or made by us
	}
	return securePages(protection.Handler(http.MaxBytesHandler(mux, maxForm)))
}
