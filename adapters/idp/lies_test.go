package idp_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/prism"
)

// field returns a token answer with one field replaced, or left out for "".
func field(name, value string) string {
	fields := map[string]string{
		"access_token": `"upstream-access-1"`, "refresh_token": `"upstream-refresh-1"`, "expires_in": `3600`, "token_type": `"Bearer"`,
	}
	fields[name] = value
	var parts []string
	for k, v := range fields {
		if v != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", k, v))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func says(status int, mediaType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if mediaType != "" {
			w.Header().Set("Content-Type", mediaType)
		} else {
			w.Header()["Content-Type"] = nil
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func hijack(write string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, write)
		_ = conn.Close()
	}
}

func gzipBomb(w http.ResponseWriter, _ *http.Request) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 8<<20))
	_ = z.Close()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = w.Write(packed.Bytes())
}

// lies are answers that no token endpoint, no introspection endpoint and no
// key set gives.
var lies = map[string]http.HandlerFunc{
	"HTML":         says(200, "text/html", "<html>upstream's own words</html>"),
	"HTML as JSON": says(200, "application/json", "<html>upstream's own words</html>"),
	"empty":        says(200, "application/json", ""),
	"null":         says(200, "application/json", "null"),
	"list":         says(200, "application/json", "["+goodTokens+"]"),
	"text":         says(200, "application/json", `"upstream's own words"`),
	"two objects":  says(200, "application/json", "{}{}"),
	"cut":          says(200, "application/json", goodTokens[:40]),
	"huge":         says(200, "application/json", `{"x":"`+strings.Repeat("a", 1<<20)+`"}`),
	"deep":         says(200, "application/json", strings.Repeat("[", 20_000)),
	"empty object": says(200, "application/json", "{}"),
	"gzip bomb":    gzipBomb,
	"redirect":     func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
	"redirect 307": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	},
	"redirect to nowhere":    says(301, "", ""),
	"created":                says(201, "application/json", goodTokens),
	"no content":             says(204, "", ""),
	"not found":              says(404, "text/plain", "upstream's own words"),
	"teapot":                 says(418, "application/json", `{"error":"upstream's own words"}`),
	"body shorter than told": hijack("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"a\":"),
	"no HTTP":                hijack("SSH-2.0-upstream's own words\r\n"),
	"hung up":                hijack(""),
	"endless header":         hijack("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 1<<20)),
}

// tokenLies are answers that are wrong for the token endpoint only.
var tokenLies = map[string]http.HandlerFunc{
	"huge with white space":     says(200, "application/json", goodTokens+strings.Repeat(" ", 64<<10)),
	"no media type":             says(200, "", goodTokens),
	"text/plain":                says(200, "text/plain", goodTokens),
	"envelope":                  says(200, "application/json", `{"success":true,"data":`+goodTokens+`}`),
	"other case":                says(200, "application/json", strings.Replace(goodTokens, "access_token", "Access_Token", 1)),
	"error beside tokens":       says(200, "application/json", `{"error":"invalid_grant",`+goodTokens[1:]),
	"no access_token":           says(200, "application/json", field("access_token", "")),
	"empty access_token":        says(200, "application/json", field("access_token", `""`)),
	"access_token a number":     says(200, "application/json", field("access_token", "1")),
	"access_token with CR LF":   says(200, "application/json", field("access_token", `"a\r\nSet-Cookie: b"`)),
	"access_token not ASCII":    says(200, "application/json", field("access_token", `"토큰"`)),
	"access_token too long":     says(200, "application/json", field("access_token", `"`+strings.Repeat("a", 17<<10)+`"`)),
	"refresh_token a number":    says(200, "application/json", field("refresh_token", "1")),
	"refresh_token with spaces": says(200, "application/json", field("refresh_token", `"a b"`)),
	"no token_type":             says(200, "application/json", field("token_type", "")),
	"token_type DPoP":           says(200, "application/json", field("token_type", `"DPoP"`)),
	"no expires_in":             says(200, "application/json", field("expires_in", "")),
	"expires_in 0":              says(200, "application/json", field("expires_in", "0")),
	"expires_in negative":       says(200, "application/json", field("expires_in", "-1")),
	"expires_in fraction":       says(200, "application/json", field("expires_in", "3600.5")),
	"expires_in words":          says(200, "application/json", field("expires_in", `"an hour"`)),
	"expires_in true":           says(200, "application/json", field("expires_in", "true")),
	"expires_in too big":        says(200, "application/json", field("expires_in", "99999999999999999999")),
}

func TestTokenEndpointOfALyingUpstream(t *testing.T) {
	t.Parallel()
	all := map[string]http.HandlerFunc{}
	for _, m := range []map[string]http.HandlerFunc{lies, tokenLies} {
		for name, lie := range m {
			all[name] = lie
		}
	}
	for name, lie := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.handle(lie)
			for _, query := range []string{"grant_type=authorization_code&code=the-code", "grant_type=refresh_token&token=upstream-refresh-0"} {
				got := r.token(query)
				if got.Code != http.StatusBadGateway && got.Code != http.StatusServiceUnavailable {
					t.Errorf("got %d %s, want 502 or 503", got.Code, got.Body)
				}
			}
			for _, asked := range r.asked() {
				if asked.path != "/token" {
					t.Errorf("asked %s", asked.path)
				}
			}
		})
	}
}

