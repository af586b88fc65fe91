package idp_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/oauth"
)

func TestNewNamesEveryProblem(t *testing.T) {
	t.Parallel()
	https := goodConfig("https://idp.example.com")
	https.AllowInsecure = false
	for name, c := range map[string]struct {
		change func(*idp.Config)
		want   []string
	}{
		"good": {func(*idp.Config) {}, nil},
		"zero": {func(c *idp.Config) { *c = idp.Config{} }, []string{"Clients is empty", "TokenURL is missing", "Introspection and JWT are missing"}},
		"empty parts": {func(c *idp.Config) {
			c.Clients = []idp.Client{{}}
			c.Introspection, c.JWT = &idp.Introspection{}, &idp.JWT{}
		}, []string{
			"Clients[0].ID", "Clients[0].Secrets", "Clients[0].UpstreamSecret", "Introspection and JWT are both there",
			"Introspection.URL is missing", "Introspection.ClientID", "Introspection.ClientSecret", "Issuer is missing", "JWT.KeysURL is missing",
		}},
		"clients": {func(c *idp.Config) {
			second := c.Clients[0]
			third := second
			third.ID = "third"
			c.Clients = append(c.Clients, second, third, idp.Client{
				ID: "한글", UpstreamID: "a\n", UpstreamSecret: "x", Secrets: []oauth.Secret{oauth.NewSecret("")}, RedirectURI: "javascript:x",
			})
		}, []string{
			"Clients[1].ID is there twice", "Clients[2].UpstreamID is there twice",
			"Clients[3].ID must", "Clients[3].UpstreamID must", "Clients[3].Secrets[0]", "Clients[3].RedirectURI",
		}},
		"plain http": {func(c *idp.Config) {
			c.TokenURL, c.Introspection.URL = "http://idp.example.com/token", "http://127.0.0.1/introspect"
		}, []string{"TokenURL is plain http", "Introspection.URL is plain http"}},
		"keys over plain http": {func(c *idp.Config) {
			c.Introspection, c.JWT, c.Issuer = nil, &idp.JWT{KeysURL: "http://idp.example.com/keys"}, testIssuer
		}, []string{"JWT.KeysURL is plain http"}},
		"no host":         {func(c *idp.Config) { c.TokenURL = "https:///token" }, []string{"TokenURL has no host"}},
		"no scheme":       {func(c *idp.Config) { c.TokenURL = "idp.example.com" }, []string{"TokenURL must begin"}},
		"ftp":             {func(c *idp.Config) { c.TokenURL, c.AllowInsecure = "ftp://idp.example.com", true }, []string{"TokenURL must begin"}},
		"no URL":          {func(c *idp.Config) { c.TokenURL = "https://a:secret@b:x" }, []string{"TokenURL is not a URL"}},
		"user in the URL": {func(c *idp.Config) { c.TokenURL = "https://a:secret@idp.example.com" }, []string{"TokenURL has a user"}},
		"fragment":        {func(c *idp.Config) { c.TokenURL = "https://idp.example.com#a" }, []string{"TokenURL has a fragment"}},
		"methods": {func(c *idp.Config) {
			c.TokenAuth, c.Introspection.Auth = idp.AuthNone, "private_key_jwt"
		}, []string{"TokenAuth is", "Introspection.Auth is"}},
		"credentials without a use": {func(c *idp.Config) { c.Introspection.Auth = idp.AuthNone }, []string{"AuthNone: leave them out"}},
		"algorithms": {func(c *idp.Config) {
			c.Introspection, c.Issuer = nil, testIssuer
			c.JWT = &idp.JWT{KeysURL: "https://idp.example.com/keys", Algorithms: []string{"RS256", "HS256", "none", "", "rs256"}, Types: []string{"JWT", ""}, Leeway: time.Hour}
		}, []string{"Algorithms[1]", "Algorithms[2]", "Algorithms[3]", "Algorithms[4]", "Types has", "Leeway is", "Require is missing"}},
		"types of ID tokens": {func(c *idp.Config) {
			c.Introspection, c.Issuer = nil, testIssuer
			c.JWT = &idp.JWT{KeysURL: "https://idp.example.com/keys", Types: []string{"at+jwt", "application/jwt"}}
		}, []string{"Require is missing: ID tokens have the typ JWT of JWT.Types as well"}},
		"types of ID tokens, told apart": {func(c *idp.Config) {
			c.Introspection, c.Issuer, c.Require = nil, testIssuer, map[string]string{"typ": "Bearer"}
			c.JWT = &idp.JWT{KeysURL: "https://idp.example.com/keys", Types: []string{"JWT"}}
		}, nil},
		"any client": {func(c *idp.Config) { c.AnyClient = true }, []string{"Audience is missing"}},
		"audience":   {func(c *idp.Config) { c.Audience = []string{""} }, []string{"Audience has"}},
		"bounds": {func(c *idp.Config) {
			c.VerifyTTL, c.VerifyEntries, c.RefreshGrace, c.Timeout = time.Hour, -1, time.Hour, time.Hour
			c.DefaultExpiresIn = time.Millisecond
		}, []string{"VerifyTTL is", "VerifyEntries is", "RefreshGrace is", "Timeout is", "DefaultExpiresIn is"}},
		"negative": {func(c *idp.Config) { c.Timeout, c.DefaultExpiresIn = -1, math.MinInt64 }, []string{"Timeout is", "DefaultExpiresIn is"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := https
			cfg.Clients = append([]idp.Client(nil), https.Clients...)
			introspection := *https.Introspection
			cfg.Introspection = &introspection
			c.change(&cfg)
			b, err := idp.New(cfg)
			if err == nil {
				defer closeBridge(t, b)
			}
			text := ""
			if err != nil {
				text = err.Error()
			}
			for _, want := range c.want {
				if !strings.Contains(text, "idp: Config."+want) && !strings.Contains(text, want) {
					t.Errorf("no %q in:\n%s", want, text)
				}
			}
			lines := 0
			if text != "" {
				lines = strings.Count(text, "\n") + 1
			}
			if lines != len(c.want) {
				t.Errorf("%d problems, want %d:\n%s", lines, len(c.want), text)
			}
			if strings.Contains(text, "secret@") || strings.Contains(text, upstreamSecret) {
				t.Errorf("a secret is in the error:\n%s", text)
			}
		})
	}
}

func TestNewWarns(t *testing.T) {
	t.Parallel()
	core, log := observer.New(zap.WarnLevel)
	cfg := goodConfig("https://idp.example.com")
	cfg.Logger = zap.New(core)
	cfg.Clients[0].ID = "prism-live-studio"
	b, err := idp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer closeBridge(t, b)
	if log.Len() != 1 {
		t.Errorf("%d warnings, want one about the client id", log.Len())
	}

	r := newRig(t)
	r.answer(200, strings.Replace(goodTokens, "3600", "180", 1))
	for range 2 {
		r.token("grant_type=authorization_code&code=the-code")
	}
	if n := r.log.FilterMessageSnippet("180 seconds or less").Len(); n != 1 {
		t.Errorf("%d warnings about short lives, want 1", n)
	}
}
