package idp

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// FuzzTokenAnswer: whatever the upstream answers, there is either a sound
// token set or an error of a known kind without the upstream's text.
func FuzzTokenAnswer(f *testing.F) {
	f.Add(200, "application/json", []byte(`{"access_token":"a","refresh_token":"r","expires_in":3600,"token_type":"Bearer","scope":"x"}`), "sent")
	f.Add(200, "application/json", []byte(`{"access_token":"a","expires_in":"3600","token_type":"bearer"}`), "")
	f.Add(400, "application/json", []byte(`{"error":"invalid_grant","error_description":"marker-text"}`), "sent")
	f.Add(401, "text/html", []byte(`<p>marker-text`), "sent")
	f.Add(200, "application/json", []byte(`{"access_token":"a\r\nb","expires_in":1e9,"token_type":"bearer"}`), "sent")
	f.Fuzz(func(t *testing.T, status int, mediaType string, body []byte, sent string) {
		got, err := readTokens(answer{status: status, mediaType: mediaType, body: body}, sent, 0)
		if err != nil {
			_, refused := errors.AsType[*refusalError](err)
			if !refused && !errors.Is(err, prism.ErrUnavailable) {
				t.Fatalf("an error of no known kind: %v", err)
			}
			if strings.Contains(err.Error(), "marker-text") {
				t.Fatalf("the upstream's text is in the error: %v", err)
			}
			code, answered, _ := failure(err)
			if !refused && (answered != http.StatusBadGateway && answered != http.StatusServiceUnavailable || code == "") {
				t.Fatalf("answered %d %s", answered, code)
			}
			return
		}
		if status != http.StatusOK || !wellFormedToken(got.Access) || got.Refresh != sent && !wellFormedToken(got.Refresh) || got.Refresh == "" ||
			got.ExpiresIn <= 0 || got.ExpiresIn > 1<<31-1 {
			t.Fatalf("unsound: %+v", got)
		}
	})
}

func fuzzConfig(f *testing.F) Config {
	f.Helper()
	return Config{
		Clients: []Client{{ID: "prism"}}, Issuer: "https://idp.example.com", Audience: []string{"live"},
		JWT: &JWT{KeysURL: "https://idp.example.com/keys"}, Introspection: &Introspection{URL: "https://idp.example.com/introspect"},
		Now: func() time.Time { return time.Unix(1_800_000_000, 0) },
	}.withDefaults()
}

// FuzzIntrospectionAnswer: an error is one of the two kinds, and a success has
// a subject of a known client.
func FuzzIntrospectionAnswer(f *testing.F) {
	f.Add(200, []byte(`{"active":true,"sub":"minji","client_id":"prism","token_type":"Bearer","aud":"live","exp":1800000600}`))
	f.Add(200, []byte(`{"active":true,"sub":"minji","azp":"prism","typ":"Bearer","aud":["live",1]}`))
	f.Add(200, []byte(`{"active":false}`))
	f.Add(401, []byte(`{}`))
	in := newIntrospection(fuzzConfig(f), nil)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		claims, err := in.read(answer{status: status, mediaType: "application/json", body: body})
		if err == nil && (claims.Subject == "" || claims.ClientID != "prism" || status != http.StatusOK) {
			t.Fatalf("accepted %+v", claims)
		}
		if err != nil && !errors.Is(err, prism.ErrUnauthorized) && !errors.Is(err, prism.ErrUnavailable) {
			t.Fatalf("an error of no known kind: %v", err)
		}
	})
}

// FuzzJWT: no token that the fuzzer makes up is good, and none brings the
// verifier down. The key set is there, so nothing is asked for.
func FuzzJWT(f *testing.F) {
	const header = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0" // ES256, at+jwt, k1
	f.Add(header + ".e30.AA")
	f.Add("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.")
	f.Add(header + ".eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSIsImF1ZCI6ImxpdmUiLCJleHAiOjE4MDAwMDA2MDAsImNsaWVudF9pZCI6InByaXNtIiwic3ViIjoibWluamkifQ.AAAA")
	f.Add(`{"payload":"e30","signatures":[{"protected":"` + header + `","signature":"AA"}]}`)
	cfg := fuzzConfig(f)
	keys, err := readKeys([]byte(`{"keys":[{"kty":"EC","crv":"P-256","kid":"k1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`))
	if err != nil {
		f.Fatal(err)
	}
	v := newJWTVerifier(cfg, nil, newJobs(time.Second, cfg.Logger))
	v.keys.keys, v.keys.asked, v.keys.tried = keys, cfg.Now(), cfg.Now()
	f.Fuzz(func(t *testing.T, token string) {
		_, err := v.verify(t.Context(), token)
		if !errors.Is(err, prism.ErrUnauthorized) {
			t.Fatalf("got %v", err)
		}
		if len(token) > 40 && strings.Contains(err.Error(), token) {
			t.Fatal("the token is in the error")
		}
	})
}

// FuzzKeySet: what is read can verify signatures and nothing else.
func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","kid":"k1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := readKeys(body)
		if (err == nil) != (len(keys) > 0) || len(keys) > maxKeys {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		for _, key := range keys {
			if !key.IsPublic() {
				t.Fatal("a key that is not public")
			}
			_ = matching(keys, key.KeyID, "RS256")
		}
	})
}

// FuzzTokenQuery: a request that is accepted has exactly what its grant needs.
func FuzzTokenQuery(f *testing.F) {
	f.Add("grant_type=authorization_code&code=a&redirect_uri=https%3A%2F%2Fx&state=s")
	f.Add("grant_type=refresh_token&token=a&_token=a&refresh_token=a")
	f.Add("grant_type=refresh_token&token=a&refresh_token=b")
	f.Add("grant_type=refresh_token;token=a&%zz")
	f.Fuzz(func(t *testing.T, query string) {
		var req tokenRequest
		err := req.parse(query)
		if _, refused := errors.AsType[*refusalError](err); err != nil && !refused {
			t.Fatalf("an error of no known kind: %v", err)
		}
		if err == nil && (req.grantType == grantCode) == (req.code == "") || err == nil && (req.grantType == grantRefresh) == (req.refreshToken == "") {
			t.Fatalf("accepted %+v", req)
		}
	})
}

// FuzzSealed: only what was sealed under the same name and token opens, and
// what opens is what was sealed.
func FuzzSealed(f *testing.F) {
	f.Add([]byte("value"), "name", "token", 3)
	f.Add([]byte{}, "", "", 0)
	want := tokenSet{Access: "a", Refresh: "r", ExpiresIn: 1}
	f.Fuzz(func(t *testing.T, forged []byte, name, token string, flip int) {
		if _, err := openTokens(forged, name, token); err == nil {
			t.Fatal("a forged value opened")
		}
		sealed, err := sealTokens(want, name, token)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := openTokens(sealed, name, token); err != nil || got != want {
			t.Fatalf("got %+v, %v", got, err)
		}
		for _, other := range [][2]string{{name + "x", token}, {name, token + "x"}, {name, token + "\x00"}} {
			if _, err := openTokens(sealed, other[0], other[1]); err == nil {
				t.Fatal("opened under another name or token")
			}
		}
		sealed[uint(flip)%uint(len(sealed))] ^= 1
		if _, err := openTokens(sealed, name, token); err == nil {
			t.Fatal("a changed value opened")
		}
	})
}
