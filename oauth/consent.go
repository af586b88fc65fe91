package oauth

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// consentTTL is how long a consent page can be answered.
const consentTTL = 10 * time.Minute

// ConsentOptions are the options of the consent page, which names the client
// and the account and asks once per sign-in, after the Login. The zero value is
// ready to use.
//
// The page is bound to the browser and to the authorization request, as the
// sign-in page is. It can be answered for 10 minutes, more than once and also
// after "Don't allow": in that browser the form stays good that long, with the
// back button for example. Server.RevokeUser closes open ones. After
// PasswordLogin it is the answer, with status 200, to the form with the
// password, not a page of its own behind a redirect.
type ConsentOptions struct {
	// Service is the name of the service as its users know it. "" shows the
	// host of Config.PublicURL.
	Service string
	// Template replaces the page; it gets a ConsentPage. nil is ours.
	Template *template.Template
	// Style replaces the page's CSS. "" is ours. It can load nothing.
	Style string
}

// ConsentPage is what the template of the consent page gets. The rules of
// LoginPage apply; the form has the hidden field prism_consent with Transaction
// as its value, and submit buttons named action with the values allow and deny.
type ConsentPage struct {
	// Lang is the page's language: "en", "ko" or "ja".
	Lang string
	// Text has the page's texts in that language.
	Text ConsentText
	// Style is ConsentOptions.Style, or our style.
	Style template.CSS
	// Service, Client and Account are names: of the service, of the client
	// that asks, and of the user who is signed in.
	Service, Client, Account string
	// Scopes are the scope tokens that the client asks for. PRISM asks for
	// none.
	Scopes []string
	// Transaction is the value of the hidden field prism_consent.
	Transaction string
}

// ConsentText has the fixed texts of the consent page.
type ConsentText struct {
	Title, Lead, Note, Scopes, Allow, Deny string
}

// problem tells why the options cannot work, or nil. It takes a nil receiver.
func (o *ConsentOptions) problem() error {
	const transaction = "sample0123456789"
	style, t := o.look()
	if err := checkStyle(style); err != nil {
		return err
	}
	var out strings.Builder
	err := t.Execute(&out, ConsentPage{Lang: "en", Text: english.consentText("service", "client", "account"), Style: style.css,
		Service: "service", Client: "client", Account: "account", Scopes: []string{"scope"}, Transaction: transaction})
	if err != nil {
		return fmt.Errorf("the template: %w", err)
	}
	if !strings.Contains(out.String(), transaction) {
		return errors.New("the template does not use .Transaction, without which no answer is accepted")
	}
	return nil
}

func (o *ConsentOptions) look() (pageStyle, *template.Template) {
	style, t := defaultStyle, consentTemplate
	if o != nil && o.Style != "" {
		style = newPageStyle(o.Style)
	}
	if o != nil && o.Template != nil {
		t = o.Template
	}
	return style, t
}

// askConsent shows the page. Who was signed in is kept in the Store, as a code
// that no client can redeem: the page says nothing about it, every instance
// finds it, and what revokes the user's codes revokes it too.
func (s *Server) askConsent(w http.ResponseWriter, r *http.Request, in Interaction, userID string) {
	ctx, p := r.Context(), in.params
	user, err := s.findUser(ctx, userID)
	if err != nil {
		s.redirectError(w, r, p, err)
		return
	}
	ticket := newToken()
	err = s.cfg.Store.SaveCode(ctx, Code{
		Digest:    DigestOf(ticket),
		FamilyID:  newFamilyID(),
		UserID:    userID,
		ExpiresAt: s.now().Add(consentTTL),
	})
	if err != nil {
		s.redirectError(w, r, p, fmt.Errorf("oauth: save the consent ticket: %w", err))
		return
	}
	account := user.Name
	if account == "" {
		account = userID
	}
	name := ""
	if s.cfg.Consent != nil {
		name = s.cfg.Consent.Service
	}
	c := catalogFor(r.Header.Get("Accept-Language"))
	service, client := s.serviceName(name), clientName(in.Client)
	style, t := s.cfg.Consent.look()
	err = writePage(w, http.StatusOK, c.lang, style.policy, t, ConsentPage{
		Lang:        c.lang,
		Text:        c.consentText(service, client, account),
		Style:       style.css,
		Service:     service,
		Client:      client,
		Account:     account,
		Scopes:      strings.Fields(p.Scope),
		Transaction: ticket + s.signTransaction(consentBinding(s.bindBrowser(w, r), ticket), p),
	})
	if err != nil {
		s.failPage(w, r, "the consent page failed", err)
	}
}

