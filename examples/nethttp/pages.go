package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

//go:embed templates
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// The policy of every page: nothing from elsewhere, no inline script or style.
// Media Source Extensions play from a blob.
const (
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; " +
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// loginPolicy has no form-action: Chromium applies it to the redirects
	// that follow the form, and these lead to PRISM.
	loginPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// notices are the messages that a redirect can show on the next page.
var notices = map[string]string{
	"banned":      "The user can no longer chat in this channel.",
	"channel-off": "The channel is disabled. Nothing can be broadcast on it.",
	"channel-on":  "The channel is enabled.",
	"ended":       "The live has ended.",
	"off-channel": "This channel is disabled, so nothing can be broadcast on it.",
	"scheduled":   "The live is scheduled. It now shows in PRISM Live Studio.",
	"signed-out":  "You are signed out.",
	"started":     "The live is on air. Start your encoder now.",
	"streamer":    "This account has no channels. Sign in as a streamer to go on.",
	"unbanned":    "The user can chat again.",
	"user-off":    "The user is disabled, signed out, and disconnected from PRISM.",
	"user-on":     "The user can sign in again.",
}

// page is what every template gets.
type page struct {
	Title   string
	Account *pageAccount
	// SignIn is where the sign-in link leads: HTTPS always. The sign-in page
	// has none.
	SignIn string
	Notice string
	Error  string
	Body   any
}

// pageAccount is who is signed in, for the header.
type pageAccount struct {
	Login string
	Admin bool
}

// render writes a page. Errors of a template are a bug: they are logged, and
// the browser gets a plain 500.
func (a *app) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	if who := a.signedIn(r); who != nil {
		p.Account = &pageAccount{who.login, who.admin}
	}
	switch {
	case name == "login":
	case r.Method == http.MethodGet:
		p.SignIn = a.origin + "/login?next=" + url.QueryEscape(r.URL.RequestURI())
	default:
		p.SignIn = a.origin + "/login"
	}
	if p.Notice == "" {
		p.Notice = notices[r.URL.Query().Get("notice")]
	}
	var body bytes.Buffer
	if err := a.templates[name].ExecuteTemplate(&body, "layout", p); err != nil {
		a.log.Error("template", zap.String("page", name), zap.Error(err))
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w)
}

// fail shows what went wrong. Why goes to the log.
func (a *app) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := http.StatusInternalServerError, "Something went wrong on our side."
	switch {
	case errors.Is(err, prism.ErrNotFound):
		status, text = http.StatusNotFound, "There is no such page. The link may be old, or the live private."
	case errors.Is(err, prism.ErrForbidden):
		status, text = http.StatusForbidden, "This account may not do that."
	case errors.Is(err, prism.ErrInvalid):
		status, text = http.StatusBadRequest, "The form was not filled in correctly."
	case errors.Is(err, prism.ErrUnavailable):
		status, text = http.StatusServiceUnavailable, "We cannot answer for now. Try again in a moment."
	}
	switch {
	case status == http.StatusServiceUnavailable:
		a.log.Warn("page failed", zap.String("url", prism.RedactURL(r.URL)), zap.Error(err))
	case status >= http.StatusInternalServerError:
		a.log.Error("page failed", zap.String("url", prism.RedactURL(r.URL)), zap.Error(err))
	}
	if wantsJSON(r) {
		writeJSON(w, status, map[string]string{"error": text})
		return
	}
	a.render(w, r, status, "error", page{Title: http.StatusText(status), Body: text})
}

// securePages sets the headers that every page has.
func securePages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		// Not no-referrer: with it browsers send "Origin: null" with our own
		// forms, which the check for cross-origin requests refuses.
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func parseTemplates() map[string]*template.Template {
	funcs := template.FuncMap{
		"asset":    assetURL,
		"segment":  url.PathEscape,
		"initial":  initial,
		"datetime": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"when":     func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") },
		"status":   statusText,
		"scope":    scopeText,
		"counted":  counted,
	}
	base := template.Must(template.New("layout").Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html"))
	set := map[string]*template.Template{}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		set[name] = template.Must(template.Must(base.Clone()).ParseFS(templateFiles, f))
	}
	return set
}

func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return "?"
}

func statusText(s prism.Status) string {
	switch s {
	case prism.StatusOnAir:
		return "On air"
	case prism.StatusReserved:
		return "Scheduled"
	default:
		return "Ended"
	}
}

func scopeText(s prism.Scope) string {
	switch s {
	case prism.ScopePrivate:
		return "Private"
	case prism.ScopeLimited:
		return "By link"
	default:
		return "Public"
	}
}

// countText writes a number with a comma between thousands.
func countText(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted is a number with its noun, in the plural where it is due.
func counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return countText(n) + " " + noun
}

// assetURL names a file of static with its digest, so that browsers may keep it.
func assetURL(name string) string {
	data, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		panic(err) // a template names a file that does not exist
	}
	sum := sha256.Sum256(data)
	return "/static/" + name + "?v=" + hex.EncodeToString(sum[:6])
}

func (a *app) serveStatic(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("v") != "" {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.StripPrefix("/static/", http.FileServerFS(a.static)).ServeHTTP(w, r)
}
