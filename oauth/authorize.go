package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// authorizePath is where the endpoint stands below Config.PublicURL.
	authorizePath = "/oauth/authorize"
	// maxAuthorizeQuery holds a state of 4 KiB with every byte encoded.
	maxAuthorizeQuery = 16 << 10
)

// ServeAuthorize is the authorization endpoint (RFC 6749 section 3.1), GET and,
// for the form of a sign-in page, POST. The parameters always are in the URL's
// query.
//
// A request whose client or redirect URI is not good, byte for byte, gets an
// error page and is never redirected. After that every answer is a redirect to
// the redirect URI: with code, or with error (section 4.1.2.1); state comes
// back unchanged, and iss is PublicURL (RFC 9207). Failures of the Login get a
// page as well, since there the person is still with us.
//
// prompt may be login, to have the person sign in anew; consent, to show the
// consent page; or none, to be answered with login_required or
// consent_required where a page would have to be shown (OpenID Connect Core 1.0
// section 3.1.2.1).
//
// While PublicURL is https, a request that came over plain HTTP gets a page
// that leads to the secure address, and no sign-in.
//
// A panic of the Login, or of whatever else the host gave, is logged and gets
// the error page, unless an answer was begun.
func (s *Server) ServeAuthorize(w http.ResponseWriter, r *http.Request) {
	answer := &answerWriter{ResponseWriter: w}
	defer s.recoverPage(answer, r)
	s.serveAuthorize(answer, r)
}

func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		header.Set("Allow", "GET, POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	values, err := parseQuery(r.URL.RawQuery, maxAuthorizeQuery)
	if err != nil && !errors.Is(err, errDuplicate) {
		s.refusePage(w, r, pageBadRequest, err)
		return
	}
	if s.secureOrigin() && !secure(r) {
		s.renderError(w, r, http.StatusForbidden, pageInsecure, s.authorizeURL(r.URL.RawQuery))
		return
	}
	client, findErr := s.findClient(r.Context(), values.Get("client_id"))
	if findErr != nil {
		s.clientPage(w, r, findErr)
		return
	}
	p := authorizeParams{
		ClientID:    client.ID,
		RedirectURI: redirectFor(client, values),
		NamedURI:    values.Has("redirect_uri"),
		State:       values.Get("state"),
		HasState:    len(values["state"]) == 1,
	}
	if p.RedirectURI == "" {
		s.refusePage(w, r, pageBadRedirect, errRedirectUnknown)
		return
	}
	if err := CheckRedirectURI(p.RedirectURI); err != nil {
		s.log.Error("a registered redirect URI is not usable", zap.String("client_id", client.ID), zap.Error(err))
		s.refusePage(w, r, pageBadRedirect, err)
		return
	}
	if err == nil {
		err = checkAuthorize(client, values, &p)
	}
	if err != nil {
		s.redirectError(w, r, p, err)
		return
	}
	s.authorize(w, r, client, p)
}

// authorize asks the Login who the user is, and the user for consent if the
// host or the client wants that, and answers with a code.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request, client Client, p authorizeParams) {
	in := Interaction{
		Client:         client,
		Scope:          p.Scope,
		Resume:         s.authorizeURL(p.Prompt.withoutLogin(r.URL.RawQuery)),
		Reauthenticate: p.Prompt.login,
		Silent:         p.Prompt.none,
		server:         s,
		params:         p,
	}
	consent := s.cfg.Consent != nil || p.Prompt.consent
	if consent {
		if f, ok := readConsentForm(r); ok {
			s.answerConsent(w, r, in, f)
			return
		}
	}
	screen := w
	if in.Silent {
		screen = nowhere{make(http.Header)}
	}
	userID, err := s.cfg.Login.Authenticate(screen, r, in)
	switch {
	case errors.Is(err, ErrDenied):
		s.redirectError(w, r, p, errUserDenied)
	case err != nil && in.Silent:
		s.redirectError(w, r, p, err)
	case err != nil:
		s.failPage(w, r, "the sign-in failed", err)
	case userID == "" && in.Silent:
		s.redirectError(w, r, p, errLoginRequired)
	case userID == "":
	case consent && in.Silent:
		s.redirectError(w, r, p, errConsentRequired)
	case consent:
		s.askConsent(w, r, in, userID)
	default:
		s.answerCode(w, r, p, userID)
	}
}

