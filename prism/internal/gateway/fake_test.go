package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const (
	fakeClientID    = "fakeclient"
	fakeSecret      = "fake0secret0of0b2b"
	fakeRedirect    = "https://prism.example/prism-auth-api/oauth/partner/fake?keep=1"
	fakeAccess      = "access-token-of-the-fake"
	fakeRefresh     = "refresh-token-of-the-fake"
	fakeCode        = "code-of-the-fake"
	fakeTransaction = "transaction-of-the-fake"
	fakeBase        = "rtmp://ingest.example/live"
	fakeKey         = "k3yk3yk3yk3yk3yk3yk3yk3yk3yk3y12"
)

var fakeUser = Credentials{Account: "streamer", Password: "pass word+&é"}

// answer is what the fake is about to send.
type answer struct {
	// route is "METHOD path", the path without /prism/v1/service and with
	// ids as they came.
	route  string
	status int
	header http.Header
	body   string
}

// fake is a service that follows the contract, with canned state: channel c1,
// lives l1 (RESERVED) and l2 (ON_AIR). wrong changes its answers.
type fake struct {
	t     *testing.T
	wrong func(*answer)
}

// newFake starts a fake and returns a Gateway that trusts it.
func newFake(t *testing.T, wrong func(*answer)) *Gateway {
	t.Helper()
	server := httptest.NewTLSServer(&fake{t, wrong})
	t.Cleanup(server.Close)
	return &Gateway{
		ServiceAPIDomain: server.URL, ClientID: fakeClientID, ClientSecret: fakeSecret, RedirectURI: fakeRedirect,
		HTTPClient: server.Client(),
	}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Errorf("reading the request: %v", err)
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/prism/v1/service")
	a := &answer{route: r.Method + " " + path, status: http.StatusOK, header: http.Header{}}
	a.header.Set("Cache-Control", "no-store")
	a.header.Set("Content-Type", "application/json")
	f.fill(a, r, string(body))
	if f.wrong != nil {
		f.wrong(a)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if _, err := io.WriteString(w, a.body); err != nil {
		f.t.Logf("writing the answer: %v", err)
	}
}

func (f *fake) fill(a *answer, r *http.Request, body string) {
	switch a.route {
	case "GET /oauth/authorize":
		f.authorize(a, r.URL.Query())
		return
	case "GET /login":
		a.header.Set("Content-Type", "text/html; charset=utf-8")
		a.body = loginPage(r.URL.Query().Get("state"))
		return
	case "POST /login":
		f.login(a, r, body)
		return
	case "GET /oauth2/token":
		f.token(a, r)
		return
	}
	switch {
	case r.Header.Get(HeaderAccessToken) != fakeAccess:
		a.fail(http.StatusUnauthorized, 40100, "INVALID_TOKEN")
		return
	case r.Method == http.MethodPatch:
		a.header.Set("Allow", "GET, PUT")
		a.fail(http.StatusMethodNotAllowed, 40500, "METHOD_NOT_ALLOWED")
		return
	}
	switch a.route {
	case "GET /user":
		a.ok(`{"user":{"userId":"u1","userName":"Streamer","profileThumbnail":null}}`)
	case "GET /channel/list":
		a.ok(`{"userName":"Streamer","channels":[` + fakeChannel("c1") + `,` + fakeChannel("c2") + `]}`)
	case "GET /channel/c1":
		a.ok(`{"userName":"Streamer","channel":` + fakeChannel("c1") + `}`)
	case "GET /channel/c1/lives":
		switch r.URL.Query().Get("status") {
		case "RESERVED":
			a.ok(`{"channelId":"c1","lives":[` + fakeLive("l1", "RESERVED") + `]}`)
		case "END":
			a.ok(`{"channelId":"c1","lives":[]}`)
		default:
			a.ok(`{"channelId":"c1","lives":[` + fakeLive("l1", "RESERVED") + `,` + fakeLive("l2", "ON_AIR") + `]}`)
		}
	case "GET /live/l1", "PUT /live/l1":
		a.ok(`{"channelId":"c1","live":` + fakeLive("l1", "RESERVED") + `}`)
	case "POST /channel/c1/live":
		a.ok(`{"channelId":"c1","live":` + fakeLive("l3", "RESERVED") + `}`)
	case "PUT /live/l1/start":
		a.ok(flat(fakeLive("l1", "ON_AIR")))
	case "PUT /live/l1/stop":
		a.ok(flat(fakeLive("l1", "END")))
	case "POST /live/l1/chat":
		if strings.Contains(body, `"pageToken":"t2"`) {
			a.ok(`{"liveId":"l1","nextPageToken":"t2","messages":[]}`)
			return
		}
		a.ok(`{"liveId":"l1","nextPageToken":"t2","messages":[` + fakeMessage("m1", "10:00:00") + `,` + fakeMessage("m2", "10:00:05") + `]}`)
	case "PUT /live/l1/chat", "DELETE /live/l1/chat/m1", "PUT /live/l1/ban/v1", "PUT /live/l1/timedBan/v1",
		"PUT /live/l1/unban/v1", "PUT /live/l1/mod/v1", "PUT /live/l1/unmod/v1":
		a.ok("null")
	default:
		a.fail(http.StatusNotFound, 40400, "NOT_FOUND")
	}
}

func (a *answer) ok(data string) {
	a.body = `{"success":true,"errorCode":0,"errorName":null,"message":null,"data":` + data + `}`
}

func (a *answer) fail(status, code int, name string) {
	a.status = status
	a.body = fmt.Sprintf(`{"success":false,"errorCode":%d,"errorName":%q,"message":"This is a sentence.","data":null}`, code, name)
}

func fakeChannel(id string) string {
	return `{"channelId":"` + id + `","channelName":"Channel","channelEnabled":true,"channelLink":"https://tv.example/` + id + `",` +
		`"channelDescription":"","channelTags":"game;talk","channelThumbnailUrl":null,"channelFollowerCount":7}`
}

func fakeLive(id, status string) string {
	return `{"liveId":"` + id + `","title":"Title","description":"","reservedAt":"2026-11-22T10:00:00+09:00","startAt":null,` +
		`"rtmpPath":"` + fakeBase + `/` + fakeKey + `","status":"` + status + `","scope":"PUBLIC","liveLink":"https://tv.example/live/` + id + `",` +
		`"liveStat":{"viewCount":3,"viewerCount":2,"likeCount":1,"chatCount":2147483647}}`
}

// flat is the data of start and stop.
func flat(live string) string {
	return `{"channelId":"c1","live":` + live + `,` + strings.TrimPrefix(live, "{")
}

func fakeMessage(id, at string) string {
	return `{"messageId":"` + id + `","messageAt":"2026-11-22T` + at + `Z","authorId":"v1","authorName":"Viewer","authorProfileThumbnail":null,` +
		`"isLiveOwner":false,"isLiveManager":true,"message":"hello"}`
}

func (f *fake) authorize(a *answer, query url.Values) {
	if query.Get("client_id") != fakeClientID || query.Get("redirect_uri") != fakeRedirect || query.Get("response_type") != "code" {
		a.status = http.StatusBadRequest
		a.header.Set("Content-Type", "text/html")
		a.body = "<p>The request is not valid."
		return
	}
	a.status = http.StatusFound
	a.header.Set("Location", "../login?state="+url.QueryEscape(query.Get("state")))
	a.header.Add("Set-Cookie", "__Host-tx="+fakeTransaction+"; Path=/; Secure; HttpOnly; SameSite=Lax")
}

func loginPage(state string) string {
	return `<!doctype html><title>Sign in</title>
<form action="/search"><input name="q"></form>
<form method="post" id="login">
<input type="hidden" name="state" value="` + state + `"><input type="hidden" name="tx" value="` + fakeTransaction + `">
<input name="account" autocomplete="username"><input name="nickname">
<input type="checkbox" name="remember" value="1"><input type="checkbox" name="terms" checked>
<select name="lang"><option value="ko">ko<option selected>en</select>
<button name="go" value="in">Sign in</button><button name="go" value="cancel">Cancel</button>
</form><input type="password" name="password" form="login">`
}

func (f *fake) login(a *answer, r *http.Request, body string) {
	form, err := url.ParseQuery(body)
	cookie, cookieErr := r.Cookie("__Host-tx")
	if err != nil || cookieErr != nil || cookie.Value != fakeTransaction || form.Get("tx") != fakeTransaction ||
		form.Get("lang") != "en" || form.Has("remember") || form.Get("terms") != "on" || len(form["go"]) != 1 || form.Get("go") != "in" ||
		r.Header.Get("Origin") != "https://"+r.Host {
		a.status = http.StatusBadRequest
		return
	}
	a.header.Set("Content-Type", "text/html; charset=utf-8")
	if form.Get("account") != fakeUser.Account || form.Get("password") != fakeUser.Password {
		a.status = http.StatusUnauthorized
		a.body = loginPage(form.Get("state"))
		return
	}
	a.status = http.StatusSeeOther
	a.header.Set("Location", fakeRedirect+"&code="+fakeCode+"&state="+url.QueryEscape(form.Get("state")))
}

func (f *fake) token(a *answer, r *http.Request) {
	query := r.URL.Query()
	ok := query.Get("grant_type") == "authorization_code" && query.Get("code") == fakeCode
	for _, param := range []string{"token", "_token", "refresh_token"} {
		ok = ok || query.Get("grant_type") == "refresh_token" && query.Get(param) == fakeRefresh
	}
	switch {
	case r.Header.Get(HeaderClientID) != fakeClientID || r.Header.Get(HeaderClientSecret) != fakeSecret:
		a.status = http.StatusUnauthorized
		a.body = `{"error":"invalid_client","error_description":"Wrong client."}`
	case !ok:
		a.status = http.StatusBadRequest
		a.body = `{"error":"invalid_grant","error_description":"No such code."}`
	default:
		a.body = `{"access_token":"` + fakeAccess + `","refresh_token":"` + fakeRefresh + `","expires_in":3600,"token_type":"bearer"}`
	}
}
