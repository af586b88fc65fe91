package main

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/examples/internal/accept"
	"github.com/b2bprism/b2bprism/examples/internal/demo"
	"github.com/b2bprism/b2bprism/examples/internal/golive"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// newApp makes the site in a schema of the test's own.
func newApp(t *testing.T, tokens string, made *market) func(context.Context, demo.Setup) (http.Handler, error) {
	t.Helper()
	return func(ctx context.Context, s demo.Setup) (http.Handler, error) {
		made.pool = newPool(t)
		if err := create(ctx, made.pool, s.Password, s.HashCost); err != nil {
			return nil, err
		}
		app, err := newSite(ctx, made.pool, tokens, s)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { must(t, app.Close()) })
		return app, nil
	}
}

func TestGoLive(t *testing.T) {
	t.Parallel()
	m := &market{}
	app := golive.Start(t, newApp(t, "memory", m))
	log := app.Log
	app.Log = nil // the site has no access log
	app.Chat = func(ctx context.Context, liveID, text string) error {
		return viewerComments(ctx, m, liveID, text)
	}
	golive.Run(t, app)
	if leaks := app.Wire.Leaks(log()); len(leaks) > 0 {
		t.Errorf("the log has secrets: %v", leaks)
	}
}

// viewerComments is what the site's watch page does for juno.
func viewerComments(ctx context.Context, m *market, liveID, text string) error {
	var blocked bool
	err := m.pool.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM broadcasts b JOIN blocked_members k USING (studio_id) JOIN members v ON v.id = k.member_id
			WHERE b.id = $1 AND v.login = 'juno' AND (k.until IS NULL OR k.until > now()))`, liveID).Scan(&blocked)
	if err == nil && blocked {
		return prism.ErrForbidden
	}
	if err == nil {
		_, err = m.pool.Exec(ctx, `
			INSERT INTO comments (broadcast_id, author_id, body) SELECT $1, id, $2 FROM members WHERE login = 'juno'`, liveID, text)
	}
	return err
}

// The site passes the acceptance checks, with PRISM's tokens in its database.
func TestPrismcheck(t *testing.T) {
	t.Parallel()
	m := &market{}
	accept.Test(t, newApp(t, "database", m))
	if families := one[int](t, m, `SELECT count(*) FROM prism_oauth_family`); families == 0 {
		t.Error("no sign-in is in the database")
	}
	if users := one[int](t, m, `SELECT count(*) FROM prism_user`); users != 0 {
		t.Errorf("%d users were copied: the site's own are the only ones", users)
	}
}

func TestTokensFlag(t *testing.T) {
	t.Parallel()
	if _, err := openTokens(t.Context(), nil, "cookies"); err == nil {
		t.Error("tokens are kept in cookies")
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	nobody, err := bcrypt.GenerateFromPassword([]byte("password"), bcrypt.MinCost)
	must(t, err)
	check := passwords{m.pool, nobody}.check
	id, err := check(t.Context(), "minji", "password")
	if err != nil || id != member(t, m, "minji") {
		t.Errorf("minji is %q, %v", id, err)
	}
	exec(t, m, `UPDATE members SET left_at = now() WHERE login = 'juno'`)
	for login, password := range map[string]string{"minji": "Password", "": "password", "nobody": "password", "juno": "password"} {
		if id, err := check(t.Context(), login, password); !errors.Is(err, oauth.ErrBadCredentials) || id != "" {
			t.Errorf("%q with %q is %q, %v", login, password, id, err)
		}
	}
	m.pool.Close()
	if _, err := check(t.Context(), "minji", "password"); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("without a database: %v", err)
	}
}
