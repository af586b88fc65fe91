package main

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// signedIn returns who is in front of the browser, or nil. A cookie counts over
// HTTPS only.
func (a *app) signedIn(r *http.Request) *account {
	if !a.peers.secure(r) {
		return nil
	}
	return a.sessions.account(r)
}

type loginForm struct {
	Next  string
	Login string
	// ToPRISM tells that the sign-in is for PRISM Live Studio.
	ToPRISM bool
}

func (a *app) showLogin(w http.ResponseWriter, r *http.Request) {
	next := a.localPath(r.URL.Query().Get("next"))
	w.Header().Set("Content-Security-Policy", loginPolicy)
	a.render(w, r, http.StatusOK, "login", page{Title: "Sign in", Body: newLoginForm(next, "")})
}

func newLoginForm(next, login string) loginForm {
	return loginForm{Next: next, Login: login, ToPRISM: strings.HasPrefix(next, prismBase+"/oauth/")}
}

// signIn checks the password. The answer for a wrong one is the same whoever
// was named, and comes after the same time.
func (a *app) signIn(w http.ResponseWriter, r *http.Request) {
	login, password := strings.TrimSpace(r.PostFormValue("login")), r.PostFormValue("password")
	next := a.localPath(r.PostFormValue("next"))
	who, err := a.checkPassword(r, login, password)
	limited, isLimited := errors.AsType[*limitedError](err)
	switch {
	case err == nil:
		a.sessions.start(w, r, who)
		http.Redirect(w, r, next, http.StatusSeeOther)
	case errors.Is(err, oauth.ErrBadCredentials):
		a.refuseLogin(w, r, http.StatusForbidden, next, login, "The name or the password is wrong.")
	case isLimited:
		w.Header().Set("Retry-After", strconv.FormatInt(int64(math.Ceil(limited.wait.Seconds())), 10))
		a.refuseLogin(w, r, http.StatusTooManyRequests, next, login,
			"Too many attempts. Try again in "+counted(int64(math.Ceil(limited.wait.Minutes())), "minute")+".")
	default:
		a.fail(w, r, err)
	}
}

func (a *app) refuseLogin(w http.ResponseWriter, r *http.Request, status int, next, login, text string) {
	w.Header().Set("Content-Security-Policy", loginPolicy)
	a.render(w, r, status, "login", page{Title: "Sign in", Error: text, Body: newLoginForm(next, login)})
}

// limitedError is a sign-in that has to wait, because of too many before it.
type limitedError struct{ wait time.Duration }

func (e *limitedError) Error() string { return "too many sign-in attempts: wait " + e.wait.String() }

func (a *app) checkPassword(r *http.Request, login, password string) (*account, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	from := a.peers.client(r)
	wait, err := a.limiter.Attempt(ctx, login, from)
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		a.log.Warn("sign-in limited", zap.Stringer("from", from))
		return nil, &limitedError{wait}
	}
	who, err := a.admitted(ctx, login, password)
	switch {
	case err == nil:
		a.limiter.Succeeded(ctx, login, from)
	case !errors.Is(err, oauth.ErrBadCredentials):
		a.refund(r.Context(), login, from)
	}
	return who, err
}

// refund takes back an attempt that nobody could judge, so that an outage locks
// nobody out. One whose browser went away meanwhile stays counted: otherwise
// hanging up would buy any number of attempts.
func (a *app) refund(ctx context.Context, login string, from netip.Addr) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if limiter, ok := a.limiter.(oauth.LimiterRefunder); ok {
		limiter.Refund(ctx, login, from)
	}
}

// admitted returns the account with this password, unless it is disabled.
func (a *app) admitted(ctx context.Context, login, password string) (*account, error) {
	who, err := a.accounts.check(ctx, login, password)
	if err != nil {
		return nil, err
	}
	if !who.admin {
		user, err := a.store.User(ctx, who.userID)
		if err != nil && !errors.Is(err, prism.ErrNotFound) {
			return nil, err
		}
		if err != nil || user.Disabled {
			return nil, oauth.ErrBadCredentials
		}
	}
	return who, nil
}

func (a *app) signOut(w http.ResponseWriter, r *http.Request) {
	a.sessions.end(w, r)
	http.Redirect(w, r, "/?notice=signed-out", http.StatusSeeOther)
}

// localPath makes a place of this app out of what a link asked for, so that
// nobody can send people from our sign-in page to theirs (open redirect). It
// takes a path or a URL of our own origin, and is "/" for anything else.
func (a *app) localPath(next string) string {
	if strings.ContainsFunc(next, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return "/"
	}
	u, err := url.Parse(next)
	if err != nil || u.Opaque != "" || u.User != nil {
		return "/"
	}
	if (u.Scheme != "" || u.Host != "") && u.Scheme+"://"+u.Host != a.origin {
		return "/"
	}
	local := url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	target := local.RequestURI()
	// An encoded slash begins the decoded path, but not what is sent.
	if !strings.HasPrefix(u.Path, "/") || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return target
}

// onlySecure keeps sign-in, and all that needs it, on HTTPS.
func (a *app) onlySecure(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case a.peers.secure(r):
			next(w, r)
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			//nolint:gosec // G710: the origin is ours
			http.Redirect(w, r, a.origin+r.URL.RequestURI(), http.StatusFound)
		default:
			a.fail(w, r, prism.ErrForbidden)
		}
	}
}

// member serves only members who are signed in; a visitor signs in first.
func (a *app) member(next func(http.ResponseWriter, *http.Request, *account)) http.HandlerFunc {
	return a.signedInAs(false, next)
}

// admin serves only the admin.
func (a *app) admin(next func(http.ResponseWriter, *http.Request, *account)) http.HandlerFunc {
	return a.signedInAs(true, next)
}

func (a *app) signedInAs(admin bool, next func(http.ResponseWriter, *http.Request, *account)) http.HandlerFunc {
	return a.onlySecure(func(w http.ResponseWriter, r *http.Request) {
		who := a.signedIn(r)
		switch {
		case who == nil && r.Method == http.MethodGet:
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		case who == nil || who.admin != admin:
			a.fail(w, r, prism.ErrForbidden)
		default:
			if err := a.stillAllowed(r, who); err != nil {
				a.fail(w, r, err)
				return
			}
			next(w, r, who)
		}
	})
}

// stillAllowed refuses a member who was disabled meanwhile, also by another
// instance, whose admin could not end the sessions here.
func (a *app) stillAllowed(r *http.Request, who *account) error {
	if who.admin {
		return nil
	}
	user, err := a.store.User(r.Context(), who.userID)
	if err == nil && user.Disabled {
		err = prism.ErrForbidden
	}
	return err
}
