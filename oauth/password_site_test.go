package oauth

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// loginSite is a Server and its PasswordLogin as a browser meets them.
type loginSite struct {
	server *Server
	login  Login
	params authorizeParams
	now    time.Time

	checked []string // what the checker was asked
	failed  []LoginEvent
	logs    *observer.ObservedLogs
}

func newLoginSite(t *testing.T, opt PasswordOptions) *loginSite {
	t.Helper()
	site := &loginSite{now: loginStart, params: loginParams()}
	site.server = newTransactionServer(&site.now, loginSecretA)
	site.server.cfg.Trace.LoginFailed = func(_ context.Context, e LoginEvent) { site.failed = append(site.failed, e) }
	var core zapcore.Core
	core, site.logs = observer.New(zap.DebugLevel)
	site.server.log = zap.New(core)
	site.login = PasswordLogin(func(_ context.Context, account, password string) (string, error) {
		site.checked = append(site.checked, account+"|"+password)
		switch {
		case account == "broken":
			return "", errLoginStore
		case account == "nobody":
			return "", nil
		case account == "alice" && password == "s3cret pw":
			return "user-1", nil
		}
		return "", ErrBadCredentials
	}, opt)
	return site
}

var errLoginStore = errors.New("user store is down")

type loginAnswer struct {
	user   string
	err    error
	status int
	header http.Header
	body   string
	cookie *http.Cookie
}

func (site *loginSite) send(req *http.Request) loginAnswer {
	rec := httptest.NewRecorder()
	user, err := site.login.Authenticate(rec, req, Interaction{
		Client: Client{ID: site.params.ClientID},
		Scope:  site.params.Scope,
		Resume: site.server.cfg.PublicURL + "/oauth/authorize",
		server: site.server,
		params: site.params,
	})
	res := rec.Result()
	a := loginAnswer{user: user, err: err, status: res.StatusCode, header: res.Header, body: rec.Body.String()}
	for _, c := range res.Cookies() {
		a.cookie = c
	}
	return a
}

func (site *loginSite) get(cookies ...*http.Cookie) loginAnswer {
	req := httptest.NewRequest(http.MethodGet, "https://live.example.com/prism/oauth/authorize", nil)
	for _, c := range cookies {
		req.AddCookie(c)
	}
	return site.send(req)
}

var transactionField = regexp.MustCompile(`name="transaction" value="([^"]*)"`)

func (a loginAnswer) transaction(t *testing.T) string {
	t.Helper()
	m := transactionField.FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("no transaction in the page:\n%s", a.body)
	}
	return html.UnescapeString(m[1])
}

// loginPost is a browser's POST of the form; change alters it.
func loginPost(cookie *http.Cookie, form url.Values, change func(*http.Request)) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "https://live.example.com/prism/oauth/authorize", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://live.example.com")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if cookie != nil {
		req.AddCookie(cookie)
	}
	if change != nil {
		change(req)
	}
	return req
}

func loginFields(account, password, transaction string) url.Values {
	return url.Values{"account": {account}, "password": {password}, "transaction": {transaction}, "action": {"signin"}}
}

// checkNothingTyped looks for the password in the page and for both in the log.
func checkNothingTyped(t *testing.T, site *loginSite, fields url.Values, got loginAnswer) {
	t.Helper()
	password, account := fields.Get("password"), strings.TrimSpace(fields.Get("account"))
	if len(password) > 3 && strings.Contains(got.body, password) {
		t.Error("the page shows the password")
	}
	for _, e := range site.logs.All() {
		line := e.Message
		for _, f := range e.Context {
			line += " " + f.String
		}
		if len(password) > 3 && strings.Contains(line, password) || len(account) > 3 && strings.Contains(line, account) {
			t.Errorf("the log has what was typed: %s", line)
		}
	}
}
