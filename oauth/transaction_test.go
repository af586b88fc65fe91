package oauth

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"
)

var (
	loginSecretA = bytes.Repeat([]byte("a"), MinSecret)
	loginSecretB = bytes.Repeat([]byte("b"), MinSecret)
	loginStart   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func newTransactionServer(now *time.Time, secrets ...[]byte) *Server {
	return &Server{
		cfg: Config{
			Secrets:   secrets,
			PublicURL: "https://live.example.com/prism",
			Now:       func() time.Time { return *now },
		},
		log: zap.NewNop(),
	}
}

func loginParams() authorizeParams {
	return authorizeParams{
		ClientID:    "prismclient",
		RedirectURI: "https://global.apis.naver.com/prism/cb",
		State:       "s1",
		HasState:    true,
		Scope:       "live",
		Challenge:   "challenge",
	}
}

func TestTransactionBinds(t *testing.T) {
	t.Parallel()
	now := loginStart
	s := newTransactionServer(&now, loginSecretA)
	value := s.signTransaction("browser", loginParams())
	if err := s.verifyTransaction(value, "browser", loginParams()); err != nil {
		t.Fatalf("own transaction: %v", err)
	}
	tests := map[string]func(*authorizeParams){
		"client":       func(p *authorizeParams) { p.ClientID += "x" },
		"redirect URI": func(p *authorizeParams) { p.RedirectURI += "/" },
		"state":        func(p *authorizeParams) { p.State = "s2" },
		"no state":     func(p *authorizeParams) { p.HasState = false },
		"scope":        func(p *authorizeParams) { p.Scope = "" },
		"challenge":    func(p *authorizeParams) { p.Challenge = "" },
		"moved byte": func(p *authorizeParams) {
			p.Challenge = p.Scope[3:] + p.Challenge
			p.Scope = p.Scope[:3]
		},
	}
	for name, change := range tests {
		p := loginParams()
		change(&p)
		if err := s.verifyTransaction(value, "browser", p); err == nil {
			t.Errorf("%s changed: still accepted", name)
		}
	}
	if err := s.verifyTransaction(value, "other browser", loginParams()); err == nil {
		t.Error("accepted for another browser")
	}
}

func TestTransactionExpires(t *testing.T) {
	t.Parallel()
	now := loginStart
	s := newTransactionServer(&now, loginSecretA)
	value := s.signTransaction("browser", loginParams())
	now = loginStart.Add(transactionTTL - time.Second)
	if err := s.verifyTransaction(value, "browser", loginParams()); err != nil {
		t.Errorf("a second before the end: %v", err)
	}
	now = loginStart.Add(transactionTTL)
	if err := s.verifyTransaction(value, "browser", loginParams()); err == nil {
		t.Error("accepted after its time")
	}
}

func TestTransactionSecrets(t *testing.T) {
	t.Parallel()
	now := loginStart
	before := newTransactionServer(&now, loginSecretA)
	during := newTransactionServer(&now, loginSecretB, loginSecretA)
	after := newTransactionServer(&now, loginSecretB)
	tests := []struct {
		name         string
		sign, verify *Server
		ok           bool
	}{
		{"another instance", before, newTransactionServer(&now, loginSecretA), true},
		{"old secret while it stands", before, during, true},
		{"new secret signs", during, after, true},
		{"new secret at an instance without it", during, before, false},
		{"old secret after it is gone", before, after, false},
	}
	for _, tt := range tests {
		value := tt.sign.signTransaction("browser", loginParams())
		if err := tt.verify.verifyTransaction(value, "browser", loginParams()); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestTransactionEveryByteCounts(t *testing.T) {
	t.Parallel()
	now := loginStart
	s := newTransactionServer(&now, loginSecretA)
	value := s.signTransaction("browser", loginParams())
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(value)-1).Draw(t, "index")
		b := rapid.Byte().Draw(t, "byte")
		forged := []byte(value)
		if forged[i] == b {
			t.Skip("unchanged")
		}
		forged[i] = b
		if s.verifyTransaction(string(forged), "browser", loginParams()) == nil {
			t.Fatalf("accepted with byte %d changed", i)
		}
	})
}

func FuzzTransaction(f *testing.F) {
	now := loginStart
	s := newTransactionServer(&now, loginSecretA)
	genuine := s.signTransaction("browser", loginParams())
	for _, seed := range []string{"", genuine, genuine + "=", genuine[1:], "\n" + genuine[1:], strings.Repeat("A", len(genuine)), "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		err := s.verifyTransaction(value, "browser", loginParams())
		if (err == nil) != (value == genuine) {
			t.Fatalf("verifyTransaction(%q) = %v", value, err)
		}
	})
}

func TestBrowserCookie(t *testing.T) {
	t.Parallel()
	now := loginStart
	for _, tt := range []struct {
		publicURL, name string
		secure          bool
	}{
		{"https://live.example.com", "__Host-prism_login", true},
		{"http://127.0.0.1:8080", "prism_login", false},
	} {
		s := newTransactionServer(&now, loginSecretA)
		s.cfg.PublicURL = tt.publicURL
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		rec := httptest.NewRecorder()
		id := s.bindBrowser(rec, req)
		cookies := rec.Result().Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: %d cookies", tt.publicURL, len(cookies))
		}
		c := cookies[0]
		if c.Name != tt.name || c.Value != id || c.Path != "/" || c.Domain != "" || c.Secure != tt.secure ||
			!c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 0 || !c.Expires.IsZero() {
			t.Errorf("%s: cookie %+v", tt.publicURL, c)
		}
		if raw, err := base64Strict.DecodeString(id); err != nil || len(raw) != 32 {
			t.Errorf("%s: id %q", tt.publicURL, id)
		}

		req.AddCookie(c)
		rec = httptest.NewRecorder()
		if again := s.bindBrowser(rec, req); again != id || len(rec.Result().Cookies()) != 0 {
			t.Errorf("%s: an existing id was not kept", tt.publicURL)
		}
	}
}

func TestBrowserCookieMalformed(t *testing.T) {
	t.Parallel()
	now := loginStart
	s := newTransactionServer(&now, loginSecretA)
	for _, value := range []string{"x", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("*", 43), strings.Repeat("_", 43)} {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.Header.Set("Cookie", secureBrowserCookie+"="+value)
		if got := s.browserID(req); got != "" {
			t.Errorf("cookie %q accepted", value)
		}
		rec := httptest.NewRecorder()
		if id := s.bindBrowser(rec, req); id == value || len(rec.Result().Cookies()) != 1 {
			t.Errorf("cookie %q not replaced", value)
		}
	}
}
