package idp_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
)

const (
	consoleSecret  = "console0secret0of0x"
	upstreamSecret = "a longer secret: with + and % & more than the console takes"
	redirectURI    = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/svc1"
)

// bridged is a service whose tokens come from a running oidc-provider.
type bridged struct {
	issuer  string
	gateway *prismtest.Gateway
	clock   *clock
	calls   *counter
}

// counter counts the calls to the upstream by endpoint.
type counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counter) add(_ context.Context, e idp.UpstreamEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[e.Endpoint]++
}

func (c *counter) of(endpoint string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[endpoint]
}

// newBridged mounts a bridge for one client of the upstream in prism.New.
func newBridged(t *testing.T, issuer string, client providerClient, change func(*idp.Config)) *bridged {
	t.Helper()
	b := &bridged{issuer: issuer, clock: &clock{now: time.Now()}, calls: &counter{}}
	cfg := idp.Config{
		Clients: []idp.Client{{
			ID: client.ID, Secrets: []oauth.Secret{oauth.NewSecret(consoleSecret)},
			UpstreamSecret: client.Secret, RedirectURI: redirectURI,
		}},
		TokenURL: issuer + "/token", TokenAuth: idp.AuthMethod(client.Auth), Issuer: issuer,
		UserID: func(_ context.Context, c idp.Claims) (string, error) {
			if c.Subject == "stranger" {
				return "", prism.ErrNotFound
			}
			return "host-" + c.Subject, nil
		},
		AllowInsecure: true, Now: b.clock.Now, Trace: idp.Trace{UpstreamDone: b.calls.add},
	}
	change(&cfg)
	bridge, err := idp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example/live"})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		store.PutUser(t.Context(), prism.User{ID: "host-minji", Name: "Minji"}),
		store.PutChannel(t.Context(), "host-minji", prism.Channel{ID: "main", Name: "Main", Enabled: true, Link: "https://tv.example/main"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	service := prism.FromStore(store)
	service.Auth, service.Secrets = bridge, [][]byte{bytes.Repeat([]byte("s"), prism.MinSecret)}
	svc, err := prism.New(service)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(svc)
	t.Cleanup(func() {
		server.Close()
		if err := errors.Join(svc.Close(), bridge.Close()); err != nil {
			t.Error(err)
		}
	})
	b.gateway = &prismtest.Gateway{
		ServiceAPIDomain: server.URL, AuthorizeURL: issuer + "/auth",
		ClientID: client.ID, ClientSecret: consoleSecret, RedirectURI: redirectURI, HTTPClient: server.Client(),
	}
	t.Cleanup(b.gateway.CloseIdleConnections)
	return b
}

// signIn goes through the upstream's own pages, which need not keep our rules
// for pages, and exchanges the code, which must.
func (b *bridged) signIn(t *testing.T, account string) prismtest.Tokens {
	t.Helper()
	code, err := b.gateway.Authorize(t.Context(), prismtest.Credentials{Account: account, Password: "any"})
	if code == "" {
		t.Fatalf("sign-in at the upstream: %v", err)
	}
	tokens, err := b.gateway.Exchange(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// revoke revokes a token at the upstream (RFC 7009).
func (b *bridged) revoke(t *testing.T, client providerClient, token string) {
	t.Helper()
	form := url.Values{"token": {token}}
	if client.Auth == "client_secret_post" {
		form.Set("client_id", client.ID)
		form.Set("client_secret", client.Secret)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.issuer+"/token/revocation", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client.Auth == "client_secret_basic" {
		req.SetBasicAuth(url.QueryEscape(client.ID), url.QueryEscape(client.Secret))
	}
	resp, err := b.gateway.HTTPClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("revocation: status %d", resp.StatusCode)
	}
}

func wantStatus(t *testing.T, err error, status int) {
	t.Helper()
	failure, ok := errors.AsType[*prismtest.APIError](err)
	if !ok || failure.Status != status {
		t.Errorf("got %v, want status %d", err, status)
	}
}

func wantGrantRefused(t *testing.T, err error) {
	t.Helper()
	failure, ok := errors.AsType[*prismtest.TokenError](err)
	if !ok || failure.Status != http.StatusBadRequest || failure.Code != "invalid_grant" || len(prismtest.Violations(err)) > 0 {
		t.Errorf("got %v, want 400 invalid_grant", err)
	}
}

// TestOIDCProvider runs the bridge against a server that is not ours, which
// rotates refresh tokens strictly.
func TestOIDCProvider(t *testing.T) {
	opaque := providerClient{ID: "prismOpaque", Secret: upstreamSecret, Auth: "client_secret_basic", RedirectURI: redirectURI}
	signed := providerClient{ID: "prismSigned", Secret: upstreamSecret, Auth: "client_secret_post", RedirectURI: redirectURI, JWT: true}
	other := providerClient{ID: "otherApp", Secret: upstreamSecret, Auth: "client_secret_basic", RedirectURI: redirectURI}
	inspector := providerClient{ID: "inspector", Secret: upstreamSecret, Auth: "client_secret_basic"}
	issuer := startProvider(t, opaque, signed, other, inspector)

	byIntrospection := func(cfg *idp.Config) {
		cfg.Introspection = &idp.Introspection{URL: issuer + "/token/introspection", ClientID: inspector.ID, ClientSecret: inspector.Secret}
	}
	byKeys := func(cfg *idp.Config) {
		cfg.JWT = &idp.JWT{KeysURL: issuer + "/jwks"}
		cfg.Audience = []string{"urn:example:live"}
	}

	for name, c := range map[string]struct {
		client   providerClient
		change   func(*idp.Config)
		endpoint string
	}{
		"introspection": {opaque, byIntrospection, "introspection"},
		"keys":          {signed, byKeys, "keys"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBridged(t, issuer, c.client, c.change)
			ctx := t.Context()
			tokens := b.signIn(t, "minji")
			if c.client.JWT != (strings.Count(tokens.AccessToken, ".") == 2) {
				t.Fatal("the upstream issued an access token of the other format")
			}
			user, err := b.gateway.Session(tokens).User(ctx)
			if err != nil || user.ID != "host-minji" {
				t.Fatalf("user: %v, %v", user, err)
			}
			if _, err := b.gateway.Session(tokens).CreateLive(ctx, "main", prismtest.NewLive{Title: "Hello"}); err != nil {
				t.Error(err)
			}
			if n := b.calls.of(c.endpoint); n != 1 {
				t.Errorf("%d calls for two requests with one token, want 1", n)
			}

			for _, spelling := range []string{
				prismtest.RefreshParamToken, prismtest.RefreshParamUnderscoreToken, prismtest.RefreshParamRefreshToken,
			} {
				before := tokens
				if tokens, err = b.gateway.RefreshAs(ctx, before.RefreshToken, spelling); err != nil {
					t.Fatalf("refresh as %s: %v", spelling, err)
				}
				if tokens.RefreshToken == before.RefreshToken || tokens.AccessToken == before.AccessToken {
					t.Fatal("the upstream did not rotate")
				}
				if _, err := b.gateway.Session(tokens).User(ctx); err != nil {
					t.Errorf("refreshed as %s: %v", spelling, err)
				}
			}

			parallelRefresh(t, b, tokens)
		})
	}

	t.Run("redirect_uri left out", func(t *testing.T) {
		b := newBridged(t, issuer, opaque, byIntrospection)
		b.gateway.OmitRedirectURI = true
		b.signIn(t, "minji")
	})
	t.Run("code redeemed twice", func(t *testing.T) {
		b := newBridged(t, issuer, opaque, byIntrospection)
		code, err := b.gateway.Authorize(t.Context(), prismtest.Credentials{Account: "minji", Password: "any"})
		if code == "" {
			t.Fatal(err)
		}
		if _, err := b.gateway.Exchange(t.Context(), code); err != nil {
			t.Fatal(err)
		}
		_, err = b.gateway.Exchange(t.Context(), code)
		wantGrantRefused(t, err)
	})
	t.Run("revoked token", func(t *testing.T) {
		b := newBridged(t, issuer, opaque, byIntrospection)
		tokens := b.signIn(t, "minji")
		if _, err := b.gateway.Session(tokens).User(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.revoke(t, opaque, tokens.AccessToken)
		b.clock.Advance(idp.DefaultVerifyTTL)
		_, err := b.gateway.Session(tokens).User(t.Context())
		wantStatus(t, err, http.StatusUnauthorized)
		b.revoke(t, opaque, tokens.RefreshToken)
		_, err = b.gateway.Refresh(t.Context(), tokens.RefreshToken)
		wantGrantRefused(t, err)
	})
	t.Run("refresh token as access token", func(t *testing.T) {
		b := newBridged(t, issuer, opaque, byIntrospection)
		tokens := b.signIn(t, "minji")
		_, err := b.gateway.WithToken(tokens.RefreshToken).User(t.Context())
		wantStatus(t, err, http.StatusUnauthorized)
	})
	t.Run("token of another client", func(t *testing.T) {
		tokens := newBridged(t, issuer, other, byIntrospection).signIn(t, "minji")
		b := newBridged(t, issuer, opaque, byIntrospection)
		_, err := b.gateway.Session(tokens).User(t.Context())
		wantStatus(t, err, http.StatusUnauthorized)
		_, err = b.gateway.Refresh(t.Context(), tokens.RefreshToken)
		wantGrantRefused(t, err)
	})
	t.Run("person the host does not know", func(t *testing.T) {
		b := newBridged(t, issuer, signed, byKeys)
		_, err := b.gateway.Session(b.signIn(t, "stranger")).User(t.Context())
		wantStatus(t, err, http.StatusUnauthorized)
	})
	t.Run("wrong secret of the bridge", func(t *testing.T) {
		wrong := opaque
		wrong.Secret = "wrong"
		b := newBridged(t, issuer, wrong, byIntrospection)
		_, err := b.gateway.Refresh(t.Context(), "anything")
		failure, ok := errors.AsType[*prismtest.TokenError](err)
		if !ok || failure.Status != http.StatusServiceUnavailable {
			t.Errorf("got %v, want 503", err)
		}
	})
}

// parallelRefresh refreshes as the PRISM client does: many times at once with
// one refresh token. Then the upstream is shown to be strict.
func parallelRefresh(t *testing.T, b *bridged, tokens prismtest.Tokens) {
	t.Helper()
	ctx := t.Context()
	const n = 8
	before := b.calls.of("token")
	var wg sync.WaitGroup
	got, errs := make([]prismtest.Tokens, n), make([]error, n)
	for i := range n {
		wg.Go(func() { got[i], errs[i] = b.gateway.Refresh(ctx, tokens.RefreshToken) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("parallel refresh: %v", err)
	}
	for i := range got {
		if _, err := b.gateway.Session(got[i]).User(ctx); err != nil {
			t.Errorf("token %d of %d: %v", i, n, err)
		}
	}
	if calls := b.calls.of("token") - before; calls != 1 {
		t.Errorf("%d calls to the upstream, want 1", calls)
	}

	// Past the grace time the upstream sees the old token again, takes it for
	// stolen and ends the sign-in.
	b.clock.Advance(idp.DefaultRefreshGrace)
	_, err := b.gateway.Refresh(ctx, tokens.RefreshToken)
	wantGrantRefused(t, err)
	_, err = b.gateway.Refresh(ctx, got[0].RefreshToken)
	wantGrantRefused(t, err)
}
