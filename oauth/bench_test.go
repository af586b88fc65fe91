package oauth_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// benchServer is a Server as a host runs it, with the store in memory. The
// benchmarks measure its endpoints as the router calls them.
func benchServer(tb testing.TB, edit ...func(*oauth.Config)) *oauth.Server {
	tb.Helper()
	tokens, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		tb.Fatal(err)
	}
	return newRig(tb, append(edit, func(c *oauth.Config) {
		c.Store, c.Now, c.Logger, c.Trace = tokens, nil, nil, oauth.Trace{}
		c.CodeTTL = oauth.MaxCodeTTL
	})...).server
}

func benchCode(tb testing.TB, s *oauth.Server) string {
	tb.Helper()
	req := httptest.NewRequest(http.MethodGet, publicURL+"/oauth/authorize?"+authorizeQuery(), nil)
	w := httptest.NewRecorder()
	s.ServeAuthorize(w, req)
	u, err := w.Result().Location()
	if err != nil {
		tb.Fatal(err)
	}
	return u.Query().Get("code")
}

func benchPair(tb testing.TB, s *oauth.Server) (a answer) {
	tb.Helper()
	w := httptest.NewRecorder()
	s.ServePRISMToken(w, tokenRequest(http.MethodGet, benchExchange(benchCode(tb, s)).Encode()))
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		tb.Fatal(w.Code, err)
	}
	return a
}

func benchExchange(code string) url.Values {
	return query("grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI)
}

// tokenJob is one kind of token request, made ready n times: the requests and
// the endpoint that answers them.
type tokenJob func(tb testing.TB, s *oauth.Server, n int) (http.HandlerFunc, []*http.Request)

// tokenJobs are the jobs whose cost is watched.
var tokenJobs = map[string]tokenJob{
	"exchange": func(tb testing.TB, s *oauth.Server, n int) (http.HandlerFunc, []*http.Request) {
		return s.ServePRISMToken, benchRequests(n, func() *http.Request {
			return tokenRequest(http.MethodGet, benchExchange(benchCode(tb, s)).Encode())
		})
	},
	"refresh": func(tb testing.TB, s *oauth.Server, n int) (http.HandlerFunc, []*http.Request) {
		return s.ServePRISMToken, benchRequests(n, func() *http.Request {
			return tokenRequest(http.MethodGet, query("grant_type", "refresh_token", "refresh_token", benchPair(tb, s).RefreshToken).Encode())
		})
	},
	"standard exchange": func(tb testing.TB, s *oauth.Server, n int) (http.HandlerFunc, []*http.Request) {
		return s.ServeToken, benchRequests(n, func() *http.Request {
			return formRequest("/oauth2/token", clientID, clientSecret, benchExchange(benchCode(tb, s)))
		})
	},
	"standard refresh": func(tb testing.TB, s *oauth.Server, n int) (http.HandlerFunc, []*http.Request) {
		return s.ServeToken, benchRequests(n, func() *http.Request {
			return formRequest("/oauth2/token", clientID, clientSecret, query("grant_type", "refresh_token", "refresh_token", benchPair(tb, s).RefreshToken))
		})
	},
	"introspect": func(tb testing.TB, s *oauth.Server, n int) (http.HandlerFunc, []*http.Request) {
		token := benchPair(tb, s).AccessToken
		return s.ServeIntrospect, benchRequests(n, func() *http.Request {
			return formRequest("/oauth2/introspect", clientID, clientSecret, query("token", token))
		})
	},
}

func benchRequests(n int, one func() *http.Request) []*http.Request {
	requests := make([]*http.Request, n)
	for i := range requests {
		requests[i] = one()
	}
	return requests
}

// discard is a ResponseWriter that costs nothing by itself.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// answered lets the endpoint answer the request, and reports whether with 200.
func (d *discard) answered(endpoint http.HandlerFunc, r *http.Request) bool {
	clear(d.header)
	d.status = 0
	endpoint(d, r)
	return d.status == http.StatusOK
}

func benchJob(b *testing.B, name string) {
	endpoint, requests := tokenJobs[name](b, benchServer(b), b.N)
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	b.ResetTimer()
	for _, r := range requests {
		if !w.answered(endpoint, r) {
			b.Fatal(w.status)
		}
	}
}

func BenchmarkExchange(b *testing.B)         { benchJob(b, "exchange") }
func BenchmarkRefresh(b *testing.B)          { benchJob(b, "refresh") }
func BenchmarkStandardExchange(b *testing.B) { benchJob(b, "standard exchange") }
func BenchmarkStandardRefresh(b *testing.B)  { benchJob(b, "standard refresh") }
func BenchmarkIntrospect(b *testing.B)       { benchJob(b, "introspect") }

func withoutCache(c *oauth.Config) { c.VerifyCacheTTL = -1 }

func benchVerify(b *testing.B, s *oauth.Server) {
	token := benchPair(b, s).AccessToken
	ctx := context.Background()
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Verify(ctx, token); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkVerify(b *testing.B)             { benchVerify(b, benchServer(b)) }
func BenchmarkVerifyWithoutCache(b *testing.B) { benchVerify(b, benchServer(b, withoutCache)) }
