package oauth

import (
	"context"
	"errors"
	"net/http"
)

// Login finds out who is in front of the browser. SessionLogin and
// PasswordLogin make one. It must be safe for concurrent use.
type Login interface {
	// Authenticate returns the id of the user who is signed in and wants to
	// go on. If it returns "" and no error it has written the answer itself: a
	// page or a redirect that leads back to Interaction.Resume. ErrDenied
	// sends the browser back to the client with access_denied; any other
	// error shows an error page. When Interaction.Silent is set, what it
	// writes reaches nobody.
	Authenticate(w http.ResponseWriter, r *http.Request, in Interaction) (userID string, err error)
}

// ErrDenied is returned by a Login when the person does not want to go on.
var ErrDenied = errors.New("oauth: the user denied the request")

// ErrBadCredentials is returned by a PasswordChecker for an unknown account
// and for a wrong password alike.
var ErrBadCredentials = errors.New("oauth: the account or the password is wrong")

// Interaction is one authorization request whose parameters have been checked.
type Interaction struct {
	// Client is the client that asks, Scope the scope that it asks for.
	Client Client
	Scope  string
	// Resume is the absolute URL, from Config.PublicURL, that brings the
	// browser back to this request.
	// When Reauthenticate is set, Resume does not ask for that again.
	Resume string
	// Reauthenticate tells that the client wants the person to sign in anew,
	// also when a session is alive (prompt=login). A Login that cannot do so
	// goes on with the session.
	Reauthenticate bool
	// Silent tells that no page may be shown (prompt=none): return "" if there
	// is no session, and the client gets login_required.
	Silent bool

	server *Server
	params authorizeParams
}

// PasswordChecker tells who has this account name and password. It returns
// ErrBadCredentials for a wrong pair, in the same time whether or not the
// account exists, and any other error when it cannot tell.
type PasswordChecker func(ctx context.Context, account, password string) (userID string, err error)

// SessionLogin uses the host's own sign-in. current returns the id of the user
// whom the request's session belongs to; if there is none, it returns the
// address of the host's sign-in page, which must send the browser on to resume
// when the user has signed in:
//
//	oauth.SessionLogin(func(r *http.Request, resume string) (userID, redirect string, err error) {
//		in, _ := oauth.InteractionFrom(r.Context())
//		if u := sessions.User(r); u != nil && !in.Reauthenticate {
//			return u.ID, "", nil
//		}
//		return "", "/login?next=" + url.QueryEscape(resume), nil
//	})
//
// When Interaction.Reauthenticate is set, the sign-in page has to ask for the
// password although there is a session. While a consent page is open, current
// is asked once more before the approval counts: whoever signed out meanwhile,
// or became another, approves nothing.
func SessionLogin(current func(r *http.Request, resume string) (userID, redirect string, err error)) Login {
	return sessionLogin(current)
}
