package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/oauth"
)

func TestTokenRequestIsTranslated(t *testing.T) {
	t.Parallel()
	other := "https://prism.example.com/other"
	for name, c := range map[string]struct {
		query string
		want  url.Values
	}{
		"code": {
			"grant_type=authorization_code&code=the-code&state=x&redirect_uri=" + url.QueryEscape(other),
			url.Values{"grant_type": {"authorization_code"}, "code": {"the-code"}, "redirect_uri": {other}},
		},
		"code without redirect_uri": {
			"grant_type=authorization_code&code=the-code",
			url.Values{"grant_type": {"authorization_code"}, "code": {"the-code"}, "redirect_uri": {redirectURI}},
		},
		"code with verifier": {
			"grant_type=authorization_code&code=a%2Bb%26c&code_verifier=v&redirect_uri=",
			url.Values{"grant_type": {"authorization_code"}, "code": {"a+b&c"}, "redirect_uri": {redirectURI}, "code_verifier": {"v"}},
		},
		"token":         {"grant_type=refresh_token&token=r1", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"r1"}}},
		"_token":        {"grant_type=refresh_token&_token=r2&state=s", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"r2"}}},
		"refresh_token": {"grant_type=refresh_token&refresh_token=r3", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"r3"}}},
		"all spellings": {
			"grant_type=refresh_token&refresh_token=r4&token=r4&_token=&scope=live",
			url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"r4"}, "scope": {"live"}},
		},
	} {
		for _, auth := range []idp.AuthMethod{idp.AuthBasic, idp.AuthPost} {
			t.Run(name+" "+string(auth), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, func(c *idp.Config) { c.TokenAuth = auth })
				got := r.token(c.query)
				if got.Code != http.StatusOK || got.Access != "upstream-access-1" || got.Refresh != "upstream-refresh-1" ||
					*got.ExpiresIn != 3600 || got.Type != "bearer" {
					t.Fatalf("got %d %s", got.Code, got.Body)
				}
				asked := r.asked()
				if len(asked) != 1 || asked[0].method != http.MethodPost || asked[0].path != "/token" {
					t.Fatalf("asked %v", asked)
				}
				want := url.Values{}
				for k, v := range c.want {
					want[k] = v
				}
				header := asked[0].header
				if auth == idp.AuthPost {
					want["client_id"], want["client_secret"] = []string{"prism at the upstream"}, []string{upstreamSecret}
					if header.Get("Authorization") != "" {
						t.Error("the credentials were sent twice")
					}
				} else {
					id, secret, ok := (&http.Request{Header: header}).BasicAuth()
					if !ok || id != "prism+at+the+upstream" || secret != url.QueryEscape(upstreamSecret) {
						t.Errorf("Authorization has %q", id)
					}
				}
				if diff := cmp.Diff(want, asked[0].form); diff != "" {
					t.Error(diff)
				}
				for name := range header {
					if strings.HasPrefix(name, "X-Prism") {
						t.Errorf("%s went to the upstream", name)
					}
				}
			})
		}
	}
}

