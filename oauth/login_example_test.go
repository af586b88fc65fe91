package oauth_test

import (
	"context"
	"net/http"
	"net/url"

	"github.com/b2bprism/b2bprism/oauth"
)

// A host that has its own sign-in page and session.
func ExampleSessionLogin() {
	var sessions interface{ UserID(*http.Request) string } // the host's

	login := oauth.SessionLogin(func(r *http.Request, resume string) (userID, redirect string, err error) {
		in, _ := oauth.InteractionFrom(r.Context())
		if id := sessions.UserID(r); id != "" && !in.Reauthenticate {
			return id, "", nil
		}
		// The sign-in page sends the browser to next afterwards. It must
		// accept only addresses of its own there.
		return "", "/login?next=" + url.QueryEscape(resume), nil
	})
	_ = oauth.Config{Login: login}
}

// A host that has users with passwords, and lets us show the page.
func ExamplePasswordLogin() {
	var users interface { // the host's
		CheckPassword(ctx context.Context, account, password string) (userID string, ok bool, err error)
	}

	check := func(ctx context.Context, account, password string) (string, error) {
		id, ok, err := users.CheckPassword(ctx, account, password)
		if err != nil {
			return "", err
		}
		if !ok {
			return "", oauth.ErrBadCredentials
		}
		return id, nil
	}
	_ = oauth.Config{Login: oauth.PasswordLogin(check, oauth.PasswordOptions{Service: "Acme Live"})}
}
