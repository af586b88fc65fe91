package oauth_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// Each case is one request to each of the endpoints, with a good token request
// as its body.
func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	good := basic(clientID, clientSecret)
	for _, c := range []struct {
		name   string
		auth   []string // Authorization
		form   []string // added to the body
		change func(*http.Request)
		want   string // error, or "" for an authenticated client
	}{
		{name: "basic", auth: []string{good}},
		{name: "basic in lower case", auth: []string{"basic " + good[6:]}},
		{name: "basic with more spaces", auth: []string{"Basic   " + good[6:] + " "}},
		{name: "basic, form-encoded", auth: []string{basic("%50rism000000000000001", clientSecret)}},
		{name: "post", form: []string{"client_id", clientID, "client_secret", clientSecret}},
		{name: "basic, client_id beside it", auth: []string{good}, form: []string{"client_id", clientID}},
		{name: "basic, empty secret beside it", auth: []string{good}, form: []string{"client_secret", ""}},
		{name: "charset", auth: []string{good}, change: func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		}},

		{name: "nothing", want: "invalid_client"},
		{name: "id alone", form: []string{"client_id", clientID}, want: "invalid_client"},
		{name: "secret alone", form: []string{"client_secret", clientSecret}, want: "invalid_client"},
		{name: "empty secret", form: []string{"client_id", clientID, "client_secret", ""}, want: "invalid_client"},
		{name: "wrong secret, post", form: []string{"client_id", clientID, "client_secret", "x"}, want: "invalid_client"},
		{name: "wrong secret", auth: []string{basic(clientID, "x")}, want: "invalid_client"},
		{name: "another's secret", auth: []string{basic(clientID, otherSecret)}, want: "invalid_client"},
		{name: "unknown client", auth: []string{basic("Nobody", clientSecret)}, want: "invalid_client"},
		{name: "no colon", auth: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(clientID))}, want: "invalid_client"},
		{name: "no base64", auth: []string{"Basic !!!"}, want: "invalid_client"},
		{name: "not strict", auth: []string{good[:len(good)-1] + "\n" + good[len(good)-1:]}, want: "invalid_client"},
		{name: "bad escape in the id", auth: []string{basic("%zz", clientSecret)}, want: "invalid_client"},
		{name: "bad escape in the secret", auth: []string{basic(clientID, "%")}, want: "invalid_client"},
		{name: "too long", auth: []string{basic(clientID, strings.Repeat("a", 4<<10))}, want: "invalid_client"},
		{name: "empty header", auth: []string{""}, want: "invalid_client"},
		{name: "bearer", auth: []string{"Bearer " + clientSecret}, want: "invalid_client"},
		{name: "PRISM's headers", change: func(r *http.Request) {
			r.Header.Set("X-Prism-Client-Id", clientID)
			r.Header.Set("X-Prism-Client-Secret", clientSecret)
		}, want: "invalid_client"},

		{name: "both", auth: []string{good}, form: []string{"client_id", clientID, "client_secret", clientSecret}, want: "invalid_request"},
		{name: "bad header and good form", auth: []string{"Bearer x"}, form: []string{"client_id", clientID, "client_secret", clientSecret}, want: "invalid_request"},
		{name: "header twice", auth: []string{good, good}, want: "invalid_request"},
		{name: "another client_id", auth: []string{good}, form: []string{"client_id", otherID}, want: "invalid_request"},
		{name: "client_id twice", form: []string{"client_id", clientID, "client_id", clientID, "client_secret", clientSecret}, want: "invalid_request"},
		{name: "secret twice", form: []string{"client_id", clientID, "client_secret", clientSecret, "client_secret", "x"}, want: "invalid_request"},
		{name: "secret in the query", change: func(r *http.Request) {
			r.URL.RawQuery = query("client_id", clientID, "client_secret", clientSecret).Encode()
		}, want: "invalid_request"},
		{name: "query", auth: []string{good}, change: func(r *http.Request) { r.URL.RawQuery = "x" }, want: "invalid_request"},
		{name: "JSON", auth: []string{good}, change: func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, want: "invalid_request"},
		{name: "multipart", auth: []string{good}, change: func(r *http.Request) {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		}, want: "invalid_request"},
		{name: "no content type", auth: []string{good}, change: func(r *http.Request) { r.Header.Del("Content-Type") }, want: "invalid_request"},
		{name: "bad escape", auth: []string{good}, change: withBody("grant_type=%z"), want: "invalid_request"},
		{name: "semicolon", auth: []string{good}, change: withBody("grant_type=a;b=c"), want: "invalid_request"},
		{name: "body too long", auth: []string{good}, change: withBody("a=" + strings.Repeat("a", 8<<10)), want: "invalid_request"},
		{name: "body ends early", auth: []string{good}, change: func(r *http.Request) {
			r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
		}, want: "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			for endpoint, serve := range r.clientEndpoints() {
				form := query(append([]string{"grant_type", "refresh_token", "refresh_token", "x", "token", "x"}, c.form...)...)
				req := formRequest("/oauth2/"+endpoint, "", "", form)
				req.Header["Authorization"] = c.auth
				if c.auth == nil {
					req.Header.Del("Authorization")
				}
				if c.change != nil {
					c.change(req)
				}
				w := httptest.NewRecorder()
				serve(w, req)
				if w.Code == http.StatusOK || w.Code == http.StatusBadRequest && strings.Contains(w.Body.String(), "invalid_grant") {
					if c.want != "" {
						t.Errorf("%s: the client was authenticated", endpoint)
					}
					continue
				}
				a := r.readAnswer(w)
				status := http.StatusBadRequest
				if c.want == "invalid_client" {
					status = http.StatusUnauthorized
				}
				r.wantError(a, status, c.want)
				if got := a.header.Get("WWW-Authenticate"); status == http.StatusUnauthorized && !strings.HasPrefix(got, "Basic realm=") {
					t.Errorf("%s: WWW-Authenticate %q", endpoint, got)
				}
				if e := r.lastRefusal(); e.Endpoint != endpoint || e.Code != c.want || e.ClientID != "" {
					t.Errorf("%s: TokenRefused %+v", endpoint, e)
				}
			}
			if n := r.store.called("RotateRefresh") + r.store.called("RevokeFamily") + r.store.called("FindRefresh"); n != 0 {
				t.Errorf("%d calls reached the store", n)
			}
		})
	}
}

