package prism_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func TestNewReportsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, err := prism.New(prism.Config{
		Ban: &stubHost{}, Managers: &stubHost{}, ChatDelete: &stubHost{},
		Secrets:        [][]byte{[]byte("short")},
		BasePath:       "prism/",
		Deadline:       time.Hour,
		MaxBody:        -1,
		LiveListLimit:  -1,
		TrustedProxies: []netip.Prefix{{}},
	})
	if err == nil {
		t.Fatal("a Config full of mistakes was accepted")
	}
	for _, field := range []string{"Users", "Channels", "Lives", "Auth", "Ban", "Managers", "ChatDelete", "Secrets[0]", "BasePath",
		"Deadline", "MaxBody", "LiveListLimit", "TrustedProxies[0]"} {
		if !strings.Contains(err.Error(), "Config."+field+" ") {
			t.Errorf("the error does not name %s:\n%v", field, err)
		}
	}
}

func TestSecretsAreRequiredUnlessDevelopment(t *testing.T) {
	t.Parallel()
	cfg := prism.FromStore(&stubHost{})
	cfg.Auth = testTokens
	if _, err := prism.New(cfg); err == nil || !strings.Contains(err.Error(), "Config.Secrets ") {
		t.Errorf("without Secrets: %v", err)
	}
	cfg.Development = true
	if _, err := prism.New(cfg); err != nil {
		t.Errorf("in development: %v", err)
	}
}

func TestBasePaths(t *testing.T) {
	t.Parallel()
	for base, ok := range map[string]bool{
		"": true, "/": true, "/prism": true, "/a/b-c_d.e": true,
		"prism": false, "/prism/": false, "//": false, "/a//b": false, "/a/../b": false, "/a b": false, "/a%2Fb": false, "/{x}": false,
	} {
		cfg := prism.FromStore(&stubHost{})
		cfg.Auth, cfg.Secrets, cfg.BasePath = testTokens, testSecrets, base
		if _, err := prism.New(cfg); (err == nil) != ok {
			t.Errorf("BasePath %q: %v, want ok %v", base, err, ok)
		}
	}
}

func TestChatSendWithoutChatIsAWarning(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *prism.Config) { c.Chat, c.ChatDelete, c.Ban, c.Managers = nil, nil, nil, nil })
	if h.log.FilterMessageSnippet("ChatSend without Chat").Len() != 1 {
		t.Error("no warning was logged")
	}
	live := h.create("t")
	if a := h.do("PUT", liveBase+live.LiveID+"/chat", `{"message":"m"}`); a.Code != 200 {
		t.Errorf("send: %d", a.Code)
	}
	h.wantError(h.do("POST", liveBase+live.LiveID+"/chat", `{"maxResults":1}`), prism.ErrNoSuchAPI)
}

func TestHandlerPanicsOnABadConfig(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("Handler accepted an empty Config")
		}
	}()
	prism.Handler(prism.Config{})
}
