package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// sessionHost is a host with a session of its own that obeys prompt=login.
type sessionHost struct {
	user     string
	asked    []oauth.Interaction
	signIns  int
	ignorant bool // never looks at the Interaction

}

func (h *sessionHost) current(r *http.Request, resume string) (userID, redirect string, err error) {
	in, ok := oauth.InteractionFrom(r.Context())
	if !ok {
		return "", "", errors.New("no Interaction")
	}
	h.asked = append(h.asked, in)
	if h.user != "" && (h.ignorant || !in.Reauthenticate) {
		return h.user, "", nil
	}
	h.signIns++
	return "", "/login?next=" + url.QueryEscape(resume), nil
}

func TestPromptLoginAsksOnce(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"login", "login consent", "consent login", "login select_account"} {
		r := newRig(t)
		host := &sessionHost{user: "u1"}
		r.login = host.current
		w := r.authorize(http.MethodGet, authorizeQuery("prompt", value)+"&x=%70")
		next, err := url.Parse(w.Header().Get("Location"))
		if err != nil || next.Path != "/login" {
			t.Fatalf("%q: %d, Location %q", value, w.Code, w.Header().Get("Location"))
		}
		resume, err := url.Parse(next.Query().Get("next"))
		if err != nil || strings.Contains(resume.Query().Get("prompt"), "login") {
			t.Fatalf("%q: resume %s, %v", value, resume, err)
		}
		want := query("response_type", "code", "client_id", clientID, "redirect_uri", redirectURI, "state", "st", "x", "p")
		if strings.Contains(value, "consent") {
			want.Set("prompt", "consent")
		}
		if got := resume.Query().Encode(); got != want.Encode() {
			t.Errorf("%q: resume asks %s, want %s", value, got, want.Encode())
		}
		w = r.authorize(http.MethodGet, resume.RawQuery)
		if strings.Contains(value, "consent") {
			if w.Code != http.StatusOK {
				t.Errorf("%q: %d", value, w.Code)
			}
			continue
		}
		if _, q := r.location(w); q.Get("code") == "" {
			t.Errorf("%q: %v", value, q)
		}
		if host.signIns != 1 {
			t.Errorf("%q: %d sign-ins, want 1", value, host.signIns)
		}
	}
}

// A host that does not know of prompt=login goes on with its session, and does
// not send the browser round and round.
func TestPromptLoginWithAHostThatCannot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	host := &sessionHost{user: "u1", ignorant: true}
	r.login = host.current
	r.code("prompt", "login")
	if len(host.asked) != 1 || !host.asked[0].Reauthenticate || host.asked[0].Silent {
		t.Errorf("asked %+v", host.asked)
	}
}

func TestPromptNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*rig, *oauth.Config)
		want string // error, or "" for a code
	}{
		{"session", func(r *rig, _ *oauth.Config) { r.login = (&sessionHost{user: "u1"}).current }, ""},
		{"no session", func(r *rig, _ *oauth.Config) { r.login = (&sessionHost{}).current }, "login_required"},
		{"session, disabled user", func(r *rig, _ *oauth.Config) { r.login = (&sessionHost{user: "blocked"}).current }, "access_denied"},
		{"session, consent needed", func(r *rig, c *oauth.Config) {
			r.login = (&sessionHost{user: "u1"}).current
			c.Consent = &oauth.ConsentOptions{}
		}, "consent_required"},
		{"no session, consent needed", func(r *rig, c *oauth.Config) {
			r.login = (&sessionHost{}).current
			c.Consent = &oauth.ConsentOptions{}
		}, "login_required"},
		{"password page", func(_ *rig, c *oauth.Config) {
			c.Login = oauth.PasswordLogin(func(context.Context, string, string) (string, error) { return "u1", nil }, oauth.PasswordOptions{})
		}, "login_required"},
		{"login unavailable", func(r *rig, _ *oauth.Config) { r.loginFails(prism.ErrUnavailable) }, "temporarily_unavailable"},
		{"login fails", func(r *rig, _ *oauth.Config) { r.loginFails(errors.New("boom")) }, "server_error"},
		{"a Login that writes", func(_ *rig, c *oauth.Config) { c.Login = writingLogin{} }, "login_required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			held := &rig{} // takes the login, since the rig is not there yet
			r := newRig(t, func(cfg *oauth.Config) { c.edit(held, cfg) })
			r.login = held.login
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				w := r.authorize(method, authorizeQuery("prompt", "none"))
				if w.Code != http.StatusFound && w.Code != http.StatusSeeOther || w.Body.Len() != 0 || len(w.Result().Cookies()) != 0 {
					t.Errorf("%s: %d %q, cookies %v: something was shown", method, w.Code, w.Body, w.Result().Cookies())
				}
				u, q := r.location(w)
				r.keepSecret(q.Get("code"))
				if u.Host != "app.example.com" || q.Get("error") != c.want || q.Has("code") != (c.want == "") || q.Get("state") != "st" || q.Get("iss") != publicURL {
					t.Errorf("%s: %s", method, u)
				}
			}
		})
	}
}

