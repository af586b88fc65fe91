package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/bare"
	"github.com/b2bprism/b2bprism/examples/benchmarks/ratio"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// token has the form of a real access token.
const token = "abcdefghijabcdefghijabcdefghijabcdefghij123"

func main() {
	var opt ratio.Options
	flag.DurationVar(&opt.Run, "run", time.Second, "how `long` each of the ten runs lasts")
	goal := flag.Float64("goal", 1.8, "most that live info may `take` of the bare handler's time")
	flag.Parse()
	missed, err := run(context.Background(), os.Stdout, *goal, opt)
	if err != nil {
		log.Fatal(err)
	}
	if missed {
		os.Exit(1)
	}
}

// run prints the table and reports whether the goal is missed.
func run(ctx context.Context, out io.Writer, goal float64, opt ratio.Options) (missed bool, err error) {
	service, live, err := newService(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	byHand := bare.Handler([]bare.Live{{Token: token, Live: live}})
	path := "https://api.example.com/prism/v1/service/live/" + live.ID
	if a, b := answer(service, path), answer(byHand, path); a != b {
		return false, fmt.Errorf("the two do not do the same:\n%s%s", a, b)
	}
	row := ratio.Compare("live info", caller("service", service, path), caller("bare handler", byHand, path), goal, opt)
	return row.Time > goal, ratio.WriteTable(out, []ratio.Row{row})
}

// newService is a service as a host runs it, silent, with one live on air.
func newService(ctx context.Context) (*prism.Service, prism.Live, error) {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		return nil, prism.Live{}, err
	}
	secrets := [][]byte{[]byte(strings.Repeat("s", prism.MinSecret))}
	auth, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{ID: "prism", Secrets: []oauth.Secret{oauth.NewSecret("secretOfTheConsole")},
			RedirectURIs: []string{"https://example.com/callback"}}),
		Store: store, Users: store, Secrets: secrets, PublicURL: "https://api.example.com/prism", SweepInterval: -1,
		Login: oauth.SessionLogin(func(*http.Request, string) (string, string, error) { return "u1", "", nil }),
	})
	if err != nil {
		return nil, prism.Live{}, err
	}
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Secrets = auth, secrets
	service, err := prism.New(cfg)
	if err != nil {
		return nil, prism.Live{}, err
	}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	err = errors.Join(
		store.PutUser(ctx, prism.User{ID: "u1", Name: "Min-ji"}),
		store.PutChannel(ctx, "u1", prism.Channel{ID: "c1", Name: "Morning talk", Link: "https://example.com/c1", Enabled: true}),
		store.PutLive(ctx, prism.Live{ID: "live", ChannelID: "c1", Title: "Today", Description: "Talk and music", Status: prism.StatusOnAir,
			ReservedAt: at, StartedAt: at, Stats: prism.LiveStats{Views: 1200, Likes: 34}}),
		saveToken(ctx, store),
		auth.Close(), // its sweeper only
	)
	if err != nil {
		return nil, prism.Live{}, err
	}
	live, err := store.Live(ctx, "u1", "live")
	return service, live, err
}

// saveToken writes an access token of u1 into the store.
func saveToken(ctx context.Context, store oauth.Store) error {
	now := time.Now()
	code, end := oauth.DigestOf("code"), now.Add(24*time.Hour)
	err := store.SaveCode(ctx, oauth.Code{Digest: code, FamilyID: "f1", ClientID: "prism", UserID: "u1", ExpiresAt: end})
	if err != nil {
		return err
	}
	return store.RedeemCode(ctx, oauth.Redemption{
		Code: code, ClientID: "prism", Now: now,
		Family: oauth.Family{ID: "f1", ClientID: "prism", UserID: "u1", CreatedAt: now, ExpiresAt: end,
			Generation: 1, RotatedAt: now, Pairs: 1, Used: true},
		Pair: oauth.Pair{Access: oauth.DigestOf(token), AccessExpiresAt: end,
			Refresh: oauth.DigestOf("refresh"), RefreshExpiresAt: end},
	})
}

func request(path string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, http.NoBody)
	r.Header.Set("x-prism-access-token", token)
	return r
}

func answer(h http.Handler, path string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(path))
	return fmt.Sprintf("%d %s", w.Code, w.Body)
}

// caller is a subject that makes the same request again and again.
func caller(name string, h http.Handler, path string) ratio.Subject {
	r, w := request(path), &discard{header: http.Header{}}
	return ratio.Plain(name, func(n int) {
		for range n {
			clear(w.header)
			h.ServeHTTP(w, r)
		}
	})
}

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
