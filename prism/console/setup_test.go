package console

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func TestConfigProblems(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Registration: Registration{ServiceAPIDomain: "live.example.com", AuthorizeURL: "/oauth/authorize", RedirectURI: "ftp://x"}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, field := range []string{"ServiceAPIDomain", "AuthorizeURL", "RedirectURI"} {
		if !strings.Contains(err.Error(), "Config.Registration."+field) {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("accepted without a service API domain")
	}
	if _, err := New(Config{Registration: Registration{ServiceAPIDomain: "https://live.example.com"}}); err != nil {
		t.Error(err)
	}
}

func TestFormLimits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		check func(string) problem
		value string
		want  problem
	}{
		{checkCredential, "abc", fits}, {checkCredential, "AZaz09AZaz09AZaz0920", fits}, {checkCredential, "ab", wrongLength},
		{checkCredential, "AZaz09AZaz09AZaz09201", wrongLength}, {checkCredential, "a-b-c", notLetters}, {checkCredential, "아이디", notLetters},
		{checkCredential, "", missingValue},
		{checkName, "우리방송국", fits}, {checkName, "ab", wrongLength}, {checkName, strings.Repeat("가", 20), fits},
		{checkName, strings.Repeat("가", 21), wrongLength},
		{checkDomain, "https://live.example.com", fits}, {checkDomain, "https://live.example.com/base", fits},
		{checkDomain, "http://live.example.com", notHTTPS}, {checkDomain, "https://live.example.com/", notBare},
		{checkDomain, "https://live.example.com?x=y", notBare}, {checkDomain, "https://live.example.com#x", notBare},
		{checkDomain, "https://u:p@live.example.com", notBare}, {checkDomain, ":", notHTTPS},
		{checkAuthorizeURL, "https://a.example/" + strings.Repeat("x", 82), fits},
		{checkAuthorizeURL, "https://a.example/" + strings.Repeat("x", 83), tooLong},
		{checkAuthorizeURL, "http://a.example/", notHTTPS}, {checkAuthorizeURL, ":", notHTTPS},
		{checkRedirectURI, prismRedirect + "acme1", fits}, {checkRedirectURI, prismRedirect, noServiceID},
		{checkRedirectURI, prismRedirect + "{serviceId}", noServiceID}, {checkRedirectURI, prismRedirect + "SERVICE_ID", noServiceID},
		{checkRedirectURI, "https://global.apis.naver.com/", notPRISM}, {checkRedirectURI, "https://attacker.example/" + prismRedirect, notPRISM},
	} {
		if got := test.check(test.value); got != test.want {
			t.Errorf("%q: %q, want %q", test.value, got, test.want)
		}
	}
}

func TestRegistrationPage(t *testing.T) {
	t.Parallel()
	cfg := testConfig(newClock())
	cfg.Registration = Registration{
		ServiceName: "Acme", ServiceAPIDomain: "https://live.example.com", ClientID: "acme-live", ClientSecretAt: "vault: prism",
	}
	c := newTestConsole(t, cfg)
	type row struct{ Label, Value, Problem, Copy string }
	var got []row
	s := c.setup(c.view(request(t, "?view=setup")))
	for _, r := range s.Rows {
		got = append(got, row{r.Label, r.Value, r.Problem, r.Copy})
	}
	if diff := cmp.Diff([]row{
		{"Service name", "Acme", "", "Copy: Service name"},
		{"Service API domain", "https://live.example.com", "", "Copy: Service API domain"},
		{"Authorization URL", "https://live.example.com/oauth/authorize", "", "Copy: Authorization URL"},
		{"Client ID", "acme-live", "The form takes English letters and digits only.", "Copy: Client ID"},
		{"Client secret", "", "", ""},
		{"Redirect URI", "", "", ""},
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if note := s.Rows[4].Note; !strings.Contains(note, "vault: prism") {
		t.Errorf("the note is %q", note)
	}
	if page := get(t, c, "?view=setup").Body.String(); !strings.Contains(page, "no service is attached") || strings.Contains(page, "cap-title") {
		t.Error("capabilities of no service")
	}
}

// bareAuth has no endpoints.
type bareAuth struct{}

func (bareAuth) Verify(context.Context, string) (prism.Principal, error) {
	return prism.Principal{}, prism.ErrUnauthorized
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://127.0.0.1/live"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		edit  func(*prism.Config)
		boxes string
		off   []string
	}{
		{"all", func(*prism.Config) {}, "LIVE_CHAT_LIST, LIVE_CHAT_SEND, LIVE_CHAT_DELETE, USER_BAN",
			[]string{"Config.Auth is no prism.AuthorizeEndpoint", "Config.Auth is no prism.TokenEndpoint"}},
		{"chat to read", func(cfg *prism.Config) {
			cfg.ChatSend, cfg.ChatDelete, cfg.Ban, cfg.Managers, cfg.Update = nil, nil, nil, nil, nil
		}, "LIVE_CHAT_LIST", []string{
			"Config.Auth is no prism.AuthorizeEndpoint", "Config.Auth is no prism.TokenEndpoint", "Config.ChatSend is nil",
			"Config.ChatDelete is nil", "Config.Ban is nil", "Config.Managers is nil", "Config.Update is nil",
		}},
		{"none", func(cfg *prism.Config) {
			cfg.Chat, cfg.ChatSend, cfg.ChatDelete, cfg.Ban, cfg.Managers, cfg.Update = nil, nil, nil, nil, nil, nil
		}, "none", []string{
			"Config.Auth is no prism.AuthorizeEndpoint", "Config.Auth is no prism.TokenEndpoint", "Config.Chat is nil", "Config.ChatSend is nil",
			"Config.ChatDelete is nil", "Config.Ban is nil", "Config.Managers is nil", "Config.Update is nil",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := prism.FromStore(store)
			cfg.Auth, cfg.Development = bareAuth{}, true
			test.edit(&cfg)
			svc, err := prism.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			c := newTestConsole(t, testConfig(newClock()))
			c.Attach(svc)
			s := c.setup(c.view(request(t, "?view=setup")))
			var off []string
			for _, row := range s.Capabilities {
				if !row.On {
					off = append(off, row.Reason)
				}
			}
			if s.Boxes != test.boxes {
				t.Errorf("the boxes are %q, want %q", s.Boxes, test.boxes)
			}
			if diff := cmp.Diff(test.off, off); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
