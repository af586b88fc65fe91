package oauth_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// benchServer is a Server as a host runs it, with the store in memory. The
// benchmarks measure its endpoints as the router calls them.
func benchServer(b *testing.B) *oauth.Server {
	b.Helper()
	tokens, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		b.Fatal(err)
	}
	return newRig(b, func(c *oauth.Config) {
		c.Store, c.Now, c.Logger, c.Trace = tokens, nil, nil, oauth.Trace{}
		c.CodeTTL = oauth.MaxCodeTTL
	}).server
}

func benchCode(b *testing.B, s *oauth.Server) string {
	b.Helper()
	req := httptest.NewRequest(http.MethodGet, publicURL+"/oauth/authorize?"+authorizeQuery(), nil)
	w := httptest.NewRecorder()
	s.ServeAuthorize(w, req)
	u, err := w.Result().Location()
	if err != nil {
		b.Fatal(err)
	}
	return u.Query().Get("code")
}

func benchToken(b *testing.B, s *oauth.Server, req *http.Request) (a answer) {
	b.Helper()
	w := httptest.NewRecorder()
	s.ServePRISMToken(w, req)
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		b.Fatal(w.Code, err)
	}
	return a
}

func BenchmarkExchange(b *testing.B) {
	s := benchServer(b)
	requests := make([]*http.Request, b.N)
	for i := range requests {
		requests[i] = tokenRequest(http.MethodGet, "grant_type=authorization_code&code="+benchCode(b, s))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, req := range requests {
		w := httptest.NewRecorder()
		s.ServePRISMToken(w, req)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkRefresh(b *testing.B) {
	s := benchServer(b)
	a := benchToken(b, s, tokenRequest(http.MethodGet, "grant_type=authorization_code&code="+benchCode(b, s)))
	b.ReportAllocs()
	for b.Loop() {
		a = benchToken(b, s, tokenRequest(http.MethodGet, "grant_type=refresh_token&refresh_token="+a.RefreshToken))
	}
}

func BenchmarkVerify(b *testing.B) {
	s := benchServer(b)
	a := benchToken(b, s, tokenRequest(http.MethodGet, "grant_type=authorization_code&code="+benchCode(b, s)))
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Verify(ctx, a.AccessToken); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStandardRefresh(b *testing.B) {
	s := benchServer(b)
	a := benchToken(b, s, tokenRequest(http.MethodGet, "grant_type=authorization_code&code="+benchCode(b, s)))
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		s.ServeToken(w, formRequest("/oauth2/token", clientID, clientSecret, query("grant_type", "refresh_token", "refresh_token", a.RefreshToken)))
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
			b.Fatal(w.Code, err)
		}
	}
}

func BenchmarkIntrospect(b *testing.B) {
	s := benchServer(b)
	a := benchToken(b, s, tokenRequest(http.MethodGet, "grant_type=authorization_code&code="+benchCode(b, s)))
	form := query("token", a.AccessToken)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		s.ServeIntrospect(w, formRequest("/oauth2/introspect", clientID, clientSecret, form))
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
