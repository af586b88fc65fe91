package oauth

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// LoginPage is what the template of the sign-in page gets.
//
// The page must have a <style>{{.Style}}</style> with nothing else in it, and
// no script, image or other resource: its Content-Security-Policy allows that
// one style only. Its form must be
//
//	<form method="post">
//
// without an action, so that it posts to the page's own address, with the
// fields account, password and transaction (hidden), and may have a submit
// button named action with the value cancel after the one that signs in.
type LoginPage struct {
	// Lang is the page's language for the lang attribute: "en", "ko" or "ja".
	Lang string
	// Text has the page's texts in that language.
	Text LoginText
	// Style is PasswordOptions.Style, or our style.
	Style template.CSS
	// Service is the name of the service to sign in to, Client the name of the
	// client that asks.
	Service, Client string
	// Transaction is the value of the hidden field transaction.
	Transaction string
	// Account is the account name that was typed before, or "".
	Account string
	// Problem is one sentence that says why the last attempt failed, or "".
	Problem string
	// Invalid tells that Problem is about the account and the password.
	Invalid bool
}

// LoginText has the fixed texts of the sign-in page.
type LoginText struct {
	Title, Lead, Account, Password, SignIn, Cancel, Note string
}

// errorPage is a page that ends an authorization request in the browser.
type errorPage int

const (
	pageUnknownClient errorPage = iota
	pageBadRedirect
	pageBadRequest
	pageInsecure
	pageUnavailable
	pageFailed
	pageExpired
)

type errorDocument struct {
	Lang                     string
	Style                    template.CSS
	Title, Message           string
	Link, LinkText           string
	Reference, ReferenceText string
}

const defaultClientName = "PRISM Live Studio"

var (
	//go:embed templates/page.css
	pageCSS string
	//go:embed templates/login.html
	loginHTML string
	//go:embed templates/consent.html
	consentHTML string
	//go:embed templates/error.html
	errorHTML string

	loginTemplate   = template.Must(template.New("login").Parse(loginHTML))
	consentTemplate = template.Must(template.New("consent").Parse(consentHTML))
	errorTemplate   = template.Must(template.New("error").Parse(errorHTML))
	defaultStyle    = newPageStyle(pageCSS)
)

// pageStyle is a style and the policy that allows it.
type pageStyle struct {
	css    template.CSS
	policy string
}

func newPageStyle(css string) pageStyle {
	// Browsers hash the text as the HTML parser left it, with one kind of
	// line end.
	css = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(css)
	sum := sha256.Sum256([]byte(css))
	return pageStyle{
		css: template.CSS(css), //nolint:gosec // ours or the host's, never a request's
		// No form-action: Chromium applies it to the redirect that follows
		// the form, which leads to the client.
		policy: "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
}

func checkStyle(style pageStyle) error {
	if strings.Contains(strings.ToLower(string(style.css)), "</style") {
		return errors.New("the style contains </style")
	}
	return nil
}

// checkLoginTemplate finds out before the first user does that a host's
// template or style cannot work.
func checkLoginTemplate(t *template.Template, style pageStyle) error {
	if err := checkStyle(style); err != nil {
		return err
	}
	const transaction = "sample0123456789"
	page := LoginPage{Lang: "en", Text: english.loginText("service", "client"), Style: style.css, Service: "service",
		Client: "client", Transaction: transaction, Account: "account", Problem: "problem", Invalid: true}
	var out strings.Builder
	if err := t.Execute(&out, page); err != nil {
		return fmt.Errorf("the template: %w", err)
	}
	if !strings.Contains(out.String(), transaction) {
		return errors.New("the template does not use .Transaction, without which no form is accepted")
	}
	return nil
}

// writePage renders first and writes then, so that a template which fails
// leaves the answer to the caller.
func writePage(w http.ResponseWriter, status int, lang, policy string, t *template.Template, data any) error {
	var body bytes.Buffer
	if err := t.Execute(&body, data); err != nil {
		return fmt.Errorf("oauth: render page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Add("Vary", "Accept-Language")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer, with which Chromium sends "Origin: null" with the form.
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	// An error here means that the browser went away.
	_, _ = w.Write(body.Bytes())
	return nil
}

// renderError answers with a page that says, in the browser's language, what
// went wrong. Nothing of the request is shown. link is an https URL of our own
// and is shown on pageInsecure only.
func (s *Server) renderError(w http.ResponseWriter, r *http.Request, status int, page errorPage, link string) {
	c := catalogFor(r.Header.Get("Accept-Language"))
	text, ok := c.errors[page]
	if !ok {
		text = c.errors[pageFailed]
	}
	doc := errorDocument{Lang: c.lang, Style: defaultStyle.css, Title: text.title, Message: text.message}
	if page == pageInsecure && strings.HasPrefix(link, "https://") {
		doc.Link, doc.LinkText = link, c.openSecure
	}
	if page == pageFailed || page == pageUnavailable {
		doc.Reference, doc.ReferenceText = prism.RequestID(r.Context()), c.reference
	}
	if err := writePage(w, status, c.lang, defaultStyle.policy, errorTemplate, doc); err != nil {
		s.log.Error("error page", zap.Error(err))
		w.WriteHeader(status)
	}
}

// serviceName is the host's name for itself, or else what stands in the
// address bar, which an embedded browser does not show.
func (s *Server) serviceName(name string) string {
	if name != "" {
		return name
	}
	if u, err := url.Parse(s.cfg.PublicURL); err == nil {
		return u.Host
	}
	return ""
}

func clientName(c Client) string {
	if c.Name != "" {
		return c.Name
	}
	return defaultClientName
}
