package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var styleElement = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

func checkPageHeaders(t *testing.T, h http.Header, body string) {
	t.Helper()
	m := styleElement.FindAllStringSubmatch(body, -1)
	if len(m) != 1 {
		t.Fatalf("%d style elements", len(m))
	}
	sum := sha256.Sum256([]byte(m[0][1]))
	want := map[string]string{
		"Content-Type": "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"X-Frame-Options":        "DENY",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "same-origin",
		"Cache-Control":          "no-store",
		"Vary":                   "Accept-Language",
	}
	for name, value := range want {
		if got := h.Get(name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	for _, bad := range []string{"<script", "style=", "onclick", "http-equiv", "<img", "<iframe", "target="} {
		if strings.Contains(strings.ReplaceAll(body, m[0][0], ""), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if lang := h.Get("Content-Language"); !strings.Contains(body, `<html lang="`+lang+`">`) {
		t.Errorf("Content-Language %q is not the page's", lang)
	}
}

func TestLoginPageHeaders(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{})
	page := site.get()
	checkPageHeaders(t, page.header, page.body)
	failed := site.send(loginPost(page.cookie, loginFields("alice", "no", page.transaction(t)), nil))
	checkPageHeaders(t, failed.header, failed.body)
}

func TestLoginPageMarkup(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{Service: "Acme Live"})
	page := site.get()
	for _, want := range []string{
		`<form method="post" novalidate>`,
		`<meta name="viewport" content="width=device-width, initial-scale=1">`,
		`<label for="account">`, `<label for="password">`,
		`autocomplete="username"`, `autocomplete="current-password"`,
		`<title>Sign in to Acme Live</title>`,
		`PRISM Live Studio`,
	} {
		if !strings.Contains(page.body, want) {
			t.Errorf("no %s", want)
		}
	}
	if signIn, cancel := strings.Index(page.body, `value="signin"`), strings.Index(page.body, `value="cancel"`); signIn < 0 || cancel < signIn {
		t.Error("the Enter key must sign in: that button comes first")
	}
	if strings.Contains(page.body, `role="alert"`) || strings.Contains(page.body, "aria-describedby") {
		t.Error("a first page has no problem to tell")
	}
	failed := site.send(loginPost(page.cookie, loginFields("alice", "no", page.transaction(t)), nil))
	for _, want := range []string{`id="problem" role="alert"`, `aria-describedby="problem"`, `aria-invalid="true"`} {
		if !strings.Contains(failed.body, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestLoginPageNamesHost(t *testing.T) {
	t.Parallel()
	site := newLoginSite(t, PasswordOptions{})
	if page := site.get(); !strings.Contains(page.body, "<h1>Sign in to live.example.com</h1>") {
		t.Error("the page does not say where one signs in")
	}
}

// Markup in anything that the page shows stays text.
func TestLoginPageEscapes(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>{{.Style}}`
	site := newLoginSite(t, PasswordOptions{Service: "S" + evil})
	rec := httptest.NewRecorder()
	req := loginPost(nil, loginFields("A"+evil, "pw", ""), nil)
	in := Interaction{Client: Client{ID: "c", Name: "N" + evil}, server: site.server, params: site.params}
	if _, err := site.login.Authenticate(rec, req, in); err != nil {
		t.Fatal(err)
	}
	body := rec.Body.String()
	if strings.Contains(body, "<script") {
		t.Error("markup got through")
	}
	for _, name := range []string{"S", "A", "N"} {
		if !strings.Contains(body, name+template.HTMLEscapeString(evil)) {
			t.Errorf("%s… is not shown as text", name)
		}
	}
}

func TestPageLanguages(t *testing.T) {
	t.Parallel()
	tests := []struct{ header, want string }{
		{"", "en"},
		{"ko", "ko"},
		{"ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"},
		{"ja-JP", "ja"},
		{"fr, ja;q=0.5", "ja"},
		{"en;q=0.5, ko;q=0.9", "ko"},
		{"en-GB", "en"},
		{"de", "en"},
		{"zh-TW", "en"},
		{"*", "en"},
		{";;;q=", "en"},
		{"ko;q=x", "en"},
		{"ko" + strings.Repeat(",ko", maxAcceptLanguage), "en"},
	}
	for _, tt := range tests {
		if got := catalogFor(tt.header).lang; got != tt.want {
			t.Errorf("Accept-Language %.40q: %s, want %s", tt.header, got, tt.want)
		}
	}
}

// Every language has every text, and no placeholder is left or misspelt.
func TestCatalogsComplete(t *testing.T) {
	t.Parallel()
	for _, c := range catalogs {
		text := reflect.ValueOf(c.loginText("Acme", "Client"))
		for i := range text.NumField() {
			if s := text.Field(i).String(); s == "" || strings.ContainsAny(s, "{}") {
				t.Errorf("%s: %s = %q", c.lang, text.Type().Field(i).Name, s)
			}
		}
		for name, s := range map[string]string{
			"empty": c.empty, "wrong": c.wrong, "stale": c.stale, "too many": c.tooMany(3 * 60e9),
			"too many now": c.tooMany(1), "open": c.openSecure, "reference": c.reference,
		} {
			if s == "" || strings.ContainsAny(s, "{}") {
				t.Errorf("%s: %s = %q", c.lang, name, s)
			}
		}
		if !strings.Contains(c.tooMany(3*60e9), "3") {
			t.Errorf("%s: the minutes are missing", c.lang)
		}
		for page := pageUnknownClient; page <= pageExpired; page++ {
			if e := c.errors[page]; e.title == "" || e.message == "" {
				t.Errorf("%s: no text for page %d", c.lang, page)
			}
		}
		if title := c.loginText("Acme", "Client").Title; !strings.Contains(title, "Acme") {
			t.Errorf("%s: title %q", c.lang, title)
		}
	}
}

func TestCatalogNamesAreNotExpanded(t *testing.T) {
	t.Parallel()
	if got := english.loginText("{client}", "x").Title; got != "Sign in to {client}" {
		t.Errorf("title %q", got)
	}
}

func TestErrorPage(t *testing.T) {
	t.Parallel()
	const link = "https://live.example.com/prism/oauth/authorize?client_id=c&state=%22%3E"
	for page := pageUnknownClient; page <= pageExpired; page++ {
		for _, lang := range []string{"en", "ko", "ja"} {
			now := loginStart
			s := newTransactionServer(&now, loginSecretA)
			req := httptest.NewRequest(http.MethodGet, "/oauth/authorize?client_id=needle&state=needle", nil)
			req.Header.Set("Accept-Language", lang)
			rec := httptest.NewRecorder()
			s.renderError(rec, req, http.StatusBadRequest, page, link)
			body := rec.Body.String()
			if rec.Code != http.StatusBadRequest {
				t.Errorf("page %d: status %d", page, rec.Code)
			}
			checkPageHeaders(t, rec.Header(), body)
			if rec.Header().Get("Content-Language") != lang || !strings.Contains(body, catalogFor(lang).errors[page].title) {
				t.Errorf("page %d is not in %s", page, lang)
			}
			if strings.Contains(body, "needle") {
				t.Errorf("page %d shows the request", page)
			}
			if shown := strings.Contains(body, `href="https://live.example.com/prism/oauth/authorize?client_id=c&amp;state=%22%3E"`); shown != (page == pageInsecure) {
				t.Errorf("page %d: link shown: %v", page, shown)
			}
		}
	}
}

func TestErrorPageRefusesOtherLinks(t *testing.T) {
	t.Parallel()
	now := loginStart
	s := newTransactionServer(&now, loginSecretA)
	for _, link := range []string{"", "http://live.example.com/", "javascript:alert(1)", "//evil.example.com"} {
		rec := httptest.NewRecorder()
		s.renderError(rec, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusForbidden, pageInsecure, link)
		if strings.Contains(rec.Body.String(), "<a ") {
			t.Errorf("link %q is shown", link)
		}
	}
}

func TestPasswordLoginTemplate(t *testing.T) {
	t.Parallel()
	custom := template.Must(template.New("own").Parse(`<html lang="{{.Lang}}"><style>{{.Style}}</style>` +
		`<p>{{.Service}}/{{.Client}}/{{.Text.SignIn}}/{{.Problem}}/{{.Invalid}}</p>` +
		`<form method="post"><input name="account" value="{{.Account}}"><input name="password" type="password">` +
		`<input type="hidden" name="transaction" value="{{.Transaction}}"></form></html>`))
	site := newLoginSite(t, PasswordOptions{Service: "Acme", Template: custom, Style: "p { content: \"<&>\" }\r\nb { margin: 0 }"})
	page := site.get()
	if !strings.Contains(page.body, "<p>Acme/PRISM Live Studio/Sign in//false</p>") {
		t.Errorf("page:\n%s", page.body)
	}
	if !strings.Contains(page.body, "<style>p { content: \"<&>\" }\nb { margin: 0 }</style>") {
		t.Errorf("the style was altered:\n%s", page.body)
	}
	checkPageHeaders(t, page.header, page.body)
	got := site.send(loginPost(page.cookie, url.Values{
		"account": {"alice"}, "password": {"s3cret pw"}, "transaction": {page.transaction(t)},
	}, nil))
	if got.user != "user-1" {
		t.Errorf("the custom form does not sign in: %v, status %d", got.err, got.status)
	}
}

func TestPasswordLoginBadOptions(t *testing.T) {
	t.Parallel()
	check := PasswordChecker(func(context.Context, string, string) (string, error) { return "u", nil })
	tests := []struct {
		name  string
		check PasswordChecker
		opt   PasswordOptions
		want  string
	}{
		{"no checker", nil, PasswordOptions{}, "check is nil"},
		{"template names a missing field", check, PasswordOptions{Template: template.Must(template.New("t").Parse("{{.Nope}}"))}, "Nope"},
		{"template without transaction", check, PasswordOptions{Template: template.Must(template.New("t").Parse("{{.Lang}}"))}, ".Transaction"},
		{"style ends its element", check, PasswordOptions{Style: "p{}</STYLE><script>"}, "</style"},
	}
	for _, tt := range tests {
		now := loginStart
		login := PasswordLogin(tt.check, tt.opt)
		rec := httptest.NewRecorder()
		user, err := login.Authenticate(rec, httptest.NewRequest(http.MethodGet, "/", nil),
			Interaction{server: newTransactionServer(&now, loginSecretA)})
		if user != "" || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %q, %v", tt.name, user, err)
		}
		if rec.Body.Len() != 0 {
			t.Errorf("%s: something was written", tt.name)
		}
	}
	if diff := cmp.Diff(nil, PasswordLogin(check, PasswordOptions{}).(*passwordLogin).problem()); diff != "" {
		t.Error(diff)
	}
}

func FuzzAcceptLanguage(f *testing.F) {
	for _, seed := range []string{"", "ko-KR,ko;q=0.9", "*;q=0", "en-u-co-phonebk", "x-y-z", strings.Repeat("a-", 300), "ja;q=1e9", "\x00", "i-klingon, ko"} {
		f.Add(seed)
	}
	now := loginStart
	s := newTransactionServer(&now, loginSecretA)
	f.Fuzz(func(t *testing.T, header string) {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.Header.Set("Accept-Language", header)
		rec := httptest.NewRecorder()
		s.renderError(rec, req, http.StatusBadRequest, pageExpired, "")
		switch lang := rec.Header().Get("Content-Language"); lang {
		case "en", "ko", "ja":
		default:
			t.Fatalf("Accept-Language %q: page in %q", header, lang)
		}
	})
}
