package oauth

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// Bounds of what the sign-in page takes. An account or password beyond them is
// answered as a wrong one.
const (
	// MaxAccount is the most characters of an account name, without the
	// space around it.
	MaxAccount = 200
	// MaxPassword is the most bytes of a password.
	MaxPassword = 1024

	maxLoginBody = 16 << 10
)

// PasswordOptions are the options of PasswordLogin. The zero value is ready to
// use.
type PasswordOptions struct {
	// Service is the name of the service as its users know it, for example
	// "Acme Live". "" shows the host of Config.PublicURL.
	Service string
	// Limiter slows down guessing. nil is a NewMemoryLimiter with its
	// defaults on Config.Now.
	Limiter LoginLimiter
	// Template replaces the page; it gets a LoginPage. nil is ours.
	Template *template.Template
	// Style replaces the page's CSS. "" is ours. It can load nothing: no
	// font, no image, no import.
	Style string
}

// PasswordLogin shows our sign-in page, in English, Korean or Japanese as the
// browser prefers, and asks check about what was typed. The page needs no
// JavaScript and keeps no session: each authorization request asks again.
//
// check is called only for a form that this server made for this browser and
// this request within the last 15 minutes, and that the limiter let through.
func PasswordLogin(check PasswordChecker, opt PasswordOptions) Login {
	p := &passwordLogin{
		check:    check,
		service:  opt.Service,
		limiter:  opt.Limiter,
		template: loginTemplate,
		style:    defaultStyle,
	}
	if opt.Style != "" {
		p.style = newPageStyle(opt.Style)
	}
	if opt.Template != nil {
		p.template = opt.Template
	}
	if check == nil {
		p.bad = errors.New("oauth: PasswordLogin: check is nil")
	} else if err := checkLoginTemplate(p.template, p.style); err != nil {
		p.bad = fmt.Errorf("oauth: PasswordLogin: %w", err)
	}
	return p
}

type passwordLogin struct {
	check    PasswordChecker
	service  string
	template *template.Template
	style    pageStyle
	bad      error // why this Login cannot work, or nil

	// The default limiter waits for the clock of the first request's Server.
	once    sync.Once
	limiter LoginLimiter
}

func (p *passwordLogin) problem() error { return p.bad }

// loginForm is a submitted sign-in page. An account or password that is out of
// its bounds leaves valid false.
type loginForm struct {
	account, password, transaction string
	cancel, valid                  bool
}

// Authenticate shows the page, or checks a submitted one.
func (p *passwordLogin) Authenticate(w http.ResponseWriter, r *http.Request, in Interaction) (string, error) {
	if p.bad != nil {
		return "", p.bad
	}
	if in.server == nil {
		return "", errors.New("oauth: PasswordLogin: the Interaction is not a Server's")
	}
	if in.Silent {
		return "", nil // there is no session
	}
	if r.Method != http.MethodPost {
		return "", p.show(w, r, in, http.StatusOK, showing{})
	}
	s := in.server
	if !s.sameOrigin(r) {
		s.logLogin(r, in, "the form was posted from another origin than that of PublicURL")
		s.renderError(w, r, http.StatusForbidden, pageExpired, "")
		return "", nil
	}
	f, status := readForm(r)
	if status != 0 {
		s.logLogin(r, in, "the form is malformed")
		s.renderError(w, r, status, pageBadRequest, "")
		return "", nil
	}
	if f.cancel {
		return "", ErrDenied
	}
	browser := s.browserID(r)
	if browser == "" || s.verifyTransaction(f.transaction, browser, in.params) != nil {
		s.logLogin(r, in, "the page is stale or the browser has no cookie")
		return "", p.show(w, r, in, http.StatusBadRequest, showing{problem: stalePage, account: f.account})
	}
	return p.signIn(w, r, in, f)
}

func (p *passwordLogin) signIn(w http.ResponseWriter, r *http.Request, in Interaction, f loginForm) (string, error) {
	s, ctx := in.server, r.Context()
	if f.valid && (f.account == "" || f.password == "") {
		return "", p.show(w, r, in, http.StatusUnprocessableEntity, showing{problem: emptyField, account: f.account})
	}
	if !f.valid {
		return "", p.refuse(w, r, in, f)
	}
	p.once.Do(func() {
		if p.limiter == nil {
			p.limiter = NewMemoryLimiter(LimiterOptions{Now: s.cfg.Now})
		}
	})
	addr := clientAddr(r)
	retryAfter, err := p.limiter.Attempt(ctx, f.account, addr)
	if err != nil {
		return "", fmt.Errorf("oauth: login limiter: %w", err)
	}
	if retryAfter > 0 {
		s.logLogin(r, in, "too many attempts")
		s.traceLoginFailed(ctx, in, true)
		w.Header().Set("Retry-After", strconv.FormatInt(int64(math.Ceil(retryAfter.Seconds())), 10))
		return "", p.show(w, r, in, http.StatusTooManyRequests,
			showing{problem: tooManyAttempts, account: f.account, retryAfter: retryAfter})
	}
	userID, err := p.check(ctx, f.account, f.password)
	if errors.Is(err, ErrBadCredentials) {
		return "", p.refuse(w, r, in, f)
	}
	if err == nil && userID == "" {
		err = errors.New("the checker returned neither a user id nor an error")
	}
	if err != nil {
		p.refund(ctx, f.account, addr)
		return "", fmt.Errorf("oauth: check password: %w", err)
	}
	p.limiter.Succeeded(ctx, f.account, addr)
	return userID, nil
}

