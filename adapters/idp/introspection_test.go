package idp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/prism"
)

const active = `{"active":true,"sub":"minji","client_id":"prism at the upstream","token_type":"Bearer"`

func TestIntrospectionRequest(t *testing.T) {
	t.Parallel()
	for _, auth := range []idp.AuthMethod{"", idp.AuthBasic, idp.AuthPost, idp.AuthNone} {
		r := newRig(t, func(c *idp.Config) {
			c.Introspection.Auth = auth
			if auth == idp.AuthNone {
				c.Introspection.ClientID, c.Introspection.ClientSecret = "", ""
			}
		})
		r.answer(http.StatusOK, active+`,"scope":"live"}`)
		got, err := r.bridge.Verify(t.Context(), "upstream-access-1")
		if diff := cmp.Diff(prism.Principal{UserID: "minji", ClientID: "prism", Scope: "live"}, got); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
		want := url.Values{"token": {"upstream-access-1"}, "token_type_hint": {"access_token"}}
		if auth == idp.AuthPost {
			want["client_id"], want["client_secret"] = []string{"inspector"}, []string{"inspector-secret"}
		}
		asked := r.asked()
		if len(asked) != 1 || asked[0].path != "/introspect" {
			t.Fatalf("asked %v", asked)
		}
		if diff := cmp.Diff(want, asked[0].form); diff != "" {
			t.Error(diff)
		}
		id, secret, basic := (&http.Request{Header: asked[0].header}).BasicAuth()
		if wantBasic := auth == "" || auth == idp.AuthBasic; basic != wantBasic || basic && (id != "inspector" || secret != "inspector-secret") {
			t.Errorf("%s: basic %v %q", auth, basic, id)
		}
	}
}

func TestIntrospectionAnswers(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for name, c := range map[string]struct {
		body string
		ok   bool
	}{
		"plain":                       {active + `}`, true},
		"token_use":                   {`{"active":true,"sub":"minji","client_id":"prism at the upstream","token_use":"access_token"}`, true},
		"typ":                         {`{"active":true,"sub":"minji","azp":"prism at the upstream","typ":"Bearer"}`, true},
		"all three":                   {active + `,"token_use":"access_token","typ":"Bearer","azp":"prism at the upstream"}`, true},
		"all checks":                  {active + fmt.Sprintf(`,"iss":%q,"aud":["live"],"exp":%d,"nbf":%d}`, testIssuer, at(time.Hour), at(0)), true},
		"clock of the upstream ahead": {active + fmt.Sprintf(`,"nbf":%d}`, at(30*time.Second)), true},
		"clock behind":                {active + fmt.Sprintf(`,"exp":%d}`, at(-29*time.Second)), true},
		"nulls":                       {active + `,"exp":null,"aud":null,"scope":null,"azp":null}`, true},

		"not active":              {`{"active":false}`, false},
		"not active, with claims": {strings.Replace(active, "true", "false", 1) + `}`, false},
		"refresh token":           {`{"active":true,"sub":"minji","client_id":"prism at the upstream"}`, false},
		"refresh token, Hydra":    {active + `,"token_use":"refresh_token"}`, false},
		"refresh token, Keycloak": {`{"active":true,"sub":"minji","client_id":"prism at the upstream","typ":"Refresh"}`, false},
		"ID token":                {`{"active":true,"sub":"minji","client_id":"prism at the upstream","typ":"ID"}`, false},
		"DPoP":                    {strings.Replace(active, "Bearer", "DPoP", 1) + `}`, false},
		"token_type a number":     {`{"active":true,"sub":"minji","client_id":"prism at the upstream","token_type":1}`, false},
		"bound to a key":          {active + `,"cnf":{"x5t#S256":"x"}}`, false},
		"of another client":       {strings.Replace(active, "prism at the upstream", "webshop", 1) + `}`, false},
		"of two clients":          {active + `,"azp":"webshop"}`, false},
		"of another issuer":       {active + `,"iss":"https://evil.example.com"}`, false},
		"for another audience":    {active + `,"aud":"account"}`, false},
		"expired":                 {active + fmt.Sprintf(`,"exp":%d}`, at(-30*time.Second)), false},
		"not valid yet":           {active + fmt.Sprintf(`,"nbf":%d}`, at(31*time.Second)), false},
		"required claim missing":  {active + `}`, false},
		"required claim differs":  {active + `,"tenant":"b"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(c *idp.Config) {
				c.Issuer = testIssuer
				if strings.Contains(name, "audience") || name == "all checks" {
					c.Audience = []string{"live"}
				}
				if strings.HasPrefix(name, "required") {
					c.Require = map[string]string{"tenant": "a"}
				}
			})
			r.answer(http.StatusOK, c.body)
			got, err := r.bridge.Verify(t.Context(), "upstream-access-1")
			if c.ok && (err != nil || got.UserID != "minji" || got.ClientID != "prism") {
				t.Errorf("got %v, %v", got, err)
			}
			if !c.ok && !errors.Is(err, prism.ErrUnauthorized) {
				t.Errorf("got %v, want ErrUnauthorized", err)
			}
		})
	}
}

func TestAcceptUntyped(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *idp.Config) { c.Introspection.AcceptUntyped = true })
	r.answer(http.StatusOK, `{"active":true,"sub":"minji","client_id":"prism at the upstream"}`)
	if _, err := r.bridge.Verify(t.Context(), "upstream-access-1"); err != nil {
		t.Error(err)
	}
	r.answer(http.StatusOK, `{"active":true,"sub":"minji","client_id":"prism at the upstream","token_use":"refresh_token"}`)
	if _, err := r.bridge.Verify(t.Context(), "upstream-access-2"); !errors.Is(err, prism.ErrUnauthorized) {
		t.Error("a refresh token passed")
	}
}

// A token that cannot be one never reaches the upstream.
func TestMalformedTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, token := range []string{"", " ", "a b", "a\r\nb", "토큰", "a\x00", "a\x7f", strings.Repeat("a", 16<<10+1)} {
		if _, err := r.bridge.Verify(t.Context(), token); !errors.Is(err, prism.ErrUnauthorized) {
			t.Errorf("%.10q: got %v", token, err)
		}
	}
	if n := len(r.asked()); n > 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
}