func TestTokenRequestIsRefused(t *testing.T) {
	t.Parallel()
	const code = "grant_type=authorization_code&code=the-code"
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
	}
	for name, c := range map[string]struct {
		query  string
		change func(*http.Request)
		status int
		error  string
	}{
		"no id":              {code, header("x-prism-client-id"), 401, "invalid_client"},
		"no secret":          {code, header("x-prism-client-secret"), 401, "invalid_client"},
		"two ids":            {code, header("x-prism-client-id", "prism", "prism"), 401, "invalid_client"},
		"two secrets":        {code, header("x-prism-client-secret", consoleSecret, consoleSecret), 401, "invalid_client"},
		"unknown id":         {code, header("x-prism-client-id", "prysm"), 401, "invalid_client"},
		"upstream id":        {code, header("x-prism-client-id", "prism at the upstream"), 401, "invalid_client"},
		"wrong secret":       {code, header("x-prism-client-secret", "wrong"), 401, "invalid_client"},
		"empty secret":       {code, header("x-prism-client-secret", ""), 401, "invalid_client"},
		"upstream secret":    {code, header("x-prism-client-secret", upstreamSecret), 401, "invalid_client"},
		"POST":               {code, func(r *http.Request) { r.Method = http.MethodPost }, 405, "invalid_request"},
		"HEAD":               {code, func(r *http.Request) { r.Method = http.MethodHead }, 405, "invalid_request"},
		"no query":           {"", nil, 400, "invalid_request"},
		"no grant_type":      {"code=x", nil, 400, "invalid_request"},
		"password":           {"grant_type=password&username=a&password=b", nil, 400, "unsupported_grant_type"},
		"client_credentials": {"grant_type=client_credentials", nil, 400, "unsupported_grant_type"},
		"misprint":           {"grant_type=refresh+token&token=a", nil, 400, "unsupported_grant_type"},
		"no code":            {"grant_type=authorization_code&code=", nil, 400, "invalid_request"},
		"no refresh token":   {"grant_type=refresh_token&token=&_token=", nil, 400, "invalid_request"},
		"spellings differ":   {"grant_type=refresh_token&token=a&refresh_token=b", nil, 400, "invalid_request"},
		"duplicate":          {code + "&code=the-code", nil, 400, "invalid_request"},
		"duplicate ignored":  {code + "&state=a&state=a", nil, 400, "invalid_request"},
		"duplicate grant":    {code + "&grant_type=refresh_token", nil, 400, "invalid_request"},
		"bad escape":         {code + "%zz", nil, 400, "invalid_request"},
		"semicolon":          {code + ";x=1", nil, 400, "invalid_request"},
		"too long":           {code + "&x=" + strings.Repeat("a", 16<<10), nil, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			req := prismRequest(t.Context(), c.query)
			if c.change != nil {
				c.change(req)
			}
			got := serve(t, r.bridge, req)
			if got.Code != c.status || got.Error != c.error {
				t.Errorf("got %d %s, want %d %s", got.Code, got.Body, c.status, c.error)
			}
			if challenge := got.Header().Get("WWW-Authenticate"); (challenge != "") != (c.status == 401) {
				t.Errorf("WWW-Authenticate: %q", challenge)
			}
			if allow := got.Header().Get("Allow"); (allow == "GET") != (c.status == 405) {
				t.Errorf("Allow: %q", allow)
			}
			if asked := r.asked(); len(asked) > 0 {
				t.Errorf("the upstream was asked: %v", asked)
			}
		})
	}
}

// Unknown clients and wrong secrets look the same, and two secrets stand
// during a change.
func TestClientSecrets(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *idp.Config) {
		c.Clients[0].Secrets = []oauth.Secret{
			{Digest: oauth.DigestOf("old0secret"), NotAfter: newClock().Now().Add(time.Hour)},
			{Digest: oauth.DigestOf("new0secret"), NotBefore: newClock().Now()},
		}
	})
	try := func(id, secret string) reply {
		req := prismRequest(t.Context(), "grant_type=authorization_code&code=the-code")
		req.Header.Set("x-prism-client-id", id)
		req.Header.Set("x-prism-client-secret", secret)
		return serve(t, r.bridge, req)
	}
	for _, secret := range []string{"old0secret", "new0secret"} {
		if got := try("prism", secret); got.Code != http.StatusOK {
			t.Errorf("%s: %d", secret, got.Code)
		}
	}
	r.clock.Advance(time.Hour)
	wrong, unknown := try("prism", "old0secret"), try("nobody", "new0secret")
	if wrong.Code != 401 || wrong.Body.String() != unknown.Body.String() || wrong.Code != unknown.Code {
		t.Errorf("got %d %s and %d %s", wrong.Code, wrong.Body, unknown.Code, unknown.Body)
	}
}

func TestTokenAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body    string
		refresh string
		expires int64
		scope   string
	}{
		"as it is":             {goodTokens, "upstream-refresh-1", 3600, ""},
		"expires_in a string":  {`{"access_token":"upstream-access-1","refresh_token":"r","expires_in":"600","token_type":"bearer","scope":"a b"}`, "r", 600, "a b"},
		"expires_in huge":      {`{"access_token":"upstream-access-1","refresh_token":"r","expires_in":99999999999,"token_type":"BEARER"}`, "r", 2147483647, ""},
		"expires_in not told":  {`{"access_token":"upstream-access-1","refresh_token":"r","token_type":"bearer"}`, "r", 7200, ""},
		"more fields":          {`{"access_token":"upstream-access-1","refresh_token":"r","expires_in":600,"token_type":"bearer","id_token":"x","not-before-policy":0,"scope":7}`, "r", 600, ""},
		"refresh_token absent": {`{"access_token":"upstream-access-1","expires_in":600,"token_type":"bearer"}`, "the-old-one", 600, ""},
		"refresh_token null":   {`{"access_token":"upstream-access-1","refresh_token":null,"expires_in":600,"token_type":"bearer"}`, "the-old-one", 600, ""},
		"refresh_token empty":  {`{"access_token":"upstream-access-1","refresh_token":"","expires_in":600,"token_type":"bearer"}`, "the-old-one", 600, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(c *idp.Config) { c.DefaultExpiresIn = 2 * time.Hour })
			r.answer(http.StatusOK, c.body)
			got := r.token("grant_type=refresh_token&token=the-old-one")
			if got.Code != http.StatusOK || got.Access != "upstream-access-1" || got.Type != "bearer" ||
				got.Refresh != c.refresh || *got.ExpiresIn != c.expires || got.Scope != c.scope {
				t.Errorf("got %d %s", got.Code, got.Body)
			}
		})
	}
}

// The upstream's error codes become RFC 6749 errors; its texts stay behind.
func TestUpstreamRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		code   string
		want   int
		error  string
	}{
		"invalid_grant":              {400, "invalid_grant", 400, "invalid_grant"},
		"invalid_grant 401":          {401, "invalid_grant", 400, "invalid_grant"},
		"token_inactive":             {401, "token_inactive", 400, "invalid_grant"},
		"invalid_request":            {400, "invalid_request", 400, "invalid_request"},
		"invalid_scope":              {400, "invalid_scope", 400, "invalid_scope"},
		"unauthorized_client":        {403, "unauthorized_client", 503, "temporarily_unavailable"},
		"unauthorized_client 400":    {400, "unauthorized_client", 503, "temporarily_unavailable"},
		"Keycloak, a wrong secret":   {401, "unauthorized_client", 503, "temporarily_unavailable"},
		"unsupported_grant_type":     {400, "unsupported_grant_type", 400, "unsupported_grant_type"},
		"invalid_client":             {401, "invalid_client", 503, "temporarily_unavailable"},
		"invalid_client 400":         {400, "invalid_client", 503, "temporarily_unavailable"},
		"temporarily_unavailable":    {400, "temporarily_unavailable", 503, "temporarily_unavailable"},
		"server_error":               {400, "server_error", 503, "temporarily_unavailable"},
		"invalid_grant with 500":     {500, "invalid_grant", 503, "temporarily_unavailable"},
		"a code of its own":          {400, "upstream's own words", 502, "server_error"},
		"no code":                    {400, "", 502, "server_error"},
		"invalid_grant with 200":     {200, "invalid_grant", 502, "server_error"},
		"invalid_grant with 302":     {302, "invalid_grant", 502, "server_error"},
		"403 with a code of its own": {403, "upstream's own words", 503, "temporarily_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.answer(c.status, `{"error":"`+c.code+`","error_description":"upstream's own words <b>","error_uri":"https://x"}`)
			for _, query := range []string{"grant_type=authorization_code&code=the-code", "grant_type=refresh_token&token=upstream-refresh-0"} {
				got := r.token(query)
				if got.Code != c.want || got.Error != c.error {
					t.Errorf("got %d %s, want %d %s", got.Code, got.Body, c.want, c.error)
				}
				if retry := got.Header().Get("Retry-After"); (retry != "") != (c.want == 503) {
					t.Errorf("Retry-After: %q", retry)
				}
			}
			// What PRISM cannot repair is an error in the log, what it can is none.
			want := zapcore.InfoLevel
			if c.want >= 500 {
				want = zapcore.ErrorLevel
			}
			if n := r.log.FilterLevelExact(want).Len(); n != 2 {
				t.Errorf("%d entries of level %v in the log, want 2: %v", n, want, r.log.All())
			}
		})
	}
}