// refund takes back an attempt that the checker could not judge, so that its
// outage locks nobody out. One whose browser went away meanwhile stays counted:
// otherwise hanging up would buy any number of checks.
func (p *passwordLogin) refund(ctx context.Context, account string, addr netip.Addr) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if limiter, ok := p.limiter.(LimiterRefunder); ok {
		limiter.Refund(ctx, account, addr)
	}
}

func (p *passwordLogin) refuse(w http.ResponseWriter, r *http.Request, in Interaction, f loginForm) error {
	in.server.logLogin(r, in, "wrong account or password")
	in.server.traceLoginFailed(r.Context(), in, false)
	return p.show(w, r, in, http.StatusUnprocessableEntity, showing{problem: wrongPair, account: f.account})
}

// loginProblem is why the page is shown again.
type loginProblem int

const (
	noProblem loginProblem = iota
	stalePage
	emptyField
	wrongPair
	tooManyAttempts
)

// showing is what varies between two showings of the sign-in page.
type showing struct {
	problem    loginProblem
	account    string
	retryAfter time.Duration
}

func (p *passwordLogin) show(w http.ResponseWriter, r *http.Request, in Interaction, status int, shown showing) error {
	s := in.server
	c := catalogFor(r.Header.Get("Accept-Language"))
	service, client := s.serviceName(p.service), clientName(in.Client)
	data := LoginPage{
		Lang:        c.lang,
		Text:        c.loginText(service, client),
		Style:       p.style.css,
		Service:     service,
		Client:      client,
		Transaction: s.signTransaction(s.bindBrowser(w, r), in.params),
		Account:     shown.account,
		Invalid:     shown.problem == emptyField || shown.problem == wrongPair,
	}
	switch shown.problem {
	case noProblem:
	case stalePage:
		data.Problem = c.stale
	case emptyField:
		data.Problem = c.empty
	case wrongPair:
		data.Problem = c.wrong
	case tooManyAttempts:
		data.Problem = c.tooMany(shown.retryAfter)
	}
	return writePage(w, status, c.lang, p.style.policy, p.template, data)
}

// readForm reads the submitted page. status is 0, or the HTTP status of an
// answer to a body that our page cannot have sent.
func readForm(r *http.Request) (f loginForm, status int) {
	if !isForm(r) {
		return loginForm{}, http.StatusUnsupportedMediaType
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxLoginBody+1))
	if err != nil {
		return loginForm{}, http.StatusBadRequest
	}
	if len(body) > maxLoginBody {
		return loginForm{}, http.StatusRequestEntityTooLarge
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return loginForm{}, http.StatusBadRequest
	}
	for _, name := range []string{"account", "password", "transaction", "action"} {
		if len(values[name]) > 1 {
			return loginForm{}, http.StatusBadRequest
		}
	}
	f = loginForm{
		account:     strings.TrimSpace(values.Get("account")),
		password:    values.Get("password"),
		transaction: values.Get("transaction"),
		cancel:      values.Get("action") == "cancel",
	}
	f.valid = validAccount(f.account) && len(f.password) <= MaxPassword && utf8.ValidString(f.password)
	if !validAccount(f.account) {
		f.account = "" // never shown again
	}
	return f, 0
}

func validAccount(account string) bool {
	return utf8.ValidString(account) && utf8.RuneCountInString(account) <= MaxAccount &&
		strings.IndexFunc(account, unicode.IsControl) < 0
}

// sameOrigin reports whether a form was posted from our own page, as far as
// the browser tells.
func (s *Server) sameOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "null" {
		return true
	}
	public, err := url.Parse(s.cfg.PublicURL)
	if err != nil {
		return false
	}
	return strings.EqualFold(origin, originOf(public))
}

// originOf is the origin as a browser writes it: without the default port
// (RFC 6454 section 6.2).
func originOf(u *url.URL) string {
	port := u.Port()
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return u.Scheme + "://" + strings.TrimSuffix(u.Host, ":"+port)
	}
	return u.Scheme + "://" + u.Host
}

// clientAddr is the address by the rule of prism.Config.TrustedProxies, or
// outside a Service the connection's.
func clientAddr(r *http.Request) netip.Addr {
	if t, ok := prism.TransportFrom(r.Context()); ok {
		return t.ClientAddr
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr()
}

// logLogin never gets what was typed: people type passwords as accounts.
func (s *Server) logLogin(r *http.Request, in Interaction, reason string) {
	s.log.Info("sign-in refused",
		zap.String("reason", reason),
		zap.String("client_id", in.Client.ID),
		zap.Stringer("addr", clientAddr(r)),
		zap.String("request_id", prism.RequestID(r.Context())))
}

func (s *Server) traceLoginFailed(ctx context.Context, in Interaction, limited bool) {
	if s.cfg.Trace.LoginFailed != nil {
		s.cfg.Trace.LoginFailed(ctx, LoginEvent{ClientID: in.Client.ID, Limited: limited})
	}
}