func withBody(body string) func(*http.Request) {
	return func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(body)) }
}

func TestStandardMethods(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for endpoint, serve := range r.clientEndpoints() {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, "PROPFIND"} {
			req := formRequest("/oauth2/"+endpoint, clientID, clientSecret, query("token", "x"))
			req.Method = method
			w := httptest.NewRecorder()
			serve(w, req)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
				t.Errorf("%s %s: %d, Allow %q", method, endpoint, w.Code, w.Header().Get("Allow"))
			}
		}
	}
}

// During a change of the secret both stand, each within its dates, at every
// endpoint and in every dialect.
func TestTwoSecretsDuringAChange(t *testing.T) {
	t.Parallel()
	const oldSecret, newSecret = "OldOldOldOldOldOld01", "NewNewNewNewNewNew01"
	begin := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	client := testClients()[0]
	client.Secrets = []oauth.Secret{
		{Digest: oauth.DigestOf(oldSecret), NotAfter: begin.Add(2 * time.Hour)},
		{Digest: oauth.DigestOf(newSecret), NotBefore: begin.Add(time.Hour)},
	}
	r := newRig(t, func(c *oauth.Config) { c.Clients = oauth.StaticClients(client) })
	r.keepSecret(oldSecret, newSecret)
	for _, want := range []struct{ old, new bool }{{true, false}, {true, true}, {false, true}} {
		for secret, ok := range map[string]bool{oldSecret: want.old, newSecret: want.new} {
			status, code := http.StatusUnauthorized, "invalid_client"
			if ok {
				status, code = http.StatusBadRequest, "invalid_grant"
			}
			grant := []string{"grant_type", "refresh_token", "refresh_token", "x"}
			r.wantError(r.tokenAs(clientID, secret, grant...), status, code)
			r.wantError(r.postAs(clientID, secret, grant...), status, code)
			r.wantError(r.postAs("", "", append(grant, "client_id", clientID, "client_secret", secret)...), status, code)
			for name, a := range map[string]answer{"revoke": r.revokeAs(clientID, secret, "token", "x"), "introspect": r.introspectAs(clientID, secret, "token", "x")} {
				if (a.status == http.StatusOK) != ok {
					t.Errorf("%s: %d, want ok %v", name, a.status, ok)
				}
			}
		}
		r.clock.advance(time.Hour)
	}
}
