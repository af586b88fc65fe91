package idp_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/prism"
)

func TestJWTIsVerified(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	good := claimsNow(now)
	for name, token := range map[string]string{
		"RS256":                sign(t, signingKey, "k1", good),
		"PS256":                signAs(t, map[string]any{"alg": "PS256", "kid": "k1", "typ": "at+jwt"}, signingKey, good),
		"ES256":                sign(t, curveKey, "k2", good),
		"EdDSA":                sign(t, edwardsKey, "k3", good),
		"typ with prefix":      signAs(t, map[string]any{"alg": "RS256", "kid": "k1", "typ": "application/AT+JWT"}, signingKey, good),
		"no kid, two keys fit": signAs(t, map[string]any{"alg": "RS256", "typ": "at+jwt"}, signingKey, good),
		"no kid, one key fits": signAs(t, map[string]any{"alg": "ES256", "typ": "at+jwt"}, curveKey, good),
		"aud a text":           sign(t, signingKey, "k1", with(good, "aud", "live")),
		"azp":                  sign(t, signingKey, "k1", with(good, "client_id", nil, "azp", "prism at the upstream")),
		"no nbf":               sign(t, signingKey, "k1", with(good, "nbf", nil)),
		"exp a fraction":       sign(t, signingKey, "k1", with(good, "exp", float64(now.Unix())+0.5)),
		"within the leeway":    sign(t, signingKey, "k1", with(good, "exp", now.Add(-29*time.Second).Unix(), "nbf", now.Add(30*time.Second).Unix())),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, withJWT)
			r.handle(keySet(publicJWK(t, signingKey, "k1"), publicJWK(t, curveKey, "k2"), publicJWK(t, edwardsKey, "k3"), publicJWK(t, nextKey, "k4")))
			got, err := r.bridge.Verify(t.Context(), token)
			if diff := cmp.Diff(prism.Principal{UserID: "minji", ClientID: "prism", Scope: "openid live"}, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

// RFC 8725 and RFC 9068 section 4.
func TestJWTAttacks(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	good := claimsNow(now)
	header := func(pairs ...any) map[string]any {
		return with(map[string]any{"alg": "RS256", "kid": "k1", "typ": "at+jwt"}, pairs...)
	}
	genuine := sign(t, signingKey, "k1", good)
	parts := strings.Split(genuine, ".")
	payload, err := json.Marshal(with(good, "sub", "juno"))
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := publicJWK(t, signingKey, "k1")
	embedded := jose.JSONWebKey{Key: foreignKey.Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}

	for name, token := range map[string]string{
		"not a JWT":                 "upstream-access-1",
		"two parts":                 parts[0] + "." + parts[1],
		"four parts":                genuine + ".x",
		"JWE":                       genuine + ".x.y",
		"JSON serialization":        `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"alg none":                  unsigned(`{"alg":"none","typ":"at+jwt","kid":"k1"}`, string(payload), ""),
		"alg None":                  unsigned(`{"alg":"None","typ":"at+jwt","kid":"k1"}`, string(payload), ""),
		"no alg":                    unsigned(`{"typ":"at+jwt","kid":"k1"}`, string(payload), "x"),
		"signature stripped":        parts[0] + "." + parts[1] + ".",
		"payload exchanged":         parts[0] + "." + base64.RawURLEncoding.EncodeToString(payload) + "." + parts[2],
		"payload detached":          parts[0] + ".." + parts[2],
		"HS256 with the public key": signAs(t, header("alg", "HS256"), publicPEM, good),
		"HS256 with the modulus":    signAs(t, header("alg", "HS256"), signingKey.N.Bytes(), good),
		"alg not allowed":           signAs(t, header("alg", "RS512"), signingKey, good),
		"foreign key, known kid":    sign(t, foreignKey, "k1", good),
		"embedded jwk":              signAs(t, header("jwk", embedded), foreignKey, good),
		"embedded jwk, no kid":      signAs(t, header("jwk", embedded, "kid", nil), foreignKey, good),
		"jku":                       signAs(t, header("jku", "https://evil.example/keys"), foreignKey, good),
		"kid unknown":               sign(t, signingKey, "k9", good),
		"kid a path":                sign(t, signingKey, "../../dev/null", good),
		"kid of another kind":       sign(t, signingKey, "k2", good),
		"ES384 key for ES256":       sign(t, curve384, "k2", good),
		"no kid, foreign key":       signAs(t, header("kid", nil), foreignKey, good),
		"crit":                      signAs(t, header("crit", []string{"exp"}, "exp", 1), signingKey, good),
		"b64 false":                 signAs(t, header("crit", []string{"b64"}, "b64", true), signingKey, good),
		"typ JWT":                   signAs(t, header("typ", "JWT"), signingKey, good),
		"no typ":                    signAs(t, header("typ", nil), signingKey, good),
		"typ a number":              signAs(t, header("typ", 1), signingKey, good),
		"iss of another":            sign(t, signingKey, "k1", with(good, "iss", "https://evil.example.com")),
		"iss with slash":            sign(t, signingKey, "k1", with(good, "iss", testIssuer+"/")),
		"no iss":                    sign(t, signingKey, "k1", with(good, "iss", nil)),
		"aud of another":            sign(t, signingKey, "k1", with(good, "aud", []string{"account"})),
		"aud a prefix":              sign(t, signingKey, "k1", with(good, "aud", "live2")),
		"no aud":                    sign(t, signingKey, "k1", with(good, "aud", nil)),
		"client of another app":     sign(t, signingKey, "k1", with(good, "client_id", "webshop")),
		"PRISM's name for it":       sign(t, signingKey, "k1", with(good, "client_id", "prism")),
		"azp of another app":        sign(t, signingKey, "k1", with(good, "client_id", nil, "azp", "webshop")),
		"azp and client_id differ":  sign(t, signingKey, "k1", with(good, "azp", "webshop")),
		"client_id and azp differ":  sign(t, signingKey, "k1", with(good, "azp", "prism at the upstream", "client_id", "webshop")),
		"key for another algorithm": sign(t, foreignKey, "k5", good),
		"no exp":                    sign(t, signingKey, "k1", with(good, "exp", nil)),
		"expired":                   sign(t, signingKey, "k1", with(good, "exp", now.Add(-30*time.Second).Unix())),
		"exp long ago":              sign(t, signingKey, "k1", with(good, "exp", 1)),
		"not valid yet":             sign(t, signingKey, "k1", with(good, "nbf", now.Add(31*time.Second).Unix())),
		"bound to a key":            sign(t, signingKey, "k1", with(good, "cnf", map[string]any{"jkt": "x"})),
		"required claim missing":    sign(t, signingKey, "k1", with(good, "tenant", nil)),
		"required claim differs":    sign(t, signingKey, "k1", with(good, "tenant", "b")),
		"payload no object":         signAs(t, header(), signingKey, nil),
		"forged without sub":        sign(t, foreignKey, "k1", with(good, "sub", nil)),
		"too long":                  sign(t, signingKey, "k1", with(good, "x", strings.Repeat("a", 16<<10))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, withJWT, func(c *idp.Config) {
				if strings.HasPrefix(name, "required") {
					c.Require = map[string]string{"tenant": "a"}
				}
			})
			r.handle(keySet(publicJWK(t, signingKey, "k1"), publicJWK(t, curveKey, "k2"), publicJWK(t, nextKey, "k4"),
				bytes.Replace(publicJWK(t, foreignKey, "k5"), []byte(`"use":"sig"`), []byte(`"use":"sig","alg":"PS256"`), 1)))
			if _, err := r.bridge.Verify(t.Context(), token); !errors.Is(err, prism.ErrUnauthorized) {
				t.Errorf("got %v, want ErrUnauthorized", err)
			}
			if n := len(r.asked()); n > 1 {
				t.Errorf("the keys were read %d times", n)
			}
		})
	}
}

// A server that writes the typ JWT into all its tokens, as Keycloak does: an ID
// token has an azp, so only Require keeps it out.
func TestJWTOfTypeJWT(t *testing.T) {
	t.Parallel()
	r := newRig(t, withJWT, func(c *idp.Config) {
		c.JWT.Types, c.Require = []string{"JWT"}, map[string]string{"typ": "Bearer"}
	})
	r.handle(keySet(publicJWK(t, signingKey, "k1")))
	verify := func(typ any) error {
		claims := with(claimsNow(r.clock.Now()), "client_id", nil, "azp", "prism at the upstream", "typ", typ)
		_, err := r.bridge.Verify(t.Context(), signAs(t, map[string]any{"alg": "RS256", "kid": "k1", "typ": "JWT"}, signingKey, claims))
		return err
	}
	if err := verify("Bearer"); err != nil {
		t.Errorf("an access token: %v", err)
	}
	for _, typ := range []any{"ID", "Refresh", nil} {
		if err := verify(typ); !errors.Is(err, prism.ErrUnauthorized) {
			t.Errorf("typ %v: got %v, want ErrUnauthorized", typ, err)
		}
	}
}

// What the upstream signed but should not have is no fault of the streamer's:
// 503, not the 401 that signs people out.
func TestJWTOfAMisconfiguredUpstream(t *testing.T) {
	t.Parallel()
	good := claimsNow(newClock().Now())
	for name, claims := range map[string]map[string]any{
		"no sub":        with(good, "sub", nil),
		"sub a list":    with(good, "sub", []string{"minji"}),
		"no client":     with(good, "client_id", nil),
		"client a list": with(good, "client_id", []string{"prism at the upstream"}),
		"exp a text":    with(good, "exp", "never"),
		"aud numbers":   with(good, "aud", []int{1}),
		"sub too long":  with(good, "sub", strings.Repeat("a", 1025)),
	} {
		r := newRig(t, withJWT)
		r.handle(keySet(publicJWK(t, signingKey, "k1")))
		_, err := r.bridge.Verify(t.Context(), sign(t, signingKey, "k1", claims))
		if !errors.Is(err, prism.ErrUnavailable) || errors.Is(err, prism.ErrUnauthorized) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
	}
}

func TestClaimsReachTheHost(t *testing.T) {
	t.Parallel()
	var got idp.Claims
	r := newRig(t, withJWT, func(c *idp.Config) {
		c.SubjectClaim, c.AnyClient = "member_id", true
		c.UserID = func(_ context.Context, claims idp.Claims) (string, error) {
			got = claims
			return "host-" + claims.Subject, nil
		}
	})
	r.handle(keySet(publicJWK(t, signingKey, "k1")))
	claims := with(claimsNow(r.clock.Now()), "member_id", 42, "client_id", "webshop", "email", "minji@example.com")
	p, err := r.bridge.Verify(t.Context(), sign(t, signingKey, "k1", claims))
	if diff := cmp.Diff(prism.Principal{UserID: "host-42", ClientID: "webshop", Scope: "openid live"}, p); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	if got.Issuer != testIssuer || got.ClientID != "webshop" || got.Text("email") != "minji@example.com" || got.Text("iat") != "" ||
		got.Value("member_id") != json.Number("42") || got.Value("nothing") != nil || len(got.Audience) != 2 ||
		!got.ExpiresAt.Equal(r.clock.Now().Add(time.Hour)) {
		t.Errorf("got %+v", got)
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	r := newRig(t, withJWT, func(c *idp.Config) { c.VerifyTTL = -1 })
	r.handle(keySet(publicJWK(t, signingKey, "k1")))
	verify := func(key string, want error, reads int) {
		t.Helper()
		signer, kid := signingKey, "k1"
		if key == "next" {
			signer, kid = nextKey, "k2"
		}
		_, err := r.bridge.Verify(t.Context(), sign(t, signer, kid, claimsNow(r.clock.Now())))
		if !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%s key: got %v, want %v", key, err, want)
		}
		if n := len(r.asked()); n != reads {
			t.Errorf("%s key: %d readings of the key set, want %d", key, n, reads)
		}
	}
	verify("old", nil, 1)
	verify("old", nil, 0)

	// A new key a moment after the last reading: the bridge cannot tell yet
	// and must not sign anybody out.
	r.handle(keySet(publicJWK(t, signingKey, "k1"), publicJWK(t, nextKey, "k2")))
	r.clock.Advance(time.Second)
	verify("next", prism.ErrUnavailable, 0)
	r.clock.Advance(9 * time.Second)
	verify("next", nil, 1)
	verify("old", nil, 0)

	// A key that nobody has: read for once, then told so.
	r.clock.Advance(10 * time.Second)
	_, err := r.bridge.Verify(t.Context(), sign(t, foreignKey, "k9", claimsNow(r.clock.Now())))
	if n := len(r.asked()); !errors.Is(err, prism.ErrUnauthorized) || n != 1 {
		t.Errorf("got %v after %d readings", err, n)
	}
}

// A server that names no kid changes its key as well.
func TestKeyRotationWithoutKid(t *testing.T) {
	t.Parallel()
	r := newRig(t, withJWT)
	verify := func(key crypto.Signer) error {
		_, err := r.bridge.Verify(t.Context(), signAs(t, map[string]any{"alg": "RS256", "typ": "at+jwt"}, key, claimsNow(r.clock.Now())))
		return err
	}
	r.handle(keySet(publicJWK(t, signingKey, "")))
	if err := verify(signingKey); err != nil {
		t.Fatal(err)
	}
	r.handle(keySet(publicJWK(t, nextKey, "")))
	r.clock.Advance(time.Second)
	if err := verify(nextKey); !errors.Is(err, prism.ErrUnavailable) || errors.Is(err, prism.ErrUnauthorized) {
		t.Errorf("a moment after the last reading: %v", err)
	}
	r.clock.Advance(10 * time.Second)
	if err := verify(nextKey); err != nil {
		t.Error(err)
	}
	if err := verify(foreignKey); !errors.Is(err, prism.ErrUnavailable) && !errors.Is(err, prism.ErrUnauthorized) {
		t.Errorf("a foreign key: %v", err)
	}
}

func TestWithdrawnKeyGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t, withJWT, func(c *idp.Config) { c.VerifyTTL = -1 })
	read := make(chan struct{}, 16)
	serveKeys := func(keys ...[]byte) {
		r.handle(func(w http.ResponseWriter, req *http.Request) {
			keySet(keys...)(w, req)
			read <- struct{}{}
		})
	}
	old := func() error {
		_, err := r.bridge.Verify(t.Context(), sign(t, signingKey, "k1", claimsNow(r.clock.Now())))
		return err
	}
	serveKeys(publicJWK(t, signingKey, "k1"))
	if err := old(); err != nil {
		t.Fatal(err)
	}
	<-read
	serveKeys(publicJWK(t, nextKey, "k2"))
	r.clock.Advance(10 * time.Minute)
	if err := old(); err != nil && !errors.Is(err, prism.ErrUnauthorized) {
		t.Fatal(err)
	}
	<-read
	// The set is taken over a moment after it was served.
	for deadline := time.Now().Add(10 * time.Second); !errors.Is(old(), prism.ErrUnauthorized); {
		if time.Now().After(deadline) {
			t.Fatal("a withdrawn key still verifies")
		}
		r.clock.Advance(10 * time.Second)
	}
}

// An outage of the upstream does not touch tokens of known keys for a day.
func TestKeysDuringAnOutage(t *testing.T) {
	t.Parallel()
	r := newRig(t, withJWT, func(c *idp.Config) { c.VerifyTTL = -1 })
	verify := func(kid string) error {
		_, err := r.bridge.Verify(t.Context(), sign(t, signingKey, kid, claimsNow(r.clock.Now())))
		return err
	}
	r.answer(http.StatusServiceUnavailable, "{}")
	if err := verify("k1"); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("no keys yet: %v", err)
	}
	r.handle(keySet(publicJWK(t, signingKey, "k1")))
	if err := verify("k1"); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("within a second of the last reading: %v", err)
	}
	r.clock.Advance(time.Second)
	if err := verify("k1"); err != nil {
		t.Errorf("after the outage: %v", err)
	}
	r.answer(http.StatusServiceUnavailable, "{}")
	r.clock.Advance(24*time.Hour - time.Second)
	if err := verify("k1"); err != nil {
		t.Errorf("an outage of a day: %v", err)
	}
	r.clock.Advance(10 * time.Second)
	if err := verify("k1"); !errors.Is(err, prism.ErrUnavailable) || errors.Is(err, prism.ErrUnauthorized) {
		t.Errorf("an outage of more than a day: %v", err)
	}
	r.clock.Advance(10 * time.Second)
	if err := verify("unknown"); !errors.Is(err, prism.ErrUnavailable) || errors.Is(err, prism.ErrUnauthorized) {
		t.Errorf("unknown kid: %v", err)
	}
}
