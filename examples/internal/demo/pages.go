package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

var pages = template.Must(template.New("").Parse(`
{{- define "top"}}<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.}}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}
label{display:block;margin:1rem 0}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem}
button{font:inherit;padding:.5rem 1rem}[role=alert]{color:#b00020}</style>{{end -}}

{{define "login"}}{{template "top" "Sign in"}}<h1>Sign in</h1>
{{with .Problem}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/login"><input type="hidden" name="next" value="{{.Next}}">
<label>Name <input name="login" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form>{{end}}

{{define "home"}}{{template "top" "Lives"}}<h1>On air now</h1>
<ul>{{range .}}<li><a href="/watch/{{.ID}}">{{.Title}}</a></li>{{else}}<li>Nobody is on air.</li>{{end}}</ul>
<form method="post" action="/logout"><button>Sign out</button></form>{{end}}

{{define "watch"}}{{template "top" .Live.Title}}<h1>{{.Live.Title}}</h1><p>{{.Live.Status}}</p>
<ul>{{range .Messages}}<li><b>{{.AuthorName}}</b> {{.Text}}</li>{{end}}</ul>
<form method="post" action="/watch/{{.Live.ID}}/chat"><label>Say something <input name="text" maxlength="200" required></label>
<button>Send</button></form>{{end}}
`))

// SignInPage makes the sign-in page and its status. Its form posts login,
// password and next to /login. problem is what Members.SignIn returned before,
// or nil; RetryAfter sets the header that goes with it.
func SignInPage(next string, problem error) (page []byte, status int) {
	text := ""
	limited, isLimited := errors.AsType[*LimitedError](problem)
	switch {
	case problem == nil:
		status = http.StatusOK
	case errors.Is(problem, oauth.ErrBadCredentials):
		status, text = http.StatusForbidden, "The name or the password is wrong."
	case isLimited:
		minutes := "a minute"
		if n := math.Ceil(limited.Wait.Minutes()); n > 1 {
			minutes = fmt.Sprintf("%.0f minutes", n)
		}
		status, text = http.StatusTooManyRequests, "Too many attempts. Try again in "+minutes+"."
	default:
		status, text = http.StatusServiceUnavailable, "Nobody can sign in for now. Try again later."
	}
	return render("login", struct{ Next, Problem string }{next, text}), status
}

// HomePage lists the public lives on air.
func HomePage(ctx context.Context, audience prism.Audience) ([]byte, error) {
	lives, err := audience.LivesOnAir(ctx, 100)
	if err != nil {
		return nil, err
	}
	lives = slices.DeleteFunc(lives, func(l prism.Live) bool { return l.Scope != prism.ScopePublic })
	return render("home", lives), nil
}

// WatchPage shows a live with its chat, which posts text to /watch/{id}/chat.
// It returns prism.ErrNotFound for a private live.
func WatchPage(ctx context.Context, audience prism.Audience, liveID string) ([]byte, error) {
	live, err := watched(ctx, audience, liveID)
	if err != nil {
		return nil, err
	}
	chat, err := audience.LiveChat(ctx, liveID, prism.ChatQuery{Limit: prism.MaxChatPage})
	if err != nil {
		return nil, err
	}
	return render("watch", struct {
		Live     prism.Live
		Messages []prism.Message
	}{live, chat.Messages}), nil
}

// Say posts a viewer's chat message. It returns prism.ErrForbidden for a
// viewer who is banned.
func Say(ctx context.Context, audience prism.Audience, liveID, userID, text string) error {
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > 200 || !utf8.ValidString(text) {
		return prism.InvalidField("text", "want 1 to 200 characters")
	}
	if _, err := watched(ctx, audience, liveID); err != nil {
		return err
	}
	return audience.PostChat(ctx, liveID, userID, text)
}

func watched(ctx context.Context, audience prism.Audience, liveID string) (prism.Live, error) {
	live, err := audience.WatchLive(ctx, liveID)
	if err == nil && live.Scope == prism.ScopePrivate {
		err = prism.ErrNotFound
	}
	return live, err
}

// Status is the HTTP status that a page answers an error with.
func Status(err error) int {
	var known *prism.Error
	if errors.As(err, &known) {
		return known.Status
	}
	return http.StatusInternalServerError
}

func render(name string, data any) []byte {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil { // the templates and their data are fixed
		panic(err)
	}
	return b.Bytes()
}

// PageHeaders sets what every page of the app is sent with. There is no
// form-action in the policy: Chromium applies it to the redirect to PRISM, too.
// Nor is the referrer policy no-referrer, which makes a browser send
// "Origin: null" with a form.
func PageHeaders(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
}

// LocalPath makes a place of this app out of an address that came from
// outside, so that the sign-in page sends nobody elsewhere (open redirect). It
// takes a path or a URL of origin and returns "/" for anything else.
func LocalPath(origin, next string) string {
	if strings.ContainsFunc(next, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return "/"
	}
	u, err := url.Parse(next)
	if err != nil || u.Opaque != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	if (u.Scheme != "" || u.Host != "") && u.Scheme+"://"+u.Host != origin {
		return "/"
	}
	// An encoded slash begins the decoded path, but not what is sent.
	path := u.RequestURI()
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return "/"
	}
	return path
}
