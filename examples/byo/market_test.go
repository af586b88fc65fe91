package main

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// newPool opens an empty schema of the test's own.
func newPool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(sqlstoretest.PostgreSQL(t))
	must(t, err)
	config.ConnConfig.Tracer = &queries{}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// newMarket makes the site's tables in a schema of the test's own.
func newMarket(t *testing.T) *market {
	t.Helper()
	pool := newPool(t)
	must(t, create(t.Context(), pool, "password", bcrypt.MinCost))
	return &market{pool, "https://market.example.com", "rtmp://ingest.example.com/live"}
}

// one runs a statement of the site and reads the value that it returns.
func one[T any](t *testing.T, m *market, sql string, args ...any) (value T) {
	t.Helper()
	must(t, m.pool.QueryRow(context.WithoutCancel(t.Context()), sql, args...).Scan(&value))
	return value
}

// exec runs a statement of the site.
func exec(t *testing.T, m *market, sql string, args ...any) {
	t.Helper()
	_, err := m.pool.Exec(t.Context(), sql, args...)
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func member(t *testing.T, m *market, login string) string {
	t.Helper()
	exec(t, m, `INSERT INTO members (login, nickname, password_hash) VALUES ($1, $1, '') ON CONFLICT DO NOTHING`, login)
	return one[string](t, m, `SELECT id FROM members WHERE login = $1`, login)
}

func studio(t *testing.T, m *market, slug string) string {
	t.Helper()
	return one[string](t, m, `SELECT id FROM studios WHERE slug = $1`, slug)
}

// createLive makes a live of minji's.
func createLive(t *testing.T, m *market, title string) prism.Live {
	t.Helper()
	l, err := m.CreateLive(t.Context(), member(t, m, "minji"), studio(t, m, "morning-market"), prism.NewLive{Title: title, Scope: prism.ScopePublic})
	must(t, err)
	return l
}

// onAir starts a new live of minji's.
func onAir(t *testing.T, m *market, title string) prism.Live {
	t.Helper()
	l := createLive(t, m, title)
	r, err := m.StartLive(t.Context(), l.ForUser, l.ID)
	must(t, err)
	return r.Live
}

func TestStores(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	paused := one[string](t, m, `
		WITH s AS (INSERT INTO studios (slug, title, paused_at) VALUES ('paused', 'Paused', now()) RETURNING id)
		INSERT INTO studio_members SELECT s.id, m.id, 'owner' FROM s, members m WHERE login = 'minji' RETURNING studio_id`)
	prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
		exec(t, m, `TRUNCATE broadcasts CASCADE`)
		return prismtest.Fixture{
			Users: m, Channels: m, Lives: m,
			Chat: m, ChatSend: m, ChatDelete: m, Ban: m, Managers: m, Update: m,
			Owner: member(t, m, "minji"), Stranger: member(t, m, "juno"), Viewer: member(t, m, "viewer"),
			EnabledChannel: studio(t, m, "morning-market"), DisabledChannel: paused,
		}
	})
}
