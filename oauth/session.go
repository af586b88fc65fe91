package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// sessionLogin is the Login that SessionLogin makes.
type sessionLogin func(r *http.Request, resume string) (userID, redirect string, err error)

var errNoSessionFunc = errors.New("oauth: SessionLogin: current is nil")

func (f sessionLogin) problem() error {
	if f == nil {
		return errNoSessionFunc
	}
	return nil
}

// Authenticate asks the host for its session. It sends the browser only where
// the host said.
func (f sessionLogin) Authenticate(w http.ResponseWriter, r *http.Request, in Interaction) (string, error) {
	if err := f.problem(); err != nil {
		return "", err
	}
	userID, redirect, err := f.ask(r, in)
	if err != nil {
		return "", fmt.Errorf("oauth: session login: %w", err)
	}
	if userID != "" {
		return userID, nil
	}
	if err := checkSignInAddress(redirect); err != nil {
		return "", fmt.Errorf("oauth: session login: %w", err)
	}
	h := w.Header()
	// Not http.Redirect: it would resolve a relative address against the path
	// that is left after the host's StripPrefix.
	h.Set("Location", redirect)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	// 303 so that a browser never repeats a POST there (RFC 9700 section 4.12).
	w.WriteHeader(http.StatusSeeOther)
	return "", nil
}

func (f sessionLogin) ask(r *http.Request, in Interaction) (userID, redirect string, err error) {
	return f(r.WithContext(context.WithValue(r.Context(), interactionKey{}, in)), in.Resume)
}

// signedIn tells who is in front of the browser by now, for an approval.
func (f sessionLogin) signedIn(r *http.Request, in Interaction) (string, error) {
	in.Reauthenticate, in.Silent = false, true
	userID, _, err := f.ask(r, in)
	if err != nil {
		return "", fmt.Errorf("oauth: session login: %w", err)
	}
	return userID, nil
}

// checkSignInAddress refuses what cannot be a sign-in page. Its errors never
// hold the address, which carries the authorization request.
func checkSignInAddress(address string) error {
	if address == "" {
		return errors.New("current returned neither a user id nor a redirect")
	}
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c >= 0x7f {
			return errors.New("the redirect has a character that must be percent-encoded")
		}
	}
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("the redirect is not a URL")
	}
	if u.Scheme != "" && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return errors.New("the redirect is not an http or https URL")
	}
	return nil
}
