package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	randv2 "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/seed"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// sizedService is a service over a database of a size, with no cache of tokens,
// so that each check is a query.
type sizedService struct {
	plan    seed.Plan
	store   *sqlstore.Store
	auth    *oauth.Server
	service *prism.Service
	handler http.Handler // the service and the endpoint that checks tokens
	server  *httptest.Server
	// asked are the lives that the calls go round, and pages the page tokens
	// of their chats.
	asked []int
	pages []string
}

func newSizedService(ctx context.Context, file string, plan seed.Plan) (s *sizedService, err error) {
	plan.Secret, plan.ClientID, plan.Now = rand.Text(), "prism", time.Now()
	s = &sizedService{plan: plan}
	s.store, err = sqlstore.Open(ctx, "sqlite:"+file, prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		return nil, err
	}
	if err := s.store.Migrate(ctx); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	if err := plan.Fill(ctx, "sqlite:"+file); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	secrets := [][]byte{[]byte(strings.Repeat("s", prism.MinSecret))}
	s.auth, err = oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{ID: plan.ClientID, Secrets: []oauth.Secret{oauth.NewSecret(clientSecret)},
			RedirectURIs: []string{"https://example.com/callback"}}),
		Store: s.store, Users: s.store, Secrets: secrets, PublicURL: "https://api.example.com/prism", SweepInterval: -1, VerifyCacheTTL: -1,
		Login: oauth.SessionLogin(func(*http.Request, string) (string, string, error) { return "", "/login", nil }),
	})
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	cfg := prism.FromStore(s.store)
	cfg.Auth, cfg.Secrets, cfg.AllowInsecure = s.auth, secrets, true
	if s.service, err = prism.New(cfg); err != nil {
		return nil, errors.Join(err, s.auth.Close(), s.store.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.service)
	mux.HandleFunc("/introspect", s.auth.ServeIntrospect)
	s.handler, s.server = mux, httptest.NewServer(mux)
	if err := s.choose(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// choose fills asked and pages.
func (s *sizedService) choose() error {
	s.asked = make([]int, min(s.plan.Broadcasts, mostAsked))
	for i := range s.asked {
		s.asked[i] = i * (s.plan.Broadcasts / len(s.asked))
	}
	order := randv2.New(randv2.NewPCG(1, 2)) //nolint:gosec // G404: the same order in each run
	order.Shuffle(len(s.asked), func(i, j int) { s.asked[i], s.asked[j] = s.asked[j], s.asked[i] })
	s.pages = make([]string, len(s.asked))
	for i := range s.pages {
		body, err := s.inProcess(s.chat(i, `{"maxResults":1}`))
		page, ok := stringField(body, "nextPageToken")
		if err != nil || !ok {
			return errors.Join(fmt.Errorf("no page token: %s", body), err)
		}
		s.pages[i] = page
	}
	return nil
}

func (s *sizedService) close() error {
	s.server.Close()
	return errors.Join(s.service.Close(), s.auth.Close(), s.store.Close())
}

func (s *sizedService) token(i int) string {
	return s.plan.AccessToken(s.asked[i], i%s.plan.SignIns)
}

// tokenCheck asks the endpoint whose whole work it is.
func (s *sizedService) tokenCheck(i int) *http.Request {
	r := s.request(http.MethodPost, "/introspect", "client_id="+s.plan.ClientID+"&client_secret="+clientSecret+"&token="+s.token(i))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (s *sizedService) liveInfo(i int) *http.Request {
	return s.call(http.MethodGet, "/live/"+seed.OnAirID(s.asked[i]), i, "")
}

func (s *sizedService) chatList(i int) *http.Request {
	return s.chat(i, `{"maxResults":100,"pageToken":"`+s.pages[i]+`"}`)
}

// chatLatest reads two messages at most, so that both sizes send the same.
func (s *sizedService) chatLatest(i int) *http.Request { return s.chat(i, `{"maxResults":2}`) }

func (s *sizedService) chat(i int, body string) *http.Request {
	return s.call(http.MethodPost, "/live/"+seed.OnAirID(s.asked[i])+"/chat", i, body)
}

func (s *sizedService) liveList(i int) *http.Request {
	return s.call(http.MethodGet, "/channel/"+seed.ChannelID(s.asked[i])+"/lives", i, "")
}

// call is a request of PRISM's.
func (s *sizedService) call(method, path string, i int, body string) *http.Request {
	r := s.request(method, "/v1/service"+path, body)
	r.Header.Set("X-Prism-Access-Token", s.token(i))
	return r
}

func (s *sizedService) request(method, path, body string) *http.Request {
	r, err := http.NewRequestWithContext(context.Background(), method, s.server.URL+path, strings.NewReader(body))
	if err != nil {
		panic(err) // a URL that is made here
	}
	return r
}

// overHTTP makes a request on a connection that stays open.
func (s *sizedService) overHTTP(r *http.Request) ([]byte, error) {
	response, err := s.server.Client().Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	return good(r, response.StatusCode, body, errors.Join(err, response.Body.Close()))
}

// inProcess gives a request to the handler as its server would.
func (s *sizedService) inProcess(r *http.Request) ([]byte, error) {
	r.RemoteAddr, r.RequestURI = "127.0.0.1:50000", r.URL.RequestURI()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return good(r, w.Code, w.Body.Bytes(), nil)
}

// good returns the body of an answer that is as it should be.
func good(r *http.Request, status int, body []byte, err error) ([]byte, error) {
	switch {
	case err != nil:
		return nil, err
	case status != http.StatusOK || strings.Contains(string(body), `"active":false`):
		return nil, fmt.Errorf("%s %s: %d %s", r.Method, r.URL.Path, status, body)
	}
	return body, nil
}
