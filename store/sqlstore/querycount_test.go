package sqlstore_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// PRISM polls the live, the chat and the list while it is open. Each of these
// requests costs the database two statements, the check of the token and one
// for the data, however much data there is. Without the cache of oauth.Server,
// which saves most of the first ones.
func TestQueriesPerRequest(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		s, log := e.logged(t, prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
		seed(t, s)
		live := start(t, s, create(t, s, "A").ID).Live
		for i := range 20 {
			create(t, s, fmt.Sprint(i))
			must(t, s.PostChat(t.Context(), live.ID, "viewer", fmt.Sprint(i)))
			must(t, s.ViewerSeen(t.Context(), live.ID, fmt.Sprint(i)))
		}
		service, token := serve(t, s)

		for _, tc := range []struct {
			name, method, path, body string
			want                     int
		}{
			{"live info", http.MethodGet, "/live/" + live.ID, "", 2},
			{"live list", http.MethodGet, "/channel/enabled/lives", "", 2},
			{"live list of a status", http.MethodGet, "/channel/enabled/lives?status=ON_AIR", "", 2},
			{"chat list", http.MethodPost, "/live/" + live.ID + "/chat", `{"maxResults":50}`, 2},
			{"user", http.MethodGet, "/user", "", 2},
			// The user is a part of these answers.
			{"channel list", http.MethodGet, "/channel/list", "", 3},
			{"channel", http.MethodGet, "/channel/enabled", "", 3},
		} {
			// The first request uses the token, which is recorded once, and
			// prepares the statements.
			var queries []string
			var prepared int
			for range 2 {
				log.take()
				request(t, service, tc.method, tc.path, tc.body, token)
				prepared = log.preparations()
				queries = log.take()
			}
			if prepared > 0 {
				t.Errorf("%s: %d statements were prepared again", tc.name, prepared)
			}
			if len(queries) != tc.want || !strings.Contains(queries[0], "prism_oauth_token") {
				t.Errorf("%s: %d statements, want %d, the first of them the check of the token:\n%s", tc.name, len(queries), tc.want, strings.Join(queries, "\n"))
			}
		}
	})
}

// logged makes a store on a pool of a host, with a log of its statements.
func (e testEngine) logged(t *testing.T, opt prism.StoreOptions) (*sqlstore.Store, *queryLog) {
	t.Helper()
	return e.loggedOn(t, e.migrated(t), opt)
}

// loggedOn is logged for a database of the caller, with or without its tables.
func (e testEngine) loggedOn(t *testing.T, dsn string, opt prism.StoreOptions) (*sqlstore.Store, *queryLog) {
	t.Helper()
	driverDSN := map[sqlstore.Dialect]string{
		sqlstore.SQLite:     "file:" + strings.TrimPrefix(dsn, "sqlite:") + "?" + hostParameters,
		sqlstore.PostgreSQL: dsn,
	}[e.dialect]
	if e.dialect == sqlstore.MySQL {
		driverDSN = mysqlDSN(t, dsn, "clientFoundRows=true")
	}
	db, log := logged(t, e.host(t, dsn), driverDSN)
	return onPool(t, db, e.dialect, opt), log
}

// serve makes a service on the store and an access token of the owner.
func serve(t *testing.T, s *sqlstore.Store) (service http.Handler, token string) {
	t.Helper()
	secrets := [][]byte{[]byte(strings.Repeat("s", prism.MinSecret))}
	id, secret := oauth.NewCredentials()
	const redirect = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/svc1"
	auth, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{ID: id, Secrets: []oauth.Secret{oauth.NewSecret(secret)}, RedirectURIs: []string{redirect}}),
		Store:   s, Users: s, Secrets: secrets, PublicURL: "https://api.example.com/prism", SweepInterval: -1, VerifyCacheTTL: -1,
		Login: oauth.PasswordLogin(func(context.Context, string, string) (string, error) { return "owner", nil }, oauth.PasswordOptions{}),
	})
	must(t, err)
	t.Cleanup(func() { must(t, auth.Close()) })
	cfg := prism.FromStore(s)
	cfg.Auth, cfg.Secrets = auth, secrets
	svc, err := prism.New(cfg)
	must(t, err)
	t.Cleanup(func() { must(t, svc.Close()) })

	const access = "0123456789012345678901234567890123456789012"
	now := time.Now()
	code := oauth.Code{
		Digest: oauth.DigestOf("code"), FamilyID: "family", ClientID: id, UserID: "owner", ExpiresAt: now.Add(time.Minute),
	}
	must(t, s.SaveCode(t.Context(), code))
	redemption := redemptionOf(code, "", now)
	redemption.Pair.Access = oauth.DigestOf(access)
	must(t, s.RedeemCode(t.Context(), redemption))
	return svc, access
}

// request sends a request as PRISM does.
func request(t *testing.T, service http.Handler, method, path, body, token string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "https://api.example.com/v1/service"+path, strings.NewReader(body))
	r.Header.Set("X-Prism-Access-Token", token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}