// answerCode sends the browser back to the client with a code.
func (s *Server) answerCode(w http.ResponseWriter, r *http.Request, p authorizeParams, userID string) {
	code, _, err := s.issueCode(r.Context(), userID, p)
	if err != nil {
		s.redirectError(w, r, p, err)
		return
	}
	s.redirect(w, r, p, "code="+queryEscape(code))
}

// redirectError sends the browser back to the client with what stopped it.
func (s *Server) redirectError(w http.ResponseWriter, r *http.Request, p authorizeParams, err error) {
	if refused, ok := errors.AsType[*refusalError](err); ok {
		s.log.Info("authorization refused",
			zap.String("client_id", p.ClientID),
			zap.String("reason", refused.reason),
			zap.String("request_id", prism.RequestID(r.Context())))
		s.redirect(w, r, p, "error="+refused.code+"&error_description="+queryEscape(refused.description()))
		return
	}
	s.logFailure(r.Context(), "authorization failed", err, zap.String("client_id", p.ClientID))
	code, _ := failure(err)
	s.redirect(w, r, p, "error="+code)
}

// redirect adds state and iss to the answer and sends the browser to the
// client. After a POST 303 makes it a GET; a 307 would send the password along
// (RFC 9700 section 4.12).
func (s *Server) redirect(w http.ResponseWriter, r *http.Request, p authorizeParams, answer string) {
	if p.HasState {
		answer += "&state=" + queryEscape(p.State)
	}
	answer += "&iss=" + queryEscape(s.cfg.PublicURL)
	header := w.Header()
	header.Set("Location", withQuery(p.RedirectURI, answer))
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	w.WriteHeader(status)
}

// errRedirectUnknown is in the log only.
var errRedirectUnknown = errors.New("oauth: the redirect URI is not one of the client's")

// clientPage answers a request whose client was not found.
func (s *Server) clientPage(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, prism.ErrNotFound) {
		s.refusePage(w, r, pageUnknownClient, err)
		return
	}
	s.failPage(w, r, "finding the client failed", err)
}

func (s *Server) refusePage(w http.ResponseWriter, r *http.Request, page errorPage, err error) {
	s.log.Info("authorization refused with a page",
		zap.String("request_id", prism.RequestID(r.Context())), zap.String("reason", err.Error()))
	s.renderError(w, r, http.StatusBadRequest, page, "")
}

func (s *Server) failPage(w http.ResponseWriter, r *http.Request, what string, err error) {
	s.logFailure(r.Context(), what, err)
	code, status := failure(err)
	page := pageFailed
	if code == codeTemporarilyUnavailable {
		page = pageUnavailable
		w.Header().Set("Retry-After", retryAfterSeconds)
	}
	s.renderError(w, r, status, page, "")
}

// authorizeURL is the public address of a request with this query. A raw "#",
// which a request line may have, would cut off what follows.
func (s *Server) authorizeURL(rawQuery string) string {
	return s.cfg.PublicURL + authorizePath + "?" + strings.ReplaceAll(cleanURLBytes(rawQuery), "#", "%23")
}

// secure reports whether the browser spoke HTTPS.
func secure(r *http.Request) bool {
	if t, ok := prism.TransportFrom(r.Context()); ok {
		return t.Secure
	}
	return r.TLS != nil
}

// queryEscape encodes a value of a query. A space becomes %20, which every
// decoder reads alike, unlike "+".
func queryEscape(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}
