package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/ratio"
	"github.com/b2bprism/b2bprism/examples/benchmarks/seed"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// smallTokens is how many tokens the small database has, and with them lives.
const smallTokens = 1000

// mostAsked bounds how many of the lives the calls go round, spread over all of
// the database. They are far more than the cache of a connection holds.
const mostAsked = 20_000

// compareSizes measures what the calls that PRISM polls cost with a large
// database, against a small one: in this process, on SQLite, in turns.
func (s settings) compareSizes(ctx context.Context, folder string, rep *report) (err error) {
	signIns := s.tokens / 2 / s.lives
	large := seed.Plan{Broadcasts: s.lives, SignIns: signIns, Messages: s.messages}
	small := seed.Plan{Broadcasts: smallTokens / 2, SignIns: 1, Messages: 2}
	var sized [2]*sizedService
	for i, plan := range []seed.Plan{large, small} {
		rep.say("filling a database: %d lives on air, %d tokens, %d chat messages", plan.Broadcasts,
			2*plan.Broadcasts*plan.SignIns, plan.Broadcasts*plan.Messages)
		if sized[i], err = newSizedService(ctx, filepath.Join(folder, fmt.Sprintf("size-%d.db", i)), plan); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, sized[i].close()) }()
	}
	rep.say("measuring")
	var rows []ratio.Row
	for _, c := range []struct {
		name string
		call func(*sizedService, int) error
	}{
		{"token check", (*sizedService).checkToken},
		{"live info", (*sizedService).liveInfo},
		{"chat list, nothing new", (*sizedService).chatList},
		{"chat list, latest 2", (*sizedService).chatLatest},
		{"live list", (*sizedService).liveList},
	} {
		var failed error
		subject := func(name string, on *sizedService) ratio.Subject {
			return ratio.Plain(name, func(n int) {
				for i := range n {
					if err := c.call(on, i%len(on.pages)); err != nil {
						failed = err
					}
				}
			})
		}
		row := ratio.Compare(c.name, subject("large", sized[0]), subject("small", sized[1]), s.goals.size, ratio.Options{Run: s.duration / 100})
		if err := errors.Join(failed, ctx.Err()); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		rows = append(rows, row)
	}
	rep.print("%d lives on air, %d tokens, %d chat messages against %d, %d, %d\n\n", large.Broadcasts, 2*large.Broadcasts*signIns,
		large.Broadcasts*large.Messages, small.Broadcasts, 2*small.Broadcasts, small.Broadcasts*small.Messages)
	if err := ratio.WriteTable(rep.out, rows); err != nil {
		return err
	}
	rep.print("\n")
	for _, row := range rows {
		rep.goal(row.Time <= s.goals.size, "%s within %.1f times (%.2f)", row.Job, s.goals.size, row.Time)
	}
	return nil
}

// sizedService is a service over a database of a size, with no cache of tokens,
// so that each check is a query.
type sizedService struct {
	plan    seed.Plan
	store   *sqlstore.Store
	auth    *oauth.Server
	service *prism.Service
	// pages are the page tokens of the lives that are asked, spread the step
	// from one to the next in the database.
	pages  []string
	spread int
}

func newSizedService(ctx context.Context, file string, plan seed.Plan) (s *sizedService, err error) {
	plan.Secret, plan.ClientID, plan.Now = rand.Text(), "prism", time.Now()
	s = &sizedService{plan: plan, pages: make([]string, min(plan.Broadcasts, mostAsked))}
	s.spread = plan.Broadcasts / len(s.pages)
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
		Clients: oauth.StaticClients(oauth.Client{ID: plan.ClientID, Secrets: []oauth.Secret{oauth.NewSecret("secretOfTheConsole")},
			RedirectURIs: []string{"https://example.com/callback"}}),
		Store: s.store, Users: s.store, Secrets: secrets, PublicURL: "https://api.example.com/prism", SweepInterval: -1, VerifyCacheTTL: -1,
		Login: oauth.SessionLogin(func(*http.Request, string) (string, string, error) { return "", "/login", nil }),
	})
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	cfg := prism.FromStore(s.store)
	cfg.Auth, cfg.Secrets = s.auth, secrets
	if s.service, err = prism.New(cfg); err != nil {
		return nil, errors.Join(err, s.auth.Close(), s.store.Close())
	}
	for i := range s.pages {
		body, err := s.answer(http.MethodPost, "/live/"+seed.OnAirID(s.broadcast(i))+"/chat", i, `{"maxResults":1}`)
		page, ok := stringField(body, "nextPageToken")
		if err != nil || !ok {
			return nil, errors.Join(fmt.Errorf("no page token: %s", body), err, s.close())
		}
		s.pages[i] = page
	}
	return s, nil
}

func (s *sizedService) close() error {
	return errors.Join(s.service.Close(), s.auth.Close(), s.store.Close())
}

func (s *sizedService) broadcast(i int) int { return i * s.spread % s.plan.Broadcasts }

func (s *sizedService) token(i int) string {
	return s.plan.AccessToken(s.broadcast(i), i%s.plan.SignIns)
}

func (s *sizedService) checkToken(i int) error {
	_, err := s.store.FindAccess(context.Background(), oauth.DigestOf(s.token(i)))
	return err
}

func (s *sizedService) liveInfo(i int) error {
	_, err := s.answer(http.MethodGet, "/live/"+seed.OnAirID(s.broadcast(i)), i, "")
	return err
}

func (s *sizedService) chatList(i int) error {
	_, err := s.answer(http.MethodPost, "/live/"+seed.OnAirID(s.broadcast(i))+"/chat", i, `{"maxResults":100,"pageToken":"`+s.pages[i]+`"}`)
	return err
}

// chatLatest reads two messages at most, so that both sizes send the same.
func (s *sizedService) chatLatest(i int) error {
	_, err := s.answer(http.MethodPost, "/live/"+seed.OnAirID(s.broadcast(i))+"/chat", i, `{"maxResults":2}`)
	return err
}

func (s *sizedService) liveList(i int) error {
	_, err := s.answer(http.MethodGet, "/channel/"+seed.ChannelID(s.broadcast(i))+"/lives", i, "")
	return err
}

// answer makes a request as the server of the handler would.
func (s *sizedService) answer(method, path string, i int, body string) ([]byte, error) {
	r := httptest.NewRequestWithContext(context.Background(), method, "https://api.example.com/prism/v1/service"+path, io.NopCloser(strings.NewReader(body)))
	r.Header.Set("X-Prism-Access-Token", s.token(i))
	w := &answer{header: http.Header{}, status: http.StatusOK}
	s.service.ServeHTTP(w, r)
	if w.status != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %d %s", method, path, w.status, w.body.Bytes())
	}
	return w.body.Bytes(), nil
}

// answer keeps an answer.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
func (a *answer) WriteHeader(status int)      { a.status = status }
