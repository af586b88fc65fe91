package oauth_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
)

// No form panics, gets a token, or is answered with anything but an OAuth
// error; the client is authenticated exactly if its id and secret stand in the
// form, once each.
func FuzzTokenForm(f *testing.F) {
	credentials := query("client_id", clientID, "client_secret", clientSecret).Encode()
	for _, body := range []string{
		"", credentials, credentials + "&grant_type=refresh_token&refresh_token=x", credentials + "&client_id=" + clientID,
		"grant_type=authorization_code&code=" + strings.Repeat("a", 43) + "&" + credentials, credentials + "&token=" + strings.Repeat("a", 43),
		"a=%zz", "a;b", credentials + ";x", strings.Repeat("a", 9<<10), "\x00=\xff", "client_id=%50rism000000000000001&client_secret=" + clientSecret,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := newRig(t)
		form, err := url.ParseQuery(body)
		authenticated := err == nil && len(body) <= 8<<10 &&
			slices.Equal(form["client_id"], []string{clientID}) && slices.Equal(form["client_secret"], []string{clientSecret})
		for _, v := range form {
			authenticated = authenticated && len(v) == 1
		}
		for name, serve := range r.clientEndpoints() {
			req := httptest.NewRequest(http.MethodPost, publicURL+"/oauth2/"+name, io.NopCloser(strings.NewReader(body)))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			serve(w, req)
			switch {
			case w.Code == http.StatusOK && name == "revoke" && authenticated:
			case w.Code == http.StatusOK && name == "introspect" && authenticated && w.Body.String() == `{"active":false}`:
			case w.Code == http.StatusBadRequest:
				r.readAnswer(w)
			case w.Code == http.StatusUnauthorized && !authenticated:
				r.readAnswer(w)
			default:
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	})
}

// No Authorization header panics or authenticates a client but with its id and
// secret.
func FuzzBasicAuth(f *testing.F) {
	for _, header := range []string{
		"", "Basic", "Basic ", basic(clientID, clientSecret), basic(clientID, "x"), basic("%50rism000000000000001", clientSecret),
		basic(clientID, clientSecret+"\x00"), basic(clientID+":", clientSecret), basic("%zz", "%"), "Basic !!!!", "bASIC  " + basic(clientID, clientSecret)[6:],
		basic(clientID, clientSecret) + "=", "Bearer " + clientSecret, "Basic\t" + basic(clientID, clientSecret)[6:],
	} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := newRig(t)
		req := formRequest("/oauth2/token", "", "", query("grant_type", "refresh_token", "refresh_token", "x"))
		req.Header["Authorization"] = []string{header}
		a := r.serveForm(req)
		id, secret, ok := req.BasicAuth()
		if ok {
			// The standard library's view of it, and the form-encoding of RFC
			// 6749 section 2.3.1.
			var idErr, secretErr error
			id, idErr = url.QueryUnescape(id)
			secret, secretErr = url.QueryUnescape(secret)
			ok = idErr == nil && secretErr == nil && id == clientID && secret == clientSecret
		}
		switch {
		case a.status == http.StatusBadRequest && a.Error == "invalid_grant":
			if !ok && !strings.HasPrefix(strings.ToLower(header), "basic  ") && !strings.HasSuffix(header, " ") {
				t.Errorf("%q authenticated", header)
			}
		case a.status != http.StatusUnauthorized || a.Error != "invalid_client":
			t.Errorf("%q: %d %s", header, a.status, a.body)
		}
	})
}

// No body that is posted to the authorization endpoint yields a code without a
// page of ours that was answered.
func FuzzConsentForm(f *testing.F) {
	for _, body := range []string{
		"", "prism_consent=x&action=allow", "prism_consent=" + strings.Repeat("a", 97) + "&action=allow", "prism_consent=&action=deny",
		"prism_consent=x&prism_consent=y&action=allow", "prism_consent=%zz", "action=allow", "prism_consent=x&action=allow&action=deny",
		"account=u1&password=p&transaction=" + strings.Repeat("a", 54) + "&action=signin", "prism_consent=" + strings.Repeat("\xff", 50) + "&action=allow",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := newRig(t, withConsent, withPassword)
		b := newBrowser(r)
		b.get(authorizeQuery())
		w := b.post(authorizeQuery(), nil, func(req *http.Request) { req.Body = io.NopCloser(strings.NewReader(body)) })
		if location := w.Header().Get("Location"); location != "" && !strings.HasPrefix(location, redirectURI+"?error=access_denied&") {
			t.Errorf("%d, Location %q", w.Code, location)
		}
		if r.store.called("SaveCode") != 0 {
			t.Error("something was saved")
		}
	})
}

// The address to come back to asks what the request asked, but not to sign in
// anew.
func FuzzResume(f *testing.F) {
	for _, q := range []string{
		authorizeQuery("prompt", "login"), authorizeQuery("prompt", "login consent"), authorizeQuery("prompt", "consent"),
		strings.Replace(authorizeQuery("prompt", "login"), "prompt", "%70rompt", 1), authorizeQuery("prompt", "login") + "&&x",
		authorizeQuery("prompt", "login", "state", "prompt=login"), "prompt=login&" + authorizeQuery(),
		"x=#&" + authorizeQuery("prompt", "login"),
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, rawQuery string) {
		var resume string
		login := loginWith(func(in oauth.Interaction) { resume = in.Resume })
		r := newRig(t, func(c *oauth.Config) { c.Login = login })
		r.authorize(http.MethodGet, rawQuery)
		if resume == "" {
			return
		}
		u, err := url.Parse(resume)
		if err != nil || !strings.HasPrefix(resume, publicURL+"/oauth/authorize?") {
			t.Fatalf("%q: %v", resume, err)
		}
		sent, err := url.ParseQuery(rawQuery)
		if err != nil {
			t.Fatal(err)
		}
		if words := strings.Split(sent.Get("prompt"), " "); slices.Contains(words, "login") {
			sent.Del("prompt")
			if slices.Contains(words, "consent") {
				sent.Set("prompt", "consent")
			}
		}
		if got := u.Query().Encode(); got != sent.Encode() {
			t.Errorf("%q resumes as %q", rawQuery, got)
		}
	})
}

// loginWith is a Login that notes what it is asked and then denies.
type loginWith func(oauth.Interaction)

func (f loginWith) Authenticate(_ http.ResponseWriter, _ *http.Request, in oauth.Interaction) (string, error) {
	f(in)
	return "", oauth.ErrDenied
}