// consentBinding takes the place of the browser's id in the transaction of a
// consent page. No browser id has a space, so the two kinds of page never have
// the same transaction.
func consentBinding(browserID, ticket string) string { return browserID + " " + ticket }

// consentForm is a submitted consent page.
type consentForm struct {
	ticket, transaction string
	action              string
}

// readConsentForm tells a submitted consent page from every other request,
// whose body it leaves as it was.
func readConsentForm(r *http.Request) (f consentForm, ok bool) {
	if r.Method != http.MethodPost || !isForm(r) {
		return consentForm{}, false
	}
	body := r.Body
	start, _ := io.ReadAll(io.LimitReader(body, maxLoginBody)) // the Login reads on, and meets the error
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), body), body}
	values, err := url.ParseQuery(string(start))
	if err != nil || !values.Has("prism_consent") {
		return consentForm{}, false
	}
	if len(values["prism_consent"]) == 1 && len(values["action"]) == 1 {
		f.action = values.Get("action")
		if value := values.Get("prism_consent"); len(value) > tokenLength {
			f.ticket, f.transaction = value[:tokenLength], value[tokenLength:]
		}
	}
	return f, true
}

// answerConsent answers a submitted consent page.
func (s *Server) answerConsent(w http.ResponseWriter, r *http.Request, in Interaction, f consentForm) {
	if !s.sameOrigin(r) {
		s.logConsent(r, in, "the consent page was posted from another origin than that of PublicURL")
		s.renderError(w, r, http.StatusForbidden, pageExpired, "")
		return
	}
	switch f.action {
	case "allow":
	case "deny":
		s.redirectError(w, r, in.params, errUserDenied)
		return
	default:
		s.logConsent(r, in, "the consent page is malformed")
		s.renderError(w, r, http.StatusBadRequest, pageBadRequest, "")
		return
	}
	userID, err := s.consentingUser(r, in, f)
	switch {
	case errors.Is(err, errStale):
		s.logConsent(r, in, err.Error())
		s.renderError(w, r, http.StatusBadRequest, pageExpired, "")
	case errors.Is(err, ErrDenied):
		s.redirectError(w, r, in.params, errUserDenied)
	case err != nil:
		s.redirectError(w, r, in.params, err)
	default:
		s.answerCode(w, r, in.params, userID)
	}
}

// consentingUser returns who allowed, or errStale.
func (s *Server) consentingUser(r *http.Request, in Interaction, f consentForm) (string, error) {
	browser := s.browserID(r)
	if browser == "" || !wellFormedToken(f.ticket) {
		return "", errStale
	}
	if err := s.verifyTransaction(f.transaction, consentBinding(browser, f.ticket), in.params); err != nil {
		return "", err
	}
	code, err := s.cfg.Store.FindCode(r.Context(), DigestOf(f.ticket))
	if errors.Is(err, prism.ErrNotFound) || err == nil && (code.ClientID != "" || !s.now().Before(code.ExpiresAt)) {
		return "", errStale
	}
	if err != nil {
		return "", fmt.Errorf("oauth: find the consent ticket: %w", err)
	}
	session, ok := s.cfg.Login.(interface {
		signedIn(r *http.Request, in Interaction) (string, error)
	})
	if !ok {
		return code.UserID, nil
	}
	userID, err := session.signedIn(r, in)
	if err != nil {
		return "", err
	}
	if userID != code.UserID {
		return "", errStale
	}
	return userID, nil
}

func (s *Server) logConsent(r *http.Request, in Interaction, reason string) {
	s.log.Info("consent refused",
		zap.String("reason", reason),
		zap.String("client_id", in.Client.ID),
		zap.String("request_id", prism.RequestID(r.Context())))
}
