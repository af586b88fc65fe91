package idp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/b2bprism/b2bprism/adapters/idp"
)

const testIssuer = "https://idp.example.com/realm"

// The keys of the tests. They live as long as the process.
var (
	signingKey = mustKey(rsa.GenerateKey(rand.Reader, 2048))
	nextKey    = mustKey(rsa.GenerateKey(rand.Reader, 2048))
	foreignKey = mustKey(rsa.GenerateKey(rand.Reader, 2048))
	curveKey   = mustKey(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	curve384   = mustKey(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	edwardsKey = func() ed25519.PrivateKey {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return mustKey(key, err)
	}()
)

func mustKey[K any](key K, err error) K {
	if err != nil {
		panic(err)
	}
	return key
}

func publicJWK(t testing.TB, key crypto.Signer, kid string) []byte {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKey{Key: key.Public(), KeyID: kid, Use: "sig"})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func privateJWK(t testing.TB, key crypto.Signer, kid string) []byte {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: kid, Use: "sig"})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// weakJWK is an RSA key that is too short.
func weakJWK(t testing.TB, kid string) []byte {
	t.Helper()
	modulus := new(big.Int).SetBit(big.NewInt(1), 1023, 1)
	raw, err := json.Marshal(jose.JSONWebKey{Key: &rsa.PublicKey{N: modulus, E: 65537}, KeyID: kid, Use: "sig"})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// keySet is a handler that serves a key set.
func keySet(keys ...[]byte) http.HandlerFunc {
	list := make([]string, len(keys))
	for i, key := range keys {
		list[i] = string(key)
	}
	return says(http.StatusOK, "application/jwk-set+json", `{"keys":[`+strings.Join(list, ",")+`]}`)
}

// withJWT makes a bridge verify JWTs.
func withJWT(c *idp.Config) {
	c.JWT = &idp.JWT{KeysURL: strings.Replace(c.Introspection.URL, "/introspect", "/keys", 1)}
	c.Introspection = nil
	c.Issuer = testIssuer
	c.Audience = []string{"https://api.example.com", "live"}
}

// claimsNow are the claims of a good token.
func claimsNow(now time.Time) map[string]any {
	return map[string]any{
		"iss": testIssuer, "sub": "minji", "aud": []string{"account", "live"}, "client_id": "prism at the upstream",
		"exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nbf": now.Unix(), "jti": "1", "scope": "openid live",
	}
}

// with returns claims with some replaced, or left out for nil.
func with(claims map[string]any, pairs ...any) map[string]any {
	out := maps.Clone(claims)
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		if pairs[i+1] == nil {
			delete(out, name)
		} else {
			out[name] = pairs[i+1]
		}
	}
	return out
}

// sign makes an at+jwt; the algorithm follows from the key.
func sign(t testing.TB, key crypto.Signer, kid string, claims map[string]any) string {
	t.Helper()
	return signAs(t, map[string]any{"alg": algorithmOf(key), "kid": kid, "typ": "at+jwt"}, key, claims)
}

func algorithmOf(key crypto.Signer) string {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		return fmt.Sprintf("ES%d", k.Curve.Params().BitSize)
	case ed25519.PrivateKey:
		return "EdDSA"
	}
	return "RS256"
}

// signAs makes a JWT with any header; the key may be an HMAC secret.
func signAs(t testing.TB, header map[string]any, key any, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	options := &jose.SignerOptions{}
	for name, value := range header {
		if name != "alg" && name != "kid" {
			options.WithHeader(jose.HeaderKey(name), value)
		}
	}
	if kid, ok := header["kid"].(string); ok && kid != "" {
		options.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(header["alg"].(string)), Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// unsigned makes a token of raw parts.
func unsigned(header, payload, signature string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(header)) + "." + enc([]byte(payload)) + "." + enc([]byte(signature))
}