// A code must bring a refresh token: without one the streamer is signed out
// when the access token expires.
func TestCodeWithoutRefreshToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.answer(http.StatusOK, field("refresh_token", ""))
	if got := r.token("grant_type=authorization_code&code=the-code"); got.Code != http.StatusBadGateway {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	if logged := r.log.FilterMessage("token request failed").All(); len(logged) != 1 ||
		!strings.Contains(logged[0].ContextMap()["reason"].(string), "offline_access") {
		t.Errorf("the log does not tell what to do: %v", logged)
	}
}

func TestVerifyWithALyingUpstream(t *testing.T) {
	t.Parallel()
	introspectionLies := map[string]http.HandlerFunc{
		"active a text":      says(200, "application/json", `{"active":"true","sub":"minji","client_id":"prism at the upstream","token_type":"bearer"}`),
		"active null":        says(200, "application/json", `{"active":null}`),
		"no sub":             says(200, "application/json", `{"active":true,"client_id":"prism at the upstream","token_type":"bearer"}`),
		"empty sub":          says(200, "application/json", `{"active":true,"sub":"","client_id":"prism at the upstream","token_type":"bearer"}`),
		"no client":          says(200, "application/json", `{"active":true,"sub":"minji","token_type":"bearer"}`),
		"exp a text":         says(200, "application/json", `{"active":true,"sub":"minji","client_id":"prism at the upstream","token_type":"bearer","exp":"never"}`),
		"exp out of range":   says(200, "application/json", `{"active":true,"sub":"minji","client_id":"prism at the upstream","token_type":"bearer","exp":1e300}`),
		"aud a number":       says(200, "application/json", `{"active":true,"sub":"minji","client_id":"prism at the upstream","token_type":"bearer","aud":1}`),
		"own credentials":    says(401, "application/json", `{"error":"invalid_client"}`),
		"forbidden":          says(403, "text/plain", ""),
		"active, not JSON":   says(200, "text/html", `{"active":true,"sub":"minji","client_id":"prism at the upstream","token_type":"bearer"}`),
		"inactive, not JSON": says(200, "text/html", `{"active":false}`),
	}
	for name, lie := range lies {
		introspectionLies[name] = lie
	}
	for name, lie := range introspectionLies {
		t.Run("introspection "+name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.handle(lie)
			wantUnavailable(t, r)
		})
	}
	keyLies := map[string]http.HandlerFunc{
		"keys no list":    says(200, "application/json", `{"keys":{}}`),
		"no keys":         says(200, "application/json", `{"keys":[]}`),
		"only symmetric":  says(200, "application/json", `{"keys":[{"kty":"oct","kid":"k1","k":"AAAA"}]}`),
		"only encryption": says(200, "application/json", `{"keys":[`+strings.Replace(string(publicJWK(t, signingKey, "k1")), `"use":"sig"`, `"use":"enc"`, 1)+`]}`),
		"only private":    says(200, "application/json", `{"keys":[`+string(privateJWK(t, signingKey, "k1"))+`]}`),
		"only weak":       says(200, "application/json", `{"keys":[`+string(weakJWK(t, "k1"))+`]}`),
		"nonsense":        says(200, "application/json", `{"keys":[1,null,"x",{"kty":"RSA"}]}`),
		"too many":        says(200, "application/json", `{"keys":[`+strings.Repeat(string(publicJWK(t, signingKey, "k"))+",", 64)+string(publicJWK(t, signingKey, "k1"))+`]}`),
	}
	for name, lie := range lies {
		keyLies[name] = lie
	}
	for name, lie := range keyLies {
		t.Run("keys "+name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, withJWT)
			r.handle(lie)
			_, err := r.bridge.Verify(t.Context(), sign(t, signingKey, "k1", claimsNow(r.clock.Now())))
			if !errors.Is(err, prism.ErrUnavailable) || errors.Is(err, prism.ErrUnauthorized) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
		})
	}
}

func wantUnavailable(t *testing.T, r *rig) {
	t.Helper()
	_, err := r.bridge.Verify(t.Context(), "upstream-access-1")
	if !errors.Is(err, prism.ErrUnavailable) || errors.Is(err, prism.ErrUnauthorized) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if err != nil && strings.Contains(err.Error(), "own words") {
		t.Errorf("the upstream's text is in the error: %v", err)
	}
}

func TestUpstreamIsDown(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	_ = listener.Close()
	plain := httptest.NewServer(http.NotFoundHandler()) // speaks no TLS
	defer plain.Close()
	for name, address := range map[string]string{
		"refused":      closed,
		"no such host": "https://idp.invalid",
		"no TLS":       strings.Replace(plain.URL, "http:", "https:", 1),
	} {
		r := newRig(t, func(c *idp.Config) { c.TokenURL, c.Introspection.URL = address, address })
		if got := r.token("grant_type=refresh_token&token=upstream-refresh-0"); got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" {
			t.Errorf("%s: got %d %s", name, got.Code, got.Body)
		}
		wantUnavailable(t, r)
	}
	for _, status := range []int{408, 425, 429, 500, 502, 503, 504, 599} {
		r := newRig(t)
		r.answer(status, `{"error":"upstream's own words"}`)
		if got := r.token("grant_type=authorization_code&code=the-code"); got.Code != http.StatusServiceUnavailable {
			t.Errorf("%d: got %d %s", status, got.Code, got.Body)
		}
		wantUnavailable(t, r)
	}
}
