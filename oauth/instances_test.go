package oauth_test

import (
	"net/http"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
)

// A load balancer may send every step of one sign-in to another instance: the
// state is in Config.Secrets and the Store, not in memory.
func TestSeveralInstancesServeOneSignIn(t *testing.T) {
	t.Parallel()
	first := newRig(t, withPassword, withConsent)
	second := newRig(t, withPassword, withConsent, func(c *oauth.Config) { c.Store = first.store })

	b := newBrowser(first)
	page := b.get(authorizeQuery(pkce...))
	b.r = second
	page = b.post(authorizeQuery(pkce...), query("account", "u1", "password", "s3cret password",
		"transaction", field(t, page, "transaction"), "action", "signin"))
	second.keepSecret(field(t, page, "prism_consent"))
	b.r = first
	answer := b.post(authorizeQuery(pkce...), consentAnswer(t, page, "allow"))
	_, q := first.location(answer)
	second.keepSecret(q.Get("code"))
	w := second.exchange(clientID, clientSecret, q.Get("code"), verifier)
	if w.Code != http.StatusOK {
		t.Fatalf("exchange: %d %s", w.Code, w.Body)
	}
	pair := second.readAnswer(w)
	first.wantWorks(pair.AccessToken, true)
	second.wantError(second.redeem(q.Get("code")), http.StatusBadRequest, "invalid_grant")
	second.wantWorks(pair.AccessToken, false) // it saw the replay
	first.clock.advance(oauth.DefaultVerifyCacheTTL)
	first.wantWorks(pair.AccessToken, false)

	// Instances that do not share the secret do not take each other's pages.
	stranger := newRig(t, withPassword, func(c *oauth.Config) {
		c.Store, c.Secrets = first.store, [][]byte{[]byte("another secret of 32 bytes or more")}
	})
	b = newBrowser(first)
	page = b.get(authorizeQuery())
	b.r = stranger
	w = b.post(authorizeQuery(), query("account", "u1", "password", "s3cret password",
		"transaction", field(t, page, "transaction"), "action", "signin"))
	if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
		t.Errorf("a page with another's signature: %d", w.Code)
	}
}