// writingLogin is a Login that does not look at Interaction.Silent.
type writingLogin struct{}

func (writingLogin) Authenticate(w http.ResponseWriter, _ *http.Request, _ oauth.Interaction) (string, error) {
	http.SetCookie(w, &http.Cookie{Name: "n", Value: "v"})
	w.WriteHeader(http.StatusOK)
	_, err := w.Write([]byte("a page"))
	return "", err
}

func TestPromptIsChecked(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "x": "", "select_account": "", "NONE": "", "none login": "invalid_request", "consent none": "invalid_request",
		"none none": "invalid_request", "none x": "invalid_request", " none ": "login_required",
	} {
		r := newRig(t)
		host := &sessionHost{}
		if want == "" {
			host.user = "u1"
		}
		r.login = host.current
		_, q := r.location(r.authorize(http.MethodGet, authorizeQuery("prompt", value)))
		if q.Get("error") != want || q.Has("code") != (want == "") {
			t.Errorf("%q: %v, want %q", value, q, want)
		}
		r.keepSecret(q.Get("code"))
	}
	r := newRig(t)
	for mode, want := range map[string]string{"query": "", "": "", "fragment": "invalid_request", "form_post": "invalid_request", "web_message": "invalid_request"} {
		u, q := r.location(r.authorize(http.MethodGet, authorizeQuery("response_mode", mode)))
		if q.Get("error") != want || u.Fragment != "" {
			t.Errorf("response_mode %q: %s", mode, u)
		}
		r.keepSecret(q.Get("code"))
	}
}

func TestPasswordLoginAndPromptLogin(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *oauth.Config) {
		c.Login = oauth.PasswordLogin(func(context.Context, string, string) (string, error) { return "u1", nil }, oauth.PasswordOptions{})
	})
	b := newBrowser(r)
	page := b.get(authorizeQuery("prompt", "login"))
	if page.Code != http.StatusOK {
		t.Fatal(page.Code)
	}
	// The form posts to its own address, which has prompt=login still.
	answer := b.post(authorizeQuery("prompt", "login"), query("account", "a", "password", "b", "transaction", field(t, page, "transaction"), "action", "signin"))
	if _, q := r.location(answer); !q.Has("code") {
		t.Errorf("%v", q)
	}
}

// browser keeps the cookies of one browser.
type browser struct {
	r       *rig
	cookies []*http.Cookie
}

func newBrowser(r *rig) *browser { return &browser{r: r} }

func (b *browser) do(req *http.Request) *httptest.ResponseRecorder {
	for _, c := range b.cookies {
		req.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.r.server.ServeAuthorize(w, req)
	for _, c := range w.Result().Cookies() {
		b.cookies = append(slices.DeleteFunc(b.cookies, func(old *http.Cookie) bool { return old.Name == c.Name }), c)
	}
	if u, err := url.Parse(w.Header().Get("Location")); err == nil {
		b.r.keepSecret(u.Query().Get("code"))
	}
	return w
}

func (b *browser) get(rawQuery string, header ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodGet, publicURL+"/oauth/authorize?"+rawQuery, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.do(req)
}

func (b *browser) post(rawQuery string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, publicURL+"/oauth/authorize?"+rawQuery, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://api.example.com")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range change {
		c(req)
	}
	return b.do(req)
}

// field is the value of a hidden field of a page.
func field(t testing.TB, page *httptest.ResponseRecorder, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page.Body.String(), `name="`+name+`" value="`)
	if !ok {
		t.Fatalf("%d: no field %s in\n%s", page.Code, name, page.Body)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
